"""Pieces of C: literals, wrapped arrays, comments and layer structs."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall

LINE = 100
_TYPES = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "float32": "float",
}


def comment_text(text: str, *, limit: int = 90) -> str:
    """Make foreign text fit for a C comment: printable ASCII that does not end the comment."""
    ascii_only = "".join(c if " " <= c <= "~" else "?" for c in text)
    harmless = ascii_only.replace("*/", "* /").replace("/*", "/ *")
    harmless = re.sub(r"\?(?=\?)", "? ", harmless)  # no trigraph, also of many marks in a row
    return harmless if len(harmless) <= limit else harmless[: limit - 3] + "..."


def string_literal(text: str) -> str:
    """Return text as a C string literal, without trigraphs; it must be printable ASCII."""
    escaped = re.sub(r'(["\\?])', r"\\\1", text)
    return f'"{escaped}"'


def number(value: float) -> str:
    """Return a C constant of exactly this value."""
    if isinstance(value, int | np.integer):
        return "INT32_MIN" if value == -(1 << 31) else str(int(value))
    text = f"{np.float32(value):.9g}"
    return f"{text}f" if any(mark in text for mark in ".en") else f"{text}.0f"


def wrapped(items: Iterable[str], *, indent: str) -> list[str]:
    """Set items, separated by commas, into lines of at most `LINE` columns."""
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + 1 > LINE:
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    lines.append(line.rstrip())
    return lines


def constant_array(prefix: str, constant: Constant) -> list[str]:
    """Return the definition of a constant array."""
    values = constant.values
    kind = _TYPES[str(values.dtype)]
    name = f"{prefix}_{constant.suffix}"
    items = (number(value) for value in values.tolist())
    return [
        f"static const _Alignas({constant.alignment}) {kind} {name}[{values.size}] = {{",
        *wrapped(items, indent="    "),
        "};",
    ]


def layer_struct(prefix: str, call: KernelCall) -> list[str]:
    """Return the definition of an operator's layer struct, with designated initialisers."""
    return [
        f"static const struct {call.struct} {prefix}_layer = {{",
        *(f"    .{name} = {_field(prefix, value)}," for name, value in call.fields.items()),
        "};",
    ]


def _field(prefix: str, value: Field) -> str:
    if isinstance(value, str):
        return f"{prefix}_{value}"
    if isinstance(value, tuple):
        return f"{{{', '.join(number(item) for item in value)}}}"
    return number(value)


def broken(start: str, end: str, *, mark: str = "") -> str:
    """Join two parts of a line, which is broken between them when it is too long."""
    fits = len(start) + 1 + len(end) <= LINE
    return f"{start} {end}" if fits else f"{start}{mark}\n    {end}"
