"""The tensors of a CTranslate2 ``model.bin``, as far as they are asked for.

Little-endian. ``u32`` version, name of the kind of model, ``u32`` its revision, ``u32`` number of
tensors; of each its name, ``u8`` rank, ``u32`` lengths, ``u8`` type, ``u32`` bytes, data; then
``u32`` number of second names, and these in pairs. A name is ``u16`` bytes and these, the last one
NUL. Versions 4 to 6 are alike so far.
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.foreign import printable

VERSIONS = (4, 5, 6)
_MOST_TENSORS = 4096
_HIGHEST_RANK = 4
_BYTES = {0: 4, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2}
"""Bytes of a value by its type: float32, int8, int16, int32, float16, bfloat16."""
_FLOAT32, _FLOAT16, _BFLOAT16 = 0, 4, 5


class _Reader:
    """What is left of the bytes."""

    def __init__(self, data: bytes) -> None:
        self.left = memoryview(data)

    def take(self, count: int) -> memoryview:
        if count > len(self.left):
            raise ValueError("it ends too early")
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self, form: str) -> int:
        form = f"<{form}"
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        return bytes(self.take(self.number("H"))).rstrip(b"\0").decode("utf-8")


def looks_like_ctranslate2(data: bytes) -> bool:
    """Return whether bytes begin as those of a model of a known version."""
    return len(data) >= 4 and struct.unpack("<I", data[:4])[0] in VERSIONS


def read_ctranslate2(data: bytes, *, prefix: str) -> dict[str, NDArray[np.float32]]:
    """Return the tensors whose names begin with `prefix`, without it, as float32.

    Raises
    ------
    ValueError
        When it is damaged, or one of these is quantised to integers.
    """
    reader = _Reader(data)
    version = reader.number("I")
    if version not in VERSIONS:
        raise ValueError(f"its version {version} is none of {VERSIONS[0]} to {VERSIONS[-1]}")
    reader.text()
    reader.number("I")
    count = reader.number("I")
    if count > _MOST_TENSORS:
        raise ValueError(f"it claims {count} tensors")
    found: dict[str, NDArray[np.float32]] = {}
    for _ in range(count):
        name, shape, kind, values = _tensor(reader)
        if not name.startswith(prefix) or not shape:  # a number is no weight
            continue
        own = name.removeprefix(prefix)
        if own in found:
            raise ValueError(f"it holds '{printable(name)}' twice")
        found[own] = _floats(name, kind, values).reshape(shape)
    return found


def _tensor(reader: _Reader) -> tuple[str, tuple[int, ...], int, memoryview]:
    name = reader.text()
    rank = reader.number("B")
    if rank > _HIGHEST_RANK:
        raise ValueError(f"'{printable(name)}' has {rank} dimensions")
    shape = tuple(reader.number("I") for _ in range(rank))
    kind, size = reader.number("B"), reader.number("I")
    if kind not in _BYTES:
        raise ValueError(f"'{printable(name)}' is of the unknown type {kind}")
    if size != math.prod(shape) * _BYTES[kind]:
        raise ValueError(f"'{printable(name)}' has {size} bytes for {list(shape)}")
    return name, shape, kind, reader.take(size)


def _floats(name: str, kind: int, values: memoryview) -> NDArray[np.float32]:
    if kind == _FLOAT32:
        return np.frombuffer(values, "<f4").astype(np.float32)
    if kind == _FLOAT16:
        return np.frombuffer(values, "<f2").astype(np.float32)
    if kind == _BFLOAT16:
        return (np.frombuffer(values, "<u2").astype(np.uint32) << 16).view(np.float32)
    raise ValueError(f"'{printable(name)}' is quantised to integers; give float16 or float32")
