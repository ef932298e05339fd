"""The parts of a .tflite file, from flatbuffer tables to records.

What an operator, an input or an output uses must be sound. Damage in what nobody uses is noted as
an oddity, and so is damage in what no runtime needs to compute: metadata and signatures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.foreign import printable
from quantize.tflite.flatbuffer import FlatBuffer, FlatbufferError, Table
from quantize.tflite.model import (
    Metadata,
    Model,
    Operator,
    OperatorCode,
    Quantisation,
    Signature,
    Subgraph,
    Tensor,
    tensor_label,
)
from quantize.tflite.option_tables import has_options_of, parse_options
from quantize.tflite.remarks import Oddity, Unread
from quantize.tflite.schema import CUSTOM, DTYPES, OPERATOR_NAMES, DType, operator_name
from quantize.tflite.verify import MAX_RANK, shape_problem

Buffer = NDArray[np.uint8] | FlatbufferError
"""A buffer's bytes, or why it cannot be read, which matters once somebody uses it."""
_NO_BYTES: NDArray[np.uint8] = np.empty(0, np.uint8)
_SPARSE = (
    "its values are stored sparsely, zeros left out",
    "convert the model without sparsity (leave out EXPERIMENTAL_SPARSITY): zeros are then stored",
)
_EXTERNAL = (
    "its values lie in another file",
    "convert the model into one file",
)
_NEWER_TYPE = "use a newer edgeser, or convert the model with types that it knows"


@dataclass(slots=True)
class _Notes:
    """What is said of the file while it is read, and what of it operators use."""

    oddities: list[Oddity] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def odd(self, where: str, what: str) -> None:
        self.oddities.append(Oddity(where, what))

    @contextmanager
    def unneeded(self, where: str) -> Iterator[None]:
        """Note damage in a part that nothing needs."""
        try:
            yield
        except FlatbufferError as error:
            self.odd(where, f"it is damaged, and nothing here needs it: {error}")


@contextmanager
def _inside(part: str) -> Iterator[None]:
    """Say in which part of the file damage was seen."""
    try:
        yield
    except FlatbufferError as error:
        raise error.inside(part) from error


def parse_model(buffer: FlatBuffer, source: str) -> Model:
    """Read all tables; no index into tensors, and no shape, is checked here.

    Raises
    ------
    FlatbufferError
        When a part that is used does not lie inside the buffer, or is not what it should be.
    """
    root = buffer.root(b"TFL3")
    notes = _Notes()
    codes = tuple(_operator_code(table, i, notes) for i, table in enumerate(root.tables(1)))
    buffers = tuple(_buffer(root.buffer, at) for at in root.offsets(4))
    siblings = root.count(2)
    subgraphs = []
    for index, table in enumerate(root.tables(2)):
        prefix = f"subgraph {index}, " if siblings > 1 else ""
        subgraphs.append(_subgraph(table, index, prefix, codes, buffers, notes, siblings))
    description = ""
    with notes.unneeded("the description"):
        description = root.string(3)
    return Model(
        source=source,
        file_bytes=len(buffer.data),
        version=root.uint32(0),
        description=description,
        operator_codes=codes,
        subgraphs=tuple(subgraphs),
        buffers=tuple(_NO_BYTES if isinstance(b, FlatbufferError) else b for b in buffers),
        metadata=_metadata(root, notes),
        signatures=_signatures(root, notes),
        oddities=tuple(notes.oddities),
        unread=tuple(notes.unread),
    )


def _operator_code(table: Table, index: int, notes: _Notes) -> OperatorCode:
    # Codes above 127 did not fit the first field, an int8; files now carry both, the larger holds.
    first, second = table.int8(0), table.int32(3)
    builtin = max(first, second)
    if builtin < 0:
        raise FlatbufferError(f"operator code {builtin}", table.position)
    custom = builtin == CUSTOM
    name = table.string(1) if custom else operator_name(builtin)
    where = f"operator code {index} ({printable(name)})"
    if second > 0 and first != min(second, 127):
        older = operator_name(max(first, 0))
        notes.odd(where, f"it says {older} to older runtimes, which read only the first code")
    if builtin >= len(OPERATOR_NAMES):
        notes.odd(where, "the operator is newer than those known here, or does not exist")
    return OperatorCode(builtin, name, custom, table.int32(2, 1))


