"""docs/recipe-keys.md: every key of a recipe, from the dataclasses that read it."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from edgeser.recipe import Recipe
from edgeser.report.markdown_text import markdown_table

_ENTRY = re.compile(r"^(?P<names>\w+(?:, \w+)*)$")
_ELSEWHERE = re.compile(r"^As in `(\w+)`")
_HEADING = re.compile(r"^-{3,}$")
_TYPES = {int: "whole number", float: "number", str: "text", bool: "true or false"}
_MADE_BY_TRAINING = ("normalisation", "network")
"""Keys below other tables that a training writes and nobody sets."""
_OF_RECIPE = {
    "name": "What the recipe is called: letters, digits and `_`, at most 64.",
    "seed": "Random seed of the training: first weights, order of clips, what is drawn.",
}


def recipe_page() -> str:
    """Return docs/recipe-keys.md."""
    parts = [
        "# Keys of a recipe",
        "A recipe is a TOML file. What it leaves out has the default below; a preset "
        "(`edgeser run cremad`) has others, which the `recipe.toml` in the folder of a run shows. "
        "`--set TABLE.KEY=VALUE` changes one key for one run. An unknown key is an error that "
        "names the nearest known one.",
        "Written by `edgeser reference recipe`, from the dataclasses that read recipes; a test "
        "holds it up to date.",
    ]
    parts += [f"{heading}\n\n{body}" for heading, body in _tables()]
    return "\n\n".join(parts) + "\n"


def undocumented_keys() -> list[str]:
    """Return the keys of which no docstring says what they are; empty as it should be."""
    return [
        f"[{path}] {field.name}"
        for path, kind in _kinds()
        for field in dataclasses.fields(kind)
        if field.name not in _documented(kind)
    ]


def _tables() -> Iterator[tuple[str, str]]:
    yield "## At the top", _table(Recipe, _OF_RECIPE)
    paths = {kind.__name__: path for path, kind in _kinds()}
    for path, kind in _kinds():
        brackets = f"[[{path}]]" if path == "corpora" else f"[{path}]"
        said = {key: _resolved(text, kind, paths) for key, text in _documented(kind).items()}
        intro = _resolved(_markdown(_first_paragraph(kind)), kind, paths)
        yield f"## `{brackets}`", f"{intro}\n\n{_table(kind, said)}"


def _table(kind: type[Any], said: Mapping[str, str]) -> str:
    """Return the table of a dataclass's keys; those that are told of together are one row."""
    hints = _hints(kind)
    rows: list[tuple[str, str, str, str]] = []
    fields = [f for f in dataclasses.fields(kind) if f.name in said and not _is_made(kind, f)]
    for text, together in itertools.groupby(fields, key=lambda field: said[field.name]):
        group = list(together)
        keys = ", ".join(f"`{field.name}`" for field in group)
        types_ = "; ".join(dict.fromkeys(_type(hints[field.name]) for field in group))
        defaults = ", ".join(filter(None, map(_default, group)))
        rows.append((keys, types_, defaults, text))
    cells = [tuple(cell.replace("|", "\\|").strip() for cell in row) for row in rows]
    return markdown_table(("key", "type", "default", "what"), cells, raw=(0, 1, 2, 3))


def _is_made(kind: type[Any], field: dataclasses.Field[Any]) -> bool:
    return kind is not Recipe and field.name in _MADE_BY_TRAINING


def _resolved(text: str, kind: type[Any], paths: Mapping[str, str]) -> str:
    """Name tables as a recipe does, not by their classes, and list what a constant holds."""

    def told(match: re.Match[str]) -> str:
        name = match[1]
        if name in paths:
            return f"`[{paths[name]}]`"
        value = getattr(sys.modules[kind.__module__], name, None)
        if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            return ", ".join(f'`"{item}"`' for item in value)
        return match[0]

    return re.sub(r"`(\w+)`", told, text)


def _kinds() -> Iterator[tuple[str, type[Any]]]:
    """Yield each table once, in the order of the recipe, with its path."""
    seen: set[type[Any]] = set()

    def within(kind: type[Any], path: str) -> Iterator[tuple[str, type[Any]]]:
        for field in dataclasses.fields(kind):
            inner = _table_of(_hints(kind)[field.name])
            if inner is not None and inner not in seen and not _is_made(kind, field):
                seen.add(inner)
                here = f"{path}{field.name}"
                yield here, inner
                yield from within(inner, f"{here}.")

    yield from within(Recipe, "")


def _table_of(hint: Any) -> type[Any] | None:
    """Return the dataclass that a hint names, by itself, optional or in a tuple."""
    candidates = (hint, *typing.get_args(hint))
    return next(
        (c for c in candidates if isinstance(c, type) and dataclasses.is_dataclass(c)), None
    )


def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _first_paragraph(kind: type[Any]) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def _documented(kind: type[Any]) -> Mapping[str, str]:
    """Return what a class's docstring says of each parameter, as Markdown."""
    found: dict[str, str] = {}
    names: list[str] = []
    texts: list[str] = []

    def keep() -> None:
        text = " ".join(texts)
        elsewhere = _ELSEWHERE.match(text)
        other = getattr(sys.modules[kind.__module__], elsewhere[1], None) if elsewhere else None
        told = _documented(other) if dataclasses.is_dataclass(other) else {}  # type: ignore[arg-type]
        for name in names:
            found[name] = told.get(name) or _markdown(text)

    for line in _parameter_lines(kind):
        entry = _ENTRY.match(line)
        if entry is None:
            texts.append(line.strip())
            continue
        keep()
        names, texts[:] = entry["names"].split(", "), []
    keep()
    return found


def _parameter_lines(kind: type[Any]) -> list[str]:
    """Return the lines of a numpy docstring's section on parameters."""
    lines = (inspect.getdoc(kind) or "").split("\n")
    if "Parameters" not in lines:
        return []
    section = lines[lines.index("Parameters") + 2 :]
    for number, line in enumerate(section[1:], 1):
        unindented = bool(line) and not line.startswith(" ")
        if _HEADING.match(line):  # the next section's name stands before it
            return section[: number - 1]
        if unindented and not _ENTRY.match(line):
            return section[:number]
    return section


def _markdown(text: str) -> str:
    return text.replace("``", "`")


def _type(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _type(next(a for a in arguments if a is not type(None)))
    if origin is typing.Literal:
        return ", ".join(f'`"{value}"`' if isinstance(value, str) else f"`{value}`"
                         for value in arguments)  # fmt: skip
    if origin is tuple:
        several = len(arguments) == 2 and arguments[1] is Ellipsis
        if several:
            return f"list of: {_type(arguments[0])}"
        return f"{len(arguments)} of: {_type(arguments[0])}"
    if origin is dict:
        return f"table of: {_type(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f'`"{member.value}"`' for member in hint)
    return _TYPES.get(hint, "table")


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "needed"
    return f"`{_toml(value)}`" if value is not None and not _is_table(value) else ""


def _is_table(value: Any) -> bool:
    return dataclasses.is_dataclass(value) or (
        isinstance(value, tuple) and any(dataclasses.is_dataclass(item) for item in value)
    )


def _toml(value: Any) -> str:
    """Return a value as a recipe has it."""
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return f'"{value.value}"'
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return "{}" if not value else str(value)
        case _:
            return str(value)
