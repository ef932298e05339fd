"""Every header compiles alone, as C11 and as C++17, for the host and for the board."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.boards import EMULATED_BOARDS, HOST, MPS2_AN500, Board
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project import ModelSources, StreamSettings, write_project

PACKAGE = Path(__file__).parents[3] / "firmware_bridge"
STAND_IN = Path(__file__).parents[1] / "boards" / "coral_micro" / "stand_in"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
LANGUAGES = {"c": ["-std=c11", "-x", "c"], "c++": ["-std=c++17", "-x", "c++"]}
CPP_ONLY = ("sdk_",)
COMPILERS = {
    "host": {"c": ("gcc",), "c++": ("g++",)},
    "board": {
        "c": ("arm-none-eabi-gcc", *MPS2_AN500.compiler_flags),
        "c++": ("arm-none-eabi-g++", *MPS2_AN500.compiler_flags),
    },
}


@pytest.fixture(scope="session")
def generated(
    tmp_path_factory: pytest.TempPathFactory,
    hand_made_model: ModelSources,
    small_frontend_sources: FrontendSources,
) -> Path:
    directory = tmp_path_factory.mktemp("headers") / "project"
    write_project(
        directory,
        board=HOST,
        model=hand_made_model,
        frontend=small_frontend_sources,
        stream=StreamSettings(hop_frames=3, smoothing=2),
    )
    return directory


def headers() -> list[Path]:
    """Of the sources that all boards share, and of the Coral Dev Board Micro."""
    ours = [PACKAGE / part / "include" for part in ("kernels", "frontend", "runtime")]
    places = [*ours, PACKAGE / "boards" / "coral_micro"]
    return [path for place in places for path in sorted(place.glob("*.h"))]


def headers_of(board: Board) -> list[Path]:
    return [path for path in board.files if path.suffix == ".h"]


@pytest.mark.parametrize("target", COMPILERS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", [False, True])
def test_each_header_compiles_alone(
    target: str, language: str, split: bool, generated: Path, tmp_path: Path
) -> None:
    compiler = COMPILERS[target][language]
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{compiler[0]} is not installed")
    micro = tmp_path / "micro.h"
    micro.write_text("#define MODEL_ROOM_BYTES 4096\nextern int something;\n")
    folders = sorted({path.parent for path in headers()})
    made = ["model", "frontend", "runtime/include"]
    includes = [f"-I{folder}" for folder in (*folders, *(generated / part for part in made))]
    command = [*compiler, *LANGUAGES[language][:1], *WARNINGS, *includes]
    tested = [path for path in headers() if not path.name.startswith(CPP_ONLY)]
    tested += [generated / "model" / "model.h", generated / "frontend" / "frontend_tables.h"]
    assert len(tested) > 55
    if split:
        # What hosts alone compile, with their vector units.
        command += ["-DAPF_SPLIT"]
        tested = [path for path in tested if path.name.startswith("apf_")]
    done = subprocess.run(
        [*command, "-include", micro, *LANGUAGES[language][1:], *tested],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("board", EMULATED_BOARDS, ids=lambda board: board.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_header_of_a_board_compiles_alone(board: Board, language: str, tmp_path: Path) -> None:
    """By the board's own compiler, where it has one for that language."""
    compiler = board.compiler
    if language != "c":
        compiler = re.sub("gcc$", "g++", compiler).replace("clang", "clang++")
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    tested = headers_of(board)
    assert len(tested) > 10
    for path in tested:  # as a project has them, in one folder
        shutil.copy(path, tmp_path)
    something = tmp_path / "something" / "something.h"  # a header may have macros alone
    something.parent.mkdir()
    something.write_text("extern int something;\n")
    flags = [flag.replace("-Iboard", f"-I{tmp_path}") for flag in board.compiler_flags]
    includes = [f"-I{tmp_path}", f"-I{PACKAGE / 'runtime' / 'include'}"]
    command = [compiler, *flags, *LANGUAGES[language][:1], *WARNINGS, *includes]
    for path in tested:  # included: of a file by itself clang asks that its functions be used
        done = subprocess.run(
            [*command, "-include", tmp_path / path.name, *LANGUAGES[language][1:], something],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_what_cpp_links_has_the_names_of_c() -> None:
    """Declared functions stand between the guards, or C++ would look for mangled names."""
    macros_alone = (
        "apf_vector.h", "assert.h", "cmsdk.h", "core.h", "dev_config.h", "registers.h", "virt.h",
    )  # fmt: skip
    everywhere = {path for board in EMULATED_BOARDS for path in headers_of(board)}
    for path in [*headers(), *sorted(everywhere)]:
        if path.name.startswith(CPP_ONLY) or path.name in macros_alone:
            continue
        text = path.read_text("utf-8")
        assert "#ifdef __cplusplus\n" in text and 'extern "C" {' in text, path
        assert text.endswith("#ifdef __cplusplus\n}\n#endif\n\n#endif\n"), path


# The name before a bracket, where a line begins a declaration.
FUNCTION = re.compile(
    r"^(?!typedef|extern|return|static_assert|struct \w+ \{)\w"
    r"(?:__attribute__\(\([\w, ]+\)\)|[\w \*])*?[\s\*](?!__attribute__)(\w+)\(",
    re.MULTILINE,
)


def told(header: str) -> dict[str, bool]:
    """Say of each function whether a comment of its own stands above it, once at least."""
    found: dict[str, bool] = {}
    for match in FUNCTION.finditer(header):
        above = header[: match.start()].removesuffix("\n").split("\n")
        # Between them: which machines it is for.
        while above[-1].startswith(("#if", "#else", "static __attribute__")):
            above.pop()
        found[match[1]] = found.get(match[1], False) or above[-1].endswith("*/")
    return found


def test_each_function_is_told_of() -> None:
    """Ranges, units and alignment stand at the function itself, not at the one before it."""
    functions = {}
    for path in headers():
        if path.parent.name == "include":
            functions |= {f"{path.name}: {name}": ok for name, ok in told(path.read_text()).items()}
    assert len(functions) > 250
    assert not [name for name, ok in functions.items() if not ok]


def test_scratch_has_a_function() -> None:
    takers = 0
    for path in headers():
        text = path.read_text("utf-8")
        taking = r"^void (\w+)\(const struct (\w+) \*[^;]*\bscratch\);"
        for name, struct in re.findall(taking, text, re.MULTILINE):
            takers += 1
            layer = re.sub("(_of)?_constant$", "", name)  # one struct, of whose operands one is so
            assert re.search(
                rf"\s{layer}_scratch_bytes\(const struct {struct} \*layer\) {{", text
            ), path
    assert takers == 10
