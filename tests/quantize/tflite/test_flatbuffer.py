from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantize.tflite.flatbuffer import FlatBuffer, FlatbufferError, Table


def table_bytes(vtable: list[int], body: bytes) -> bytes:
    """A root offset, a vtable of the given field offsets, and a table with the given body."""
    size = 4 + 2 * len(vtable)
    head = struct.pack("<HH", size, 4 + len(body)) + struct.pack(f"<{len(vtable)}H", *vtable)
    position = 8 + len(head)
    return struct.pack("<I4s", position, b"ABCD") + head + struct.pack("<i", len(head)) + body


def test_reads_fields_and_defaults() -> None:
    body = struct.pack("<ibBfQ", -5, -3, 200, 1.5, 1 << 40)
    root = FlatBuffer(table_bytes([4, 8, 9, 10, 14, 0], body)).root(b"ABCD")
    assert root.int32(0) == -5
    assert root.int8(1) == -3
    assert root.uint8(2) == 200
    assert root.float32(3) == 1.5
    assert root.uint64(4) == 1 << 40
    assert root.int64(4) == 1 << 40
    assert root.int32(5, 7) == 7
    assert root.int32(99, 8) == 8
    assert root.has(0)
    assert not root.has(5)
    assert root.table(5) is None
    assert root.string(5) == ""
    assert list(root.tables(5)) == []
    assert root.array(5, np.int32).size == 0


def test_reads_vectors_and_strings() -> None:
    # A table of two offsets, to a string and to a vector of three int32.
    text = struct.pack("<I", 4) + b"h\xc3\xa9\xff"
    vector = struct.pack("<Iiii", 3, 1, -2, 3)
    body = struct.pack("<II", 8, 4 + len(text)) + text + vector
    root = FlatBuffer(table_bytes([4, 8], body)).root()
    assert root.string(0) == "h\u00e9\\xff"
    assert root.integers(1) == (1, -2, 3)
    view = root.array(1, np.int32)
    assert not view.flags.writeable
    assert view.tolist() == [1, -2, 3]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "only 0 bytes"),
        (b"\x08\0\0\0ABC", "only 7 bytes"),
        (table_bytes([4], b"1234").replace(b"ABCD", b"ABCE"), "identifier"),
        (struct.pack("<I4s", 1 << 31, b"ABCD"), "wanted where the file ends"),
        (struct.pack("<I4s", 0, b"ABCD"), "an offset is zero"),
        (struct.pack("<I4si", 8, b"ABCD", 100), "wanted where the file ends"),
        (struct.pack("<I4si", 8, b"ABCD", -100), "wanted where the file ends"),
        (struct.pack("<I4sHHi", 12, b"ABCD", 3, 4, 4), "a vtable of 3 bytes"),
        (struct.pack("<I4sHHi", 12, b"ABCD", 4, 3, 4), "a table of 3 bytes"),
        (struct.pack("<I4sHHi", 12, b"ABCD", 4, 400, 4), "wanted where the file ends"),
        (struct.pack("<I4sHHi", 12, b"ABCD", 400, 4, 4), "wanted where the file ends"),
    ],
)
def test_refuses_a_broken_root(data: bytes, reason: str) -> None:
    with pytest.raises(FlatbufferError, match=reason):
        FlatBuffer(data).root(b"ABCD")


def test_refuses_fields_outside_their_table() -> None:
    root = FlatBuffer(table_bytes([4, 2, 6], b"1234")).root()
    assert root.int32(0) == int.from_bytes(b"1234", "little")
    for field in (1, 2):
        with pytest.raises(FlatbufferError, match=f"field {field} lies outside"):
            root.int32(field)


def test_refuses_vectors_longer_than_the_file() -> None:
    body = struct.pack("<II", 4, 0xFFFFFFFF)
    root = FlatBuffer(table_bytes([4], body)).root()
    for read in (root.string, root.integers, root.count, lambda f: list(root.tables(f))):
        with pytest.raises(FlatbufferError, match="wanted where the file ends"):
            read(0)


def test_many_references_to_one_table_end_early() -> None:
    count, size = 100_000, 60_000
    # A vector whose elements all refer to one large table behind it.
    vector = struct.pack("<I", count)
    vector += b"".join(struct.pack("<I", 4 * (count - i) + 4) for i in range(count))
    inner = struct.pack("<HHi", 4, size, 4) + bytes(size)
    data = table_bytes([4], struct.pack("<I", 4)) + vector + inner
    root = FlatBuffer(data).root()
    assert root.count(0) == count
    visited = 0
    started = time.perf_counter()
    with pytest.raises(FlatbufferError, match="over and over"):
        for _ in root.tables(0):
            visited += 1
    assert 1 < visited < 100
    assert time.perf_counter() - started < 0.5


@given(st.binary(max_size=200))
def test_random_bytes_give_values_or_typed_errors(data: bytes) -> None:
    try:
        root = FlatBuffer(data).root()
        _read_everything(root)
    except FlatbufferError:
        pass


def _read_everything(table: Table) -> None:
    for field in range(6):
        readers = (table.int8, table.int16, table.uint32, table.int64, table.float32)
        for read in (*readers, table.string, table.integers, table.count, table.table):
            try:
                read(field)
            except FlatbufferError as error:
                assert error.position >= -(1 << 31)
