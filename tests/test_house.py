"""The rules of the house: arrows, silence of inner code, no pickle, sizes, no machine's paths."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("edgeser", "quantize", "firmware_bridge")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAY_SPEAK = ("edgeser/cli/", "edgeser/report/")
SETS_ITS_CHILD_UP = "quantize/convert/tensorflow_child.py"
HEAVY = ("torch", "tensorflow", "librosa", "rich", "numpy", "scipy", "soundfile", "jinja2")
OPENS_WHAT_IS_OURS = {
    "edgeser/corpora/synthesis/synthetic.py": "its own modules' text, to hash it",
    "edgeser/installed.py": "a file of the kernel's",
    "edgeser/recipe.py": "the presets of the package",
    "edgeser/report/reference/c_api.py": "the headers of the package",
    "firmware_bridge/boards/web/__init__.py": "a script of the package",
    "firmware_bridge/compiler/host_build.py": "the kernels of the package",
    "firmware_bridge/compiler/kernel_sources.py": "the kernels of the package",
    "firmware_bridge/project/contents.py": "the C of the package",
    "firmware_bridge/project/coral_micro.py": "a template of the package",
    "quantize/convert/tensorflow_child.py": "what the converter wrote into a folder of ours",
    "quantize/edgetpu/hardware.py": "files of the kernel's",
    "quantize/runtimes/worker.py": "a file of the kernel's",
}
MOST_LINES_OF_A_MODULE = 450
MOST_LINES_OF_A_FUNCTION = 70
MACHINE_PATH = re.compile(r"(^|[^.A-Za-z0-9_])/(work|root|home)/")
TEXT_SUFFIXES = {".py", ".pyi", ".c", ".h", ".md", ".toml", ".txt", ".sh", ".html", ".css", ".csv"}
TEXT_SUFFIXES |= {".json", ".yaml", ".yml", ".cfg", ""}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


@functools.cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))  # once: a dozen rules look through them


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> Iterator[str]:
    """Yield every module that is imported, wherever in the file, as an absolute name."""
    package = list(path.relative_to(ROOT).parent.parts)
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@functools.cache
def calls_of(path: Path) -> tuple[tuple[str, ast.Call], ...]:
    """Return each call of a module, after the source of what is called."""
    calls = (node for node in nodes_of(path) if isinstance(node, ast.Call))
    return tuple((ast.unparse(call.func), call) for call in calls)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if documented else 0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def inner_modules() -> list[Path]:
    return [path for path in MODULES if not name_of(path).startswith(MAY_SPEAK)]


def keyword_of(call: ast.Call, name: str) -> str:
    """Return the source of a keyword argument, or an empty string."""
    return next((ast.unparse(word.value) for word in call.keywords if word.arg == name), "")


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of files")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_rules_look_at_what_is_there() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(PACKAGES)
    assert "quantize.foundation.errors.BadInput" in imports_of(ROOT / "edgeser" / "recipe.py")
    assert "os" in imports_of(ROOT / "edgeser" / "diagnosis.py")
    assert wrong_arrow(ROOT / "quantize" / "x.py", "edgeser.recipe")
    assert wrong_arrow(ROOT / "firmware_bridge" / "x.py", "quantize.convert")
    assert not wrong_arrow(ROOT / "firmware_bridge" / "x.py", "quantize.tflite.reader")
    assert MACHINE_PATH.search("/".join(('"', "root", 'x"')))
    assert not MACHINE_PATH.search("../root/x")


def wrong_arrow(path: Path, name: str) -> bool:
    """Say whether the import of `name` goes against the arrows between the packages."""
    package = path.relative_to(ROOT).parts[0]
    if package == "quantize":
        return below(name, "edgeser") or below(name, "firmware_bridge")
    if package == "firmware_bridge":
        allowed = below(name, "quantize.tflite") or below(name, "quantize.foundation")
        return below(name, "edgeser") or (below(name, "quantize") and not allowed)
    return False


def test_arrows_between_the_packages_point_one_way() -> None:
    found = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        for name in imports_of(path)
        if wrong_arrow(path, name)
    ]
    assert not found


def module_of(path: Path) -> str:
    """Return a module's dotted name; a package is named for its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """Return the room that a module is in: a package and the folder or file below it."""
    return ".".join(module.split(".")[:2])


def imports_between(names: dict[str, set[str]], place: Callable[[str], str]) -> dict[str, set[str]]:
    """Return which place imports which others: by modules, or by rooms."""
    arrows: dict[str, set[str]] = {}
    for module, imported in names.items():
        there = arrows.setdefault(place(module), set())
        there |= {place(name) for name in imported} - {place(module)}
    return arrows


def circle_in(arrows: dict[str, set[str]]) -> list[str]:
    """Return names of which each imports the next and the last the first; empty if there are none.

    What imports nothing that is left cannot be part of a circle: it is taken away until nothing is.
    """
    left = dict(arrows)
    while done := [name for name, there in left.items() if not there & left.keys()]:
        for name in done:
            del left[name]
    path: list[str] = []
    while left:
        path.append(min(left[path[-1]] & left.keys()) if path else min(left))
        if path[-1] in path[:-1]:
            return path[path.index(path[-1]) :]
    return path


