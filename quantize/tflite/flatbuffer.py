"""A bounded cursor over flatbuffers: every offset, vtable, vector and string is checked.

A flatbuffer is a tree of tables that refer to each other by offsets. A hostile one points outside
itself, or makes a million references to one table so that a small file costs a long time. Here
every read is checked against the buffer, and every visit is charged to an allowance proportional
to the buffer's size, so reading ends in time linear in the size of the file whatever it holds.

Nothing here knows a schema; fields are addressed by their index in the schema's table.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_WORK_PER_BYTE = 8
"""A well-formed file visits each byte about once; shared tables may make it a few times."""
_LEAST_WORK = 4096
_FLOAT32 = struct.Struct("<f")


class FlatbufferError(ValueError):
    """The bytes are not a well-formed flatbuffer.

    Parameters
    ----------
    reason
        What is wrong, in words, without the file's name.
    position
        Byte offset in the buffer where it was seen.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} (at byte {position})")
        self.reason = reason
        self.position = position

    def inside(self, part: str) -> FlatbufferError:
        """Return the same, with the part of the file that it was seen in."""
        return FlatbufferError(f"{part}: {self.reason}", self.position)


class FlatBuffer:
    """Checked reads from one buffer.

    Parameters
    ----------
    data
        The whole buffer; views that are handed out refer to it and are read-only.
    """

    __slots__ = ("_work_left", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._work_left = _WORK_PER_BYTE * len(data) + _LEAST_WORK

    def root(self, identifier: bytes = b"") -> Table:
        """Return the root table; `identifier`, where given, must stand at bytes 4 to 7.

        Raises
        ------
        FlatbufferError
            When the buffer is too short, is of another kind, or points outside itself.
        """
        if len(self.data) < 8:
            raise FlatbufferError(f"only {len(self.data)} bytes long", 0)
        if identifier and self.data[4:8] != identifier:
            found = self.data[4:8]
            raise FlatbufferError(f"identifier is {found!r}, not {identifier!r}", 4)
        return Table(self, self.follow(0))

    def unsigned(self, position: int, width: int) -> int:
        """Return the little-endian unsigned integer of `width` bytes at `position`."""
        self.check(position, width)
        return int.from_bytes(self.data[position : position + width], "little")

    def signed(self, position: int, width: int) -> int:
        """Return the little-endian two's complement integer of `width` bytes at `position`."""
        self.check(position, width)
        return int.from_bytes(self.data[position : position + width], "little", signed=True)

    def float32(self, position: int) -> float:
        """Return the IEEE-754 single at `position`; it may be infinite or NaN."""
        self.check(position, 4)
        value: float = _FLOAT32.unpack_from(self.data, position)[0]
        return value

    def follow(self, position: int) -> int:
        """Return the position that the unsigned 32-bit offset at `position` refers to."""
        offset = self.unsigned(position, 4)
        if offset == 0:
            raise FlatbufferError("an offset is zero", position)
        target = position + offset
        self.check(target, 4)
        return target

    def view(self, position: int, count: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return `count` elements at `position` as a read-only view; nothing is copied."""
        element = np.dtype(dtype)
        self.charge(16, position)
        self.check(position, count * element.itemsize)
        if count == 0:
            return np.empty(0, element)
        return np.frombuffer(self.data, element, count, position)

    def position_of(self, view: NDArray[Any]) -> int:
        """Return the byte at which a view that was handed out begins."""
        start: int = view.__array_interface__["data"][0]
        base: int = np.frombuffer(self.data, np.uint8).__array_interface__["data"][0]
        return start - base

    def check(self, position: int, size: int) -> None:
        """Raise `FlatbufferError` unless `size` bytes at `position` lie inside the buffer."""
        if position < 0 or size < 0 or position + size > len(self.data):
            raise FlatbufferError(
                f"{size} bytes wanted where the file ends at {len(self.data)}", position
            )

    def charge(self, work: int, position: int) -> None:
        """Take `work` from the allowance; raise `FlatbufferError` once it is used up."""
        self._work_left -= work
        if self._work_left < 0:
            raise FlatbufferError("refers to the same parts over and over", position)


class Table:
    """One table: fields by index, each absent or of a type that the caller knows.

    Parameters
    ----------
    buffer
        The buffer it lies in.
    position
        Byte offset of the table.

    Raises
    ------
    FlatbufferError
        When its vtable or its body does not lie inside the buffer.
    """

    __slots__ = ("_fields", "_size", "_vtable", "buffer", "position")

    def __init__(self, buffer: FlatBuffer, position: int) -> None:
        self.buffer = buffer
        self.position = position
        self._vtable = position - buffer.signed(position, 4)
        vtable_size = buffer.unsigned(self._vtable, 2)
        self._size = buffer.unsigned(self._vtable + 2, 2)
        if vtable_size < 4 or vtable_size % 2:
            raise FlatbufferError(f"a vtable of {vtable_size} bytes", self._vtable)
        if self._size < 4:
            raise FlatbufferError(f"a table of {self._size} bytes", position)
        buffer.check(self._vtable, vtable_size)
        buffer.check(position, self._size)
        buffer.charge(vtable_size + self._size, position)
        self._fields = vtable_size // 2 - 2

    def uint8(self, field: int, default: int = 0) -> int:
        """Return an unsigned 8-bit field."""
        at = self._locate(field, 1)
        return default if at is None else self.buffer.unsigned(at, 1)

    def int8(self, field: int, default: int = 0) -> int:
        """Return a signed 8-bit field."""
        at = self._locate(field, 1)
        return default if at is None else self.buffer.signed(at, 1)

    def boolean(self, field: int, default: bool = False) -> bool:
        """Return a boolean field."""
        at = self._locate(field, 1)
        return default if at is None else self.buffer.unsigned(at, 1) != 0

    def int16(self, field: int, default: int = 0) -> int:
        """Return a signed 16-bit field."""
        at = self._locate(field, 2)
        return default if at is None else self.buffer.signed(at, 2)

    def int32(self, field: int, default: int = 0) -> int:
        """Return a signed 32-bit field."""
        at = self._locate(field, 4)
        return default if at is None else self.buffer.signed(at, 4)

    def uint32(self, field: int, default: int = 0) -> int:
        """Return an unsigned 32-bit field."""
        at = self._locate(field, 4)
        return default if at is None else self.buffer.unsigned(at, 4)

    def int64(self, field: int, default: int = 0) -> int:
        """Return a signed 64-bit field."""
        at = self._locate(field, 8)
        return default if at is None else self.buffer.signed(at, 8)

    def uint64(self, field: int, default: int = 0) -> int:
        """Return an unsigned 64-bit field."""
        at = self._locate(field, 8)
        return default if at is None else self.buffer.unsigned(at, 8)

    def float32(self, field: int, default: float = 0.0) -> float:
        """Return a single-precision field; it may be infinite or NaN."""
        at = self._locate(field, 4)
        return default if at is None else self.buffer.float32(at)

    def string(self, field: int) -> str:
        """Return a string field, empty where absent; bytes that are not UTF-8 are escaped."""
        data = self.array(field, np.uint8)
        self.buffer.charge(data.size, self.position)
        return data.tobytes().decode("utf-8", "backslashreplace")

    def array(self, field: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return a vector of scalars as a read-only view, empty where absent.

        Its length is bounded by the buffer alone; it costs nothing until it is walked.
        """
        vector = self._vector(field)
        if vector is None:
            return np.empty(0, np.dtype(dtype))
        start, count = vector
        return self.buffer.view(start, count, np.dtype(dtype).newbyteorder("<"))

    def integers(self, field: int, dtype: DTypeLike = np.int32) -> tuple[int, ...]:
        """Return a vector of integers as a tuple, empty where absent."""
        values = self.array(field, dtype)
        self.buffer.charge(values.nbytes, self.position)
        return tuple(values.tolist())

    def has(self, field: int) -> bool:
        """Say whether the field is present."""
        return self._locate(field, 1) is not None

    def table(self, field: int) -> Table | None:
        """Return a table (or a union's table), ``None`` where absent."""
        at = self._locate(field, 4)
        return None if at is None else Table(self.buffer, self.buffer.follow(at))

    def vector_position(self, field: int) -> int:
        """Return where a vector's elements begin; its length stands in the four bytes before."""
        vector = self._vector(field)
        if vector is None:
            raise FlatbufferError(f"field {field} is absent", self.position)
        return vector[0]

    def count(self, field: int) -> int:
        """Return the number of elements of a vector of offsets, 0 where absent."""
        vector = self._vector(field)
        if vector is None:
            return 0
        start, count = vector
        self.buffer.check(start, 4 * count)
        return count

    def tables(self, field: int) -> Iterator[Table]:
        """Yield the tables of a vector of tables, none where absent."""
        for at in self.offsets(field):
            yield Table(self.buffer, self.buffer.follow(at))

    def strings(self, field: int) -> Iterator[str]:
        """Yield the strings of a vector of strings, none where absent."""
        for data in self.byte_strings(field):
            yield data.decode("utf-8", "backslashreplace")

    def byte_strings(self, field: int) -> Iterator[bytes]:
        """Yield the bytes of a vector of strings, none where absent."""
        for at in self.offsets(field):
            start, count = self._elements(self.buffer.follow(at))
            data = self.buffer.view(start, count, np.uint8)
            self.buffer.charge(count, start)
            yield data.tobytes()

    def offsets(self, field: int) -> Iterator[int]:
        """Yield where the offsets of a vector of tables or strings stand, none where absent."""
        count = self.count(field)
        vector = self._vector(field)
        if vector is None:
            return
        start, _ = vector
        for index in range(count):
            self.buffer.charge(4, start)
            yield start + 4 * index

    def _vector(self, field: int) -> tuple[int, int] | None:
        at = self._locate(field, 4)
        return None if at is None else self._elements(self.buffer.follow(at))

    def _elements(self, position: int) -> tuple[int, int]:
        """Return where a vector's elements start and how many it says it has."""
        return position + 4, self.buffer.unsigned(position, 4)

    def _locate(self, field: int, width: int) -> int | None:
        """Return the absolute position of a field of `width` bytes, ``None`` where absent."""
        if field >= self._fields:
            return None
        offset = self.buffer.unsigned(self._vtable + 4 + 2 * field, 2)
        if offset == 0:
            return None
        if offset < 4 or offset + width > self._size:
            raise FlatbufferError(f"field {field} lies outside its table", self.position)
        return self.position + offset
