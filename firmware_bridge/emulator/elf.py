"""Sizes of the sections of a 32- or 64-bit little-endian ELF file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded

_LIMIT = 256 << 20
_MOST_SECTIONS = 4096
_LONGEST_NAME = 256

_ALLOCATED, _WRITABLE = 2, 1
_NO_BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section that takes memory on the device.

    Parameters
    ----------
    name
        ``".text"``.
    address, size
        In bytes.
    writable
        Whether it lies in RAM.
    stored
        Whether its bytes are in the image: not those that are cleared at the start.
    """

    name: str
    address: int
    size: int
    writable: bool
    stored: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields are: file header, section header."""

    header: str
    section: str


_LAYOUTS = {
    1: _Layout("<16xHHIIIIIHHHHHH", "<IIIIIIIIII"),
    2: _Layout("<16xHHIQQQIHHHHHH", "<IIQQQQIIQQ"),
}


def read_sections(path: Path) -> tuple[Section, ...]:
    """Return the sections that take memory, in the file's order.

    Raises
    ------
    BadInput
        When the file is not an ELF file of that kind, or is damaged.
    """
    data = read_bounded(path, limit_bytes=_LIMIT)
    try:
        return _sections(data)
    except (struct.error, ValueError, IndexError) as error:
        raise BadInput(
            f"cannot read {path}: it is not a whole ELF file ({error})", hint="build it again"
        ) from error


def _sections(data: bytes) -> tuple[Section, ...]:
    if data[:4] != b"\x7fELF" or data[4] not in _LAYOUTS or data[5] != 1:
        raise ValueError("no little-endian ELF header")
    layout = _LAYOUTS[data[4]]
    fields = struct.unpack_from(layout.header, data)
    offset, entry_bytes, count, names_index = fields[5], fields[10], fields[11], fields[12]
    if count > _MOST_SECTIONS or entry_bytes != struct.calcsize(layout.section):
        raise ValueError("its section table makes no sense")
    if offset + count * entry_bytes > len(data):
        raise ValueError("its section table lies outside of it")
    headers = [
        struct.unpack_from(layout.section, data, offset + i * entry_bytes) for i in range(count)
    ]
    names_from, names_bytes = headers[names_index][4:6]
    names = data[names_from : names_from + names_bytes]
    return tuple(
        Section(
            name=_name(names, header[0]),
            address=header[3],
            size=header[5],
            writable=bool(header[2] & _WRITABLE),
            stored=header[1] != _NO_BITS,
        )
        for header in headers
        if header[2] & _ALLOCATED and header[5] > 0
    )


def _name(names: bytes, offset: int) -> str:
    end = names.index(b"\0", offset, offset + _LONGEST_NAME)
    return names[offset:end].decode("ascii")