@functools.cache
def imports_of_modules() -> dict[str, set[str]]:
    """Return the modules that each imports, wherever in it and for whatever reason."""
    stubs = [path for package in PACKAGES for path in (ROOT / package).rglob("*.pyi")]
    paths = {module_of(path): path for path in [*MODULES, *stubs]}
    arrows: dict[str, set[str]] = {}
    for module, path in paths.items():
        arrows[module] = set()
        for name in imports_of(path):
            while name and name not in paths:
                name = name.rpartition(".")[0]  # noqa: PLW2901  of a module, or of what is in it
            if name not in ("", module):
                arrows[module].add(name)
    return arrows


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c", "b"]
    assert "edgeser.recipe" in imports_of_modules()["edgeser.pipeline.folder"]


@pytest.mark.parametrize("place", [str, room_of])
def test_no_import_circle_stands(place: Callable[[str], str]) -> None:
    assert not circle_in(imports_between(imports_of_modules(), place))


def test_inner_code_neither_prints_nor_exits() -> None:
    forbidden = {"print", "exit", "quit", "sys.exit", "os._exit", "sys.stdout.write"}
    found = [
        f"{name_of(path)}:{call.lineno}: {function}"
        for path in inner_modules()
        for function, call in calls_of(path)
        if function in forbidden
    ]
    found += [
        f"{name_of(path)}:{node.lineno}: raise SystemExit"
        for path in inner_modules()
        for node in nodes_of(path)
        if isinstance(node, ast.Raise) and node.exc and "SystemExit" in ast.unparse(node.exc)
    ]
    assert not found


def test_inner_code_does_not_read_the_environment() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in inner_modules()
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"os.environ", "os.getenv"}
        and name_of(path) != SETS_ITS_CHILD_UP
    ]
    assert not found


def test_the_one_use_of_the_environment_is_a_child_that_sets_its_own() -> None:
    functions = [function for function, _ in calls_of(ROOT / SETS_ITS_CHILD_UP)]
    assert [name for name in functions if name.startswith("os.environ")] == ["os.environ.update"]


def test_nothing_is_unpickled() -> None:
    picklers = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
    found = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        for name in imports_of(path)
        if name.partition(".")[0] in picklers
    ]
    for path in MODULES:
        for function, call in calls_of(path):
            believes = keyword_of(call, "allow_pickle") != "False"
            if function == "torch.load" or (function in {"np.load", "numpy.load"} and believes):
                found.append(f"{name_of(path)}:{call.lineno}: {function}")
    assert not found


def test_files_are_opened_by_what_refuses_fifos_and_devices() -> None:
    """`open_regular` looks at what it opened before a byte is read; what is ours may be read so."""
    found = [
        f"{name_of(path)}:{call.lineno}: {ast.unparse(call)[:80]}"
        for path in MODULES
        for function, call in calls_of(path)
        if opens_a_file(function, call) and name_of(path) not in OPENS_WHAT_IS_OURS
    ]
    assert not found


def opens_a_file(function: str, call: ast.Call) -> bool:
    """Say whether a call reads a file by its name, whatever kind of file it is."""
    by_path = function.rpartition(".")[2] in {"read_bytes", "read_text"}
    opened = function == "open" or (function.endswith(".open") and function != "os.open")
    mode = ast.unparse(call.args[0]) if call.args and function != "open" else ""
    writes = mode in {"'wb'", "'a'", "'w'"}
    return by_path or (opened and not writes and not call_of_archive(function))


def call_of_archive(function: str) -> bool:
    return function.startswith(("archive.", "webbrowser."))


def test_no_shell_is_started_and_no_text_is_run_as_code() -> None:
    forbidden = {"os.system", "os.popen", "eval", "exec"}
    found = [
        f"{name_of(path)}:{call.lineno}: {ast.unparse(call)[:80]}"
        for path in MODULES
        for function, call in calls_of(path)
        if function in forbidden or keyword_of(call, "shell") not in {"", "False"}
    ]
    assert not found


def test_every_module_says_what_it_is() -> None:
    assert not [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))]


def test_modules_and_functions_stay_small() -> None:
    found = [
        f"{name_of(path)} has {lines} lines"
        for path in MODULES
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES_OF_A_MODULE
    ]
    found += [
        f"{name_of(path)}: {function.name} has {lines} lines"
        for path in MODULES
        for function in functions_of(path)
        if (lines := lines_without_docstring(function)) >= MOST_LINES_OF_A_FUNCTION
    ]
    assert not found


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from edgeser.cli.app import _run\n"
        "code = _run(['--help'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.stderr.write(','.join(heavy))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: edgeser" in done.stdout


def test_importing_the_package_and_a_recipe_needs_no_torch() -> None:
    program = (
        "import sys, edgeser, edgeser.recipe\n"
        "edgeser.recipe.load_recipe('demo')\n"
        "sys.exit(any(m in sys.modules for m in ('torch', 'tensorflow', 'librosa')))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in tracked_files():
        if path.suffix not in TEXT_SUFFIXES or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:80]}")
    assert not found


def test_nothing_is_left_to_do() -> None:
    found = [
        f"{name_of(path)}: {word}"
        for path in MODULES
        for word in ("TODO", "FIXME", "XXX", "NotImplementedError(")
        if word in path.read_text("utf-8")
    ]
    assert not found
