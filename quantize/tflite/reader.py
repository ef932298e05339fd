"""Read a .tflite file into `Model`, refusing whatever is not one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.tflite.flatbuffer import FlatBuffer, FlatbufferError, Table
from quantize.tflite.model import (
    Metadata,
    Model,
    Operator,
    OperatorCode,
    Quantisation,
    Subgraph,
    Tensor,
)
from quantize.tflite.options import parse_options
from quantize.tflite.schema import CUSTOM, DTYPES, DType, operator_name
from quantize.tflite.verify import find_problems, shape_problem

IDENTIFIER = b"TFL3"
MAX_FILE_BYTES = 256 << 20
_HINT = "give a .tflite file as the converter wrote it; copy or convert it again"


def read_model(source: str | os.PathLike[str] | bytes, *, name: str = "") -> Model:
    """Read and verify a .tflite model.

    Parameters
    ----------
    source
        A path, or the file's bytes.
    name
        What messages call it; the path by default, ``"the model"`` for bytes.

    Returns
    -------
    Model
        Every index in it is in range, every constant fits its shape, and operators come after
        those whose results they read.

    Raises
    ------
    BadInput
        When the file cannot be read, is not a .tflite file, is damaged, or breaks a rule of
        `quantize.tflite.verify`; the message names file and reason.
    """
    if isinstance(source, bytes):
        data, name = source, name or "the model"
    else:
        path = Path(source)
        data, name = read_bounded(path, limit_bytes=MAX_FILE_BYTES), name or str(path)
    if len(data) > MAX_FILE_BYTES:
        raise BadInput(f"{name} is larger than {MAX_FILE_BYTES} bytes", hint=_HINT)
    _refuse_other_kinds(data, name)
    try:
        model = _model(FlatBuffer(data), name)
    except FlatbufferError as error:
        raise BadInput(f"{name} is a damaged .tflite file: {error}", hint=_HINT) from error
    for problem in find_problems(model):
        raise BadInput(f"{name} is not a valid .tflite model: {problem}", hint=_HINT)
    return model


def _refuse_other_kinds(data: bytes, name: str) -> None:
    if not data:
        raise BadInput(f"{name} is empty", hint=_HINT)
    if data[4:8] != IDENTIFIER:
        raise BadInput(f"{name} is not a .tflite file: it lacks the mark TFL3", hint=_HINT)


def _model(buffer: FlatBuffer, source: str) -> Model:
    root = buffer.root(IDENTIFIER)
    codes = tuple(_operator_code(table) for table in root.tables(1))
    buffers = tuple(_buffer(table) for table in root.tables(4))
    subgraphs = tuple(
        _subgraph(table, index, codes, buffers) for index, table in enumerate(root.tables(2))
    )
    return Model(
        source=source,
        file_bytes=len(buffer.data),
        version=root.uint32(0),
        description=root.string(3),
        operator_codes=codes,
        subgraphs=subgraphs,
        buffers=buffers,
        metadata=tuple(Metadata(table.string(0), table.uint32(1)) for table in root.tables(6)),
    )


def _operator_code(table: Table) -> OperatorCode:
    # Codes above 127 did not fit the first field, an int8; files now carry both, the larger holds.
    builtin = max(table.int8(0), table.int32(3))
    if builtin < 0:
        raise FlatbufferError(f"operator code {builtin}", table.position)
    custom = builtin == CUSTOM
    name = table.string(1) if custom else operator_name(builtin)
    return OperatorCode(builtin, name, custom, table.int32(2, 1))


def _buffer(table: Table) -> NDArray[np.uint8]:
    offset, size = table.uint64(1), table.uint64(2)
    # Files near 2 GB keep their data after the flatbuffer, at an offset from the file's start.
    if offset > 1:
        return table.buffer.view(offset, size, np.uint8)
    return table.array(0, np.uint8)


def _subgraph(
    table: Table,
    index: int,
    codes: tuple[OperatorCode, ...],
    buffers: tuple[NDArray[np.uint8], ...],
) -> Subgraph:
    return Subgraph(
        index=index,
        name=table.string(4),
        tensors=tuple(_tensor(t, i, buffers) for i, t in enumerate(table.tables(0))),
        inputs=table.integers(1),
        outputs=table.integers(2),
        operators=tuple(_operator(t, i, codes) for i, t in enumerate(table.tables(3))),
    )


def _tensor(table: Table, index: int, buffers: tuple[NDArray[np.uint8], ...]) -> Tensor:
    code = table.int8(1)
    dtype = DTYPES.get(code)
    if dtype is None:
        raise FlatbufferError(f"tensor {index} has the unknown type {code}", table.position)
    shape = table.integers(0)
    buffer = table.uint32(2)
    if buffer and buffer >= len(buffers):
        reason = f"tensor {index} refers to buffer {buffer} of {len(buffers)}"
        raise FlatbufferError(reason, table.position)
    if table.has(6):
        raise FlatbufferError(f"tensor {index} is sparse, which is not supported", table.position)
    raw = buffers[buffer] if buffer else None
    quantisation = table.table(4)
    return Tensor(
        index=index,
        name=table.string(3),
        shape=shape,
        shape_signature=table.integers(7),
        dtype=dtype,
        quantisation=None if quantisation is None else _quantisation(quantisation),
        is_variable=table.boolean(5),
        buffer=buffer,
        data=None if raw is None or raw.size == 0 else _constant(raw, shape, dtype, table),
    )


def _constant(
    raw: NDArray[np.uint8], shape: tuple[int, ...], dtype: DType, table: Table
) -> NDArray[Any]:
    problem = shape_problem(shape)
    if problem:
        raise FlatbufferError(problem, table.position)
    elements = int(np.prod(shape, dtype=np.int64))
    wanted = dtype.byte_size(elements)
    if wanted is not None and wanted != raw.size:
        reason = f"a constant of {raw.size} bytes where {dtype.label} {list(shape)} has {wanted}"
        raise FlatbufferError(reason, table.position)
    if dtype.numpy is None:
        return raw
    return raw.view(dtype.numpy).reshape(shape)


def _quantisation(table: Table) -> Quantisation | None:
    scales = table.array(2, np.float32)
    if scales.size == 0:
        return None
    return Quantisation(scales, table.array(3, np.int64), table.int32(6))


def _operator(table: Table, index: int, codes: tuple[OperatorCode, ...]) -> Operator:
    kind = table.uint32(0)
    if kind >= len(codes):
        raise FlatbufferError(f"operator {index} is of kind {kind} of {len(codes)}", table.position)
    code = codes[kind]
    offset, size = table.uint64(9), table.uint64(10)
    if offset > 1:
        custom_options = table.buffer.view(offset, size, np.uint8)
    else:
        custom_options = table.array(5, np.uint8)
    options = None
    if not code.is_custom:
        options = parse_options(code.name, table.uint8(3), table.table(4))
    return Operator(
        index=index,
        code=code,
        inputs=table.integers(1),
        outputs=table.integers(2),
        intermediates=table.integers(8),
        options=options,
        custom_options=custom_options,
    )
