"""Tables (TOML or JSON) to frozen dataclasses and back, with errors that name the key.

One codec reads recipes and stores the records that pass from one stage of a run to the next.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import sys
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import numpy as np

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

T = TypeVar("T")
_SCALARS = (bool, int, float, str)


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known word, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def quoted(value: Any) -> str:
    r"""Return a value from a table as it is shown in a message: one line, not endless.

    >>> quoted("a\n"), quoted(10**400)
    ("'a\\n'", '1000000000000000000000000000000000000000000000000000000000000000000000000...')
    """
    try:
        return printable(repr(value))
    except (ValueError, RecursionError):  # an integer of thousands of digits; lists without end
        return f"a {type(value).__name__} too long to show"


def from_table(kind: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """Build the dataclass `kind` from a parsed TOML table.

    Parameters
    ----------
    kind
        A dataclass with fields of bool, int, float, str, enum, `Literal`, tuples of these,
        optional ones, or further dataclasses.
    table
        The parsed table.
    where
        What the table is, for error texts: ``"recipe.toml"`` or ``"recipe.toml [training]"``.

    Raises
    ------
    BadInput
        On unknown keys (with the nearest known one), missing keys, wrong types, and what the
        dataclass's own checks refuse; each message begins with `where`.
    """
    assert dataclasses.is_dataclass(kind)  # noqa: S101  a programming error, not an input
    hints, fields = _form(kind)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            raise BadInput(
                f"{where} has no key '{printable(key)}'{nearest(key, fields)}",
                hint=f"known keys: {', '.join(sorted(fields))}",
            )
        values[key] = _convert(hints[key], value, where, key)
    for name, field in fields.items():
        if name in values or not _is_required(field):
            continue
        if type(None) not in typing.get_args(hints[name]):
            raise BadInput(f"{where} lacks the key '{name}'", hint=f"add {name} = ...")
        values[name] = None  # tables leave out what is None
    try:
        return kind(**values)
    except BadInput as error:  # by the dataclass's own checks, which do not know the file
        raise BadInput(f"{where}: {error.message}", hint=error.hint) from error


@functools.cache
def _form(kind: type[Any]) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    """Return a dataclass's hints, which Python works out anew from their text, and its fields."""
    return typing.get_type_hints(kind), {f.name: f for f in dataclasses.fields(kind) if f.init}


def _is_required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def to_table(record: Any) -> dict[str, Any]:
    """Return a dataclass as a table of TOML values; fields that are `None` are left out."""
    table: dict[str, Any] = {}
    for field in dataclasses.fields(record):
        value = _plain(getattr(record, field.name))
        if value is not None:
            table[field.name] = value
    return table


def _plain(value: Any) -> Any:
    if value is None or type(value) in _SCALARS:
        return value
    if isinstance(value, np.ndarray):
        return {
            "dtype": value.dtype.name,
            "shape": list(value.shape),
            "data": value.reshape(-1).tolist(),
        }
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return to_table(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _origin(hint: Any) -> Any:
    """Return what a hint is made of; of an alias, as NumPy's `NDArray` is since 2.5, its value."""
    origin = typing.get_origin(hint)
    meant = getattr(origin, "__value__", None)
    return origin if meant is None else _origin(meant)


def _convert(hint: Any, value: Any, where: str, key: str) -> Any:
    origin = _origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = [o for o in typing.get_args(hint) if o is not type(None)]
        if value is None and len(options) < len(typing.get_args(hint)):
            return None
        return _convert(options[0], value, where, key)
    if origin is typing.Literal:
        return _one_of(typing.get_args(hint), value, where, key)
    if origin is tuple:
        return _convert_tuple(typing.get_args(hint), value, where, key)
    if origin is np.ndarray:
        return _convert_array(value, where, key)
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong_type("a table", value, where, key)
        kind = typing.get_args(hint)[1]
        return {name: _convert(kind, item, where, key) for name, item in value.items()}
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise _wrong_type("a table", value, where, key)
        return from_table(hint, value, where=f"{where} [{key}]")
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(_one_of([member.value for member in hint], value, where, key))
    return _scalar(hint, value, where, key)


def _convert_tuple(arguments: tuple[Any, ...], value: Any, where: str, key: str) -> Any:
    if not isinstance(value, list):
        raise _wrong_type("a list", value, where, key)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_convert(arguments[0], item, where, key) for item in value)
    if len(arguments) != len(value):
        raise _wrong_type(f"a list of {len(arguments)} values", value, where, key)
    return tuple(
        _convert(kind, item, where, key) for kind, item in zip(arguments, value, strict=True)
    )


def _convert_array(value: Any, where: str, key: str) -> Any:
    try:
        dtype = np.dtype(str(value["dtype"]))
        if dtype.hasobject:
            raise TypeError("objects are not data")
        return np.array(value["data"], dtype).reshape([int(n) for n in value["shape"]])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _wrong_type("an array: dtype, shape and data", value, where, key) from error


def _scalar(hint: Any, value: Any, where: str, key: str) -> Any:
    is_bool = isinstance(value, bool)
    if hint is float and isinstance(value, int | float) and not is_bool:
        if not -sys.float_info.max <= value <= sys.float_info.max:
            raise _wrong_type("a finite number", value, where, key)
        return float(value)
    if hint is int and isinstance(value, int) and not is_bool:
        if not -(2**63) <= value < 2**63:
            raise _wrong_type("a whole number of at most 64 bits", value, where, key)
        return value
    if hint in (bool, str) and isinstance(value, hint):
        return value
    names = {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}
    raise _wrong_type(names.get(hint, str(hint)), value, where, key)


def _one_of(options: typing.Sequence[Any], value: Any, where: str, key: str) -> Any:
    if value not in options:
        listed = ", ".join(repr(o) for o in options)
        guess = nearest(value, [str(o) for o in options]) if isinstance(value, str) else ""
        raise BadInput(
            f"{where}: '{key}' is {quoted(value)}{guess}", hint=f"it must be one of {listed}"
        )
    return value


def _wrong_type(wanted: str, value: Any, where: str, key: str) -> BadInput:
    return BadInput(f"{where}: '{key}' is {quoted(value)}", hint=f"it must be {wanted}")
