"""What commands import as they start, read from the source: nothing that extras bring."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from quantize.foundation.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("edgeser", "quantize", "firmware_bridge")
BROUGHT_BY_EXTRAS = {module for extra in EXTRAS for module in extra.packages} | {"tflite_runtime"}
# Commands that train, and those that are for trainings, may load PyTorch as soon as they begin.
TRAIN = {"run", "train"}
COMMANDS = sorted(
    path.stem
    for path in (ROOT / "edgeser" / "cli").glob("*.py")
    if path.stem not in TRAIN | {"__init__"}
)
MAY_BEGIN_WITH_EXTRAS = (
    *("edgeser.network", "edgeser.training", "edgeser.teacher", "edgeser.debias.ranking"),
    "quantize.convert.onnx_graph",
)


def path_of(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def statements(body: Iterable[ast.stmt], *, inside: bool) -> Iterator[ast.stmt]:
    """Yield the statements that run as a module is imported; `inside`: those of functions too."""
    for node in body:
        if is_for_types(node):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not inside:
            continue
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            for part in getattr(node, field, []):
                nested = (
                    part.body if isinstance(part, ast.ExceptHandler | ast.match_case) else [part]
                )
                yield from statements(nested, inside=inside)


@functools.cache
def imported(module: str, *, inside: bool = False) -> frozenset[str]:
    """Return what a module imports, by absolute names; of names that are modules, those."""
    path = path_of(module)
    if path is None:
        return frozenset()
    found = set()
    for node in statements(ast.parse(path.read_text("utf-8")).body, inside=inside):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {node.module, *(name for name in inner if path_of(name))}
    return frozenset(found)


def closure(start: str) -> dict[str, str]:
    """Return every module that is loaded for a command, with the one that imports it."""
    seen: dict[str, str] = {}
    todo = [(start, "")]
    while todo:
        module, by = todo.pop()
        if module in seen:
            continue
        seen[module] = by
        if module.partition(".")[0] not in PACKAGES:
            continue
        parts = module.split(".")
        todo += [(".".join(parts[:end]), module) for end in range(1, len(parts))]
        # A command's own imports stand in its function, so that --help is quick.
        todo += [(name, module) for name in imported(module, inside=module == start)]
    return seen


def test_the_walk_finds_what_a_training_loads() -> None:
    assert "torch" in closure("edgeser.cli.train")
    assert {"numpy", "quantize.tflite.reader"} <= set(closure("edgeser.cli.lint"))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_but_training_loads_what_extras_bring(command: str) -> None:
    loaded = closure(f"edgeser.cli.{command}")
    found = {name: by for name, by in loaded.items() if name.partition(".")[0] in BROUGHT_BY_EXTRAS}
    assert found == {}


def test_only_rooms_of_networks_begin_with_what_extras_bring() -> None:
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        heavy = {name.partition(".")[0] for name in imported(module)} & BROUGHT_BY_EXTRAS
        allowed = any(f"{module}.".startswith(f"{room}.") for room in MAY_BEGIN_WITH_EXTRAS)
        if heavy and not allowed:
            found.add(module)
    assert found == set()