def _buffer(buffer: FlatBuffer, at: int) -> Buffer:
    try:
        table = Table(buffer, buffer.follow(at))
        offset, size = table.uint64(1), table.uint64(2)
        # Files near 2 GB keep their data after the flatbuffer, at an offset from the file's start.
        if offset > 1:
            return table.buffer.view(offset, size, np.uint8)
        return table.array(0, np.uint8)
    except FlatbufferError as error:
        return error


def _subgraph(
    table: Table,
    index: int,
    prefix: str,
    codes: tuple[OperatorCode, ...],
    buffers: tuple[Buffer, ...],
    notes: _Notes,
    siblings: int,
) -> Subgraph:
    with _inside(f"subgraph {index}"):
        inputs, outputs = table.integers(1), table.integers(2)
        name = table.string(4)
    operators = []
    for number, found in enumerate(table.tables(3)):
        with _inside(f"{prefix}operator {number}"):
            operators.append(_operator(found, number, prefix, codes, notes))
    used = {*inputs, *outputs}
    for operator in operators:
        used.update(operator.inputs, operator.outputs, operator.intermediates)
    tensors = []
    for number, found in enumerate(table.tables(0)):
        with _inside(f"{prefix}tensor {number}"):
            tensor = _Reading(found, number, prefix, buffers, notes, number in used)
            tensors.append(tensor.read())
    return Subgraph(index, name, tuple(tensors), inputs, outputs, tuple(operators), siblings)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A tensor that is being read."""

    table: Table
    index: int
    prefix: str
    buffers: tuple[Buffer, ...]
    notes: _Notes
    used: bool

    def read(self) -> Tensor:
        table = self.table
        name, shape = table.string(3), table.integers(0)
        where = f"{self.prefix}{tensor_label(self.index, name)}"
        dtype = DTYPES.get(table.int8(1), DType.UNKNOWN)
        if dtype is DType.UNKNOWN:
            self._unread(where, f"its type {table.int8(1)} is not known here", _NEWER_TYPE)
        number = table.uint32(2)
        if number and number >= len(self.buffers):
            reason = f"it refers to buffer {number} of {len(self.buffers)}"
            raise FlatbufferError(reason, table.position)
        return Tensor(
            index=self.index,
            name=name,
            shape=shape,
            shape_signature=table.integers(7),
            dtype=dtype,
            quantisation=self._quantisation(where, shape),
            is_variable=table.boolean(5),
            buffer=number,
            data=self._data(where, number, shape, dtype),
        )

    def _data(
        self, where: str, number: int, shape: tuple[int, ...], dtype: DType
    ) -> NDArray[Any] | None:
        if self.table.uint32(10):
            self._unread(where, *_EXTERNAL)
            return _NO_BYTES if self.used else None
        raw = self.buffers[number] if number else _NO_BYTES
        if isinstance(raw, FlatbufferError):
            if self.used:
                raise raw.inside(f"its buffer {number}")
            self.notes.odd(where, f"its buffer is damaged, and nothing uses it: {raw}")
            return None
        if self.table.has(6):
            self._unread(where, *_SPARSE)
            return raw if self.used else None
        if raw.size == 0:
            return None
        try:
            return self._constant(where, raw, shape, dtype)
        except FlatbufferError as error:
            if self.used:
                raise
            self.notes.odd(where, f"it does not fit, and nothing uses it: {error.reason}")
            return None

    def _constant(
        self, where: str, raw: NDArray[np.uint8], shape: tuple[int, ...], dtype: DType
    ) -> NDArray[Any]:
        problem = shape_problem(shape)
        if problem:
            raise FlatbufferError(problem, self.table.position)
        wanted = dtype.byte_size(math.prod(shape))
        if wanted is not None and wanted != raw.size and len(shape) <= MAX_RANK:
            reason = (
                f"a constant of {raw.size} bytes where {dtype.label} {list(shape)} has {wanted}"
            )
            raise FlatbufferError(reason, self.table.position)
        if dtype.numpy is None:
            return raw
        position = self.table.buffer.position_of(raw)
        # Two words are the most that a Cortex-M reads at once, aligned to one.
        aligned = min(dtype.numpy.itemsize, 4)
        if self.used and position % aligned:
            self.notes.odd(
                where,
                f"its value begins at byte {position}, no multiple of {aligned}: "
                "a device that reads it in place may fault",
            )
        return raw.view(dtype.numpy).reshape(shape)

    def _quantisation(self, where: str, shape: tuple[int, ...]) -> Quantisation | None:
        table = self.table.table(4)
        if table is None:
            return None
        scales = table.array(2, np.float32)
        if scales.size == 0:
            return None
        zero_points = table.array(3, np.int64)
        if zero_points.size == 1 and scales.size > 1:
            self.notes.odd(
                where,
                "it has one zero point for all of its scales: it is read as the zero point of "
                "each, and LiteRT refuses to load it",
            )
            zero_points = np.broadcast_to(zero_points, scales.shape)
        axis = table.int32(6)
        if scales.size > 1 and shape == (scales.size,) and axis != 0:
            self.notes.odd(
                where,
                f"its only axis is quantised by its scales, yet axis {axis} is said to be: "
                "TFLite-Micro does not look at it, LiteRT refuses to load it",
            )
            axis = 0
        low, high = (table.array(field, np.float32) for field in (0, 1))
        recorded = (float(low[0]), float(high[0])) if low.size == high.size == 1 else None
        return Quantisation(scales, zero_points, axis, recorded)

    def _unread(self, where: str, what: str, advice: str) -> None:
        if self.used:
            self.notes.unread.append(Unread(where, what, advice))
        else:
            self.notes.odd(where, f"{what}, and nothing uses it")


def _operator(
    table: Table, index: int, prefix: str, codes: tuple[OperatorCode, ...], notes: _Notes
) -> Operator:
    kind = table.uint32(0)
    if kind >= len(codes):
        raise FlatbufferError(f"it is of kind {kind} of {len(codes)}", table.position)
    code = codes[kind]
    offset, size = table.uint64(9), table.uint64(10)
    if offset > 1:
        custom_options = table.buffer.view(offset, size, np.uint8)
    else:
        custom_options = table.array(5, np.uint8)
    options = None
    if not code.is_custom:
        union = table.uint8(3)
        if not has_options_of(code.name, union):
            where = f"{prefix}operator {index} {printable(code.name)}"
            notes.odd(where, f"its options are of another operator's kind ({union}), so not read")
            union = 0
        options = parse_options(code.name, union, table.table(4) if union else None)
    return Operator(
        index=index,
        code=code,
        inputs=table.integers(1),
        outputs=table.integers(2),
        intermediates=table.integers(8),
        options=options,
        custom_options=custom_options,
    )


def _metadata(root: Table, notes: _Notes) -> tuple[Metadata, ...]:
    found = []
    with notes.unneeded("the metadata"):
        count = max(1, root.count(4))
        for index, table in enumerate(root.tables(6)):
            with notes.unneeded(f"metadata {index}"):
                entry = Metadata(table.string(0), table.uint32(1))
                found.append(entry)
                if entry.buffer >= count:
                    where = f"metadata {index} ({printable(entry.name)})"
                    notes.odd(where, f"it refers to buffer {entry.buffer} of {count}")
    return tuple(found)


def _signatures(root: Table, notes: _Notes) -> tuple[Signature, ...]:
    found = []
    with notes.unneeded("the signatures"):
        for index, table in enumerate(root.tables(7)):
            with notes.unneeded(f"signature {index}"):
                found.append(
                    Signature(table.string(2), table.uint32(4), _named(table, 0), _named(table, 1))
                )
    return tuple(found)


def _named(table: Table, which: int) -> tuple[tuple[str, int], ...]:
    return tuple((entry.string(0), entry.uint32(1)) for entry in table.tables(which))
