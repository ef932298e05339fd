"""docs/operators.md: the operators that become C, and why one of them may not, from the code."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

from edgeser.report.markdown_text import markdown_table, plain
from firmware_bridge.compiler import float_islands, operands, requantisation, state, variables
from firmware_bridge.compiler import lowering as lowerings
from firmware_bridge.compiler.catalogue import BETWEEN, INT8, NOT_COMPILED, TYPES, WITHOUT_CODE
from firmware_bridge.compiler.float_islands import FUNCTIONS, WITH_CONSTANT
from firmware_bridge.compiler.lower import weighted
from firmware_bridge.compiler.lowering import LOWERINGS
from firmware_bridge.compiler.variables import DECLARATIONS
from quantize.edgetpu.lint import COMPILER
from quantize.edgetpu.operators import MAPPABLE

_HEAD = ("operator", "versions", "types", "compiled", "on the Edge TPU, in versions")
_COMMON: tuple[ModuleType, ...] = (operands, weighted, requantisation)
"""Where the reasons stand that many operators have."""


def operators_page() -> str:
    """Return docs/operators.md."""
    parts = [
        "# Operators of the firmware",
        "What `edgeser export --target firmware`, `bench` and `parity` compile into C, byte for "
        "byte TFLite-Micro's. A model is compiled, or refused before any C is written with one "
        "line that names the layer and the reason. This page is written by `edgeser inspect "
        "--operators`, from the compiler's own tables.",
        "The compiler goes by types, options and shapes, not by an operator's version: every "
        "version is compiled whose options mean what an older one's do. The Edge TPU's compiler "
        f"({COMPILER}) goes by versions: see [edgetpu-rules.md](edgetpu-rules.md).",
        markdown_table(_HEAD, _rows()),
        "Inputs of a model may be int8, uint8, int16 or float32, outputs int32 too: what an int8 "
        "kernel does not take goes through QUANTIZE or DEQUANTIZE.",
        "## Not compiled",
        "Of int8, EXP, LOG, SQRT and others that stand above with floats alone have no kernel in "
        "TFLite-Micro either. Others that are often asked for:",
        markdown_table(("operator", "why"), sorted(NOT_COMPILED.items())),
        "## Reasons of refusal",
        "`...` stands for what the message fills in. Of any operator:",
        _listed(_reasons_of_modules((*_COMMON, float_islands, lowerings))),
        "Of what keeps state:",
        _listed(_reasons_of_modules((variables, state))),
    ]
    for name, lowering in sorted(LOWERINGS.items()):
        reasons = _reasons_of(lowering)
        if reasons:
            parts += [f"### {plain(name)}", _listed(reasons)]
    return "\n\n".join(parts) + "\n"


def _rows() -> Iterable[tuple[str, ...]]:
    for name in sorted(LOWERINGS.keys() | DECLARATIONS | FUNCTIONS.keys()):
        mapped = MAPPABLE.get(name)
        versions = "no"
        if mapped is not None:
            low, high = mapped.versions
            versions = str(low) if low == high else f"{low} to {high}"
        types = [TYPES.get(name, INT8)] if name in LOWERINGS.keys() | DECLARATIONS else []
        types += [BETWEEN] if name in FUNCTIONS else []
        types += [f"with a constant of one element, {BETWEEN}"] if name in WITH_CONSTANT else []
        how = WITHOUT_CODE.get(name, "a kernel" if name in LOWERINGS else "a table")
        yield name, "any", "; ".join(types), how, versions


def _listed(reasons: Sequence[str]) -> str:
    return "\n".join(f"- {plain(reason)}" for reason in reasons)


def _reasons_of(lowering: Callable[..., Any]) -> list[str]:
    """Return the reasons of a lowering and of the functions of its module that it calls."""
    module = sys.modules[lowering.__module__]
    functions = {
        node.name: node for node in _tree(module).body if isinstance(node, ast.FunctionDef)
    }
    reached, waiting = set[str](), [lowering.__name__]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        used = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        waiting += sorted(used & functions.keys())
    found = [functions[name] for name in functions if name in reached]
    return _unique(reason for function in found for reason in _refused(function))


def _reasons_of_modules(modules: Iterable[ModuleType]) -> list[str]:
    return _unique(reason for module in modules for reason in _refused(_tree(module)))


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(module)))


def _refused(tree: ast.AST) -> Iterable[str]:
    """Yield what is said in the calls of `refuse`, and in what is raised outside of them."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "refuse" and len(node.args) > 1:
            text = _text(node.args[1])
        elif node.func.id == "BadInput" and node.args:
            text = _text(node.args[0])
        else:
            continue
        # What others say is told where they are.
        if re.search(r"[a-z]{3}", text):
            yield text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    return "..."


def _unique(reasons: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(reasons))
