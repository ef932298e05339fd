"""Read the one kind of flexbuffer that compiled models carry: a map of strings and numbers.

A flexbuffer is written back to front: its last byte gives the width of the root, the byte before
it the root's type, and every offset points backwards. Each read is checked against the buffer.
"""

from __future__ import annotations

from quantize.tflite.flatbuffer import FlatbufferError

_MOST_ENTRIES = 64
_MOST_KEY_BYTES = 64
_WIDTHS = (1, 2, 4, 8)
_INT, _UINT, _STRING, _MAP, _BLOB = 1, 2, 5, 9, 25
_VALUE_BYTES_PER_TYPE = 1


def read_map(data: bytes) -> dict[str, int | bytes]:
    """Return the integers, strings and blobs of the map at a flexbuffer's root.

    Values of other types are left out. Strings are returned as their bytes: the compiler puts
    binary data into them.

    Raises
    ------
    FlatbufferError
        When the root is no map, or anything points outside the buffer.
    """
    if len(data) < 3:
        raise FlatbufferError(f"a flexbuffer of {len(data)} bytes", 0)
    root_width = data[-1]
    if root_width not in _WIDTHS:
        raise FlatbufferError(f"a flexbuffer root of {root_width} bytes", len(data) - 1)
    kind, width = _unpack_type(data[-2])
    if kind != _MAP:
        raise FlatbufferError(f"a flexbuffer of type {kind}, not a map", len(data) - 2)
    at = _follow(data, len(data) - 2 - root_width, root_width)
    count = _unsigned(data, at - width, width)
    if count > _MOST_ENTRIES:
        raise FlatbufferError(f"a map of {count} entries", at)
    key_width = _unsigned(data, at - 2 * width, width)
    if key_width not in _WIDTHS:
        raise FlatbufferError(f"map keys of {key_width} bytes", at)
    keys = _follow(data, at - 3 * width, width)
    found: dict[str, int | bytes] = {}
    for index in range(count):
        key = _key(data, _follow(data, keys + index * key_width, key_width))
        packed = _unsigned(data, at + count * width + index, _VALUE_BYTES_PER_TYPE)
        value = _value(data, at + index * width, width, packed)
        if value is not None:
            found[key] = value
    return found


def _value(data: bytes, position: int, width: int, packed: int) -> int | bytes | None:
    kind, own_width = _unpack_type(packed)
    if kind == _INT:
        _check(data, position, width)
        return int.from_bytes(data[position : position + width], "little", signed=True)
    if kind == _UINT:
        return _unsigned(data, position, width)
    if kind in {_STRING, _BLOB}:
        start = _follow(data, position, width)
        size = _unsigned(data, start - own_width, own_width)
        _check(data, start, size)
        return data[start : start + size]
    return None


def _unpack_type(packed: int) -> tuple[int, int]:
    """Return a packed type's kind, and the width of the sizes and offsets inside the value."""
    return packed >> 2, _WIDTHS[packed & 3]


def _key(data: bytes, start: int) -> str:
    _check(data, start, 1)
    end = data.find(b"\0", start, start + _MOST_KEY_BYTES + 1)
    if end < 0:
        raise FlatbufferError("a map key without an end", start)
    return data[start:end].decode("utf-8", "backslashreplace")


def _follow(data: bytes, position: int, width: int) -> int:
    """Return where the backward offset at `position` points to."""
    target = position - _unsigned(data, position, width)
    _check(data, target, 0)
    return target


def _unsigned(data: bytes, position: int, width: int) -> int:
    _check(data, position, width)
    return int.from_bytes(data[position : position + width], "little")


def _check(data: bytes, position: int, size: int) -> None:
    if position < 0 or position + size > len(data):
        reason = f"{size} bytes wanted at {position} of a flexbuffer of {len(data)}"
        raise FlatbufferError(reason, max(position, 0))
