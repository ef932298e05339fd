"""The version of the code that a job uses: of its modules, and of what they import.

A hash over all sources would throw away every result when a report's template changes. So the
imports are followed from the task's module, as written, also those inside functions: what it cannot
reach does not count. Sources in C count with the package that they lie in.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

from quantize.foundation.errors import InternalError
from quantize.foundation.files import read_bounded

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("edgeser", "quantize", "firmware_bridge")
_WRITES_FIRMWARE = "firmware_bridge.compiler"
"""Puts kernels and runtime into programs: their C lies in no package of its own."""
_C_SUFFIXES = {".c", ".h"}
_LIMIT_BYTES = 16 << 20


def code_version(modules: Sequence[str]) -> str:
    """Return SHA-256, in hexadecimal, over the sources that `modules` use.

    Parameters
    ----------
    modules
        Dotted names. Of modules that are not edgeser's own only the file itself counts.

    Raises
    ------
    InternalError
        When a module has no source file.
    """
    return _version(tuple(sorted(set(modules))))


@functools.cache
def _version(modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name, path in sources_of(modules):
        content = hashlib.sha256(read_bounded(path, limit_bytes=_LIMIT_BYTES)).hexdigest()
        digest.update(f"{name}\n{content}\n".encode())
    return digest.hexdigest()


def sources_of(modules: Sequence[str]) -> list[tuple[str, Path]]:
    """Return the sources that count for `modules`, by name and path, in order of their names."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _own_source(name)
        if path is None and name in modules:
            path = _foreign_source(name)
        if path is None or name in found:
            continue
        found[name] = path
        if _is_ours(name):
            waiting += _imports(name, path)
            waiting += _parents(name)
    packages = {path.parent for path in found.values() if path.name == "__init__.py"}
    if _WRITES_FIRMWARE not in found:
        packages -= {_ROOT / package for package in _PACKAGES}
    for path in _c_sources(packages):
        found[path.relative_to(_ROOT).as_posix()] = path
    return sorted(found.items())


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _PACKAGES


def _own_source(name: str) -> Path | None:
    if not _is_ours(name):
        return None
    path = _ROOT.joinpath(*name.split("."))
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


def _foreign_source(name: str) -> Path:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError) as error:
        raise InternalError(f"the module {name} cannot be found: {error}") from error
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise InternalError(f"the module {name} has no source file")
    return Path(spec.origin)


def _parents(name: str) -> list[str]:
    """Return the packages that a module is in, whose ``__init__`` runs before it."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


@functools.cache
def _imports(name: str, path: Path) -> tuple[str, ...]:
    tree = ast.parse(read_bounded(path, limit_bytes=_LIMIT_BYTES), filename=str(path))
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    return tuple(_imported(tree, package))


def _imported(tree: ast.AST, package: list[str]) -> Iterator[str]:
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement but those that are only there for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _running(node)


def _c_sources(packages: set[Path]) -> Iterator[Path]:
    """Yield the C files whose nearest package is one of `packages`."""
    for root in _PACKAGES:
        for path in (_ROOT / root).rglob("*"):
            if path.suffix in _C_SUFFIXES and _package_of(path) in packages:
                yield path


def _package_of(path: Path) -> Path:
    return next(folder for folder in path.parents if (folder / "__init__.py").is_file())
