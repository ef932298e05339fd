"""Read what the Edge TPU compiler wrote, from the flatbuffers alone.

The custom operator's options are a flexbuffer map; its key "4" holds a flatbuffer `Package` with
the identifier DWN1, which holds a flatbuffer with a list of flatbuffers, the executables. Field
numbers are those of the published schema (google-coral/libedgetpu, executable/executable.fbs).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quantize.edgetpu.compiled_model import (
    CUSTOM_OPERATOR,
    CompiledModel,
    DmaHint,
    Executable,
    ExecutableType,
    Layer,
    Package,
)
from quantize.edgetpu.flexbuffer import read_map
from quantize.foundation.errors import BadInput
from quantize.tflite.flatbuffer import FlatBuffer, FlatbufferError, Table
from quantize.tflite.model import Model, Operator

_IDENTIFIER = b"DWN1"
_PACKAGE_KEY = "4"
_MOST_EXECUTABLES = 64
_DATA_TYPES = {
    0: "unsigned-8",
    1: "unsigned-16",
    2: "signed-32",
    3: "bfloat16",
    4: "float16",
    5: "float32",
    8: "signed-8",
    9: "signed-16",
}
_ADDRESS_KINDS = {0: "output", 1: "input", 2: "parameters", 3: "scratch"}
_DESCRIPTOR, _INSTRUCTION, _INTERRUPT, _FENCE = 1, 2, 3, 4
_HINT = "compile the model again"


def is_compiled(model: Model) -> bool:
    """Say whether a model holds anything that the Edge TPU compiler made."""
    return any(_is_package(operator) for operator in model.main.operators)


def read_compiled(model: Model) -> CompiledModel:
    """Read all Edge TPU packages of a model.

    Raises
    ------
    BadInput
        When the model is not compiled, or a package in it is damaged.
    """
    graph = model.main
    holders = [layer for layer in graph.layers if _is_package(layer.operator)]
    if not holders:
        raise BadInput(
            f"{model.source} is not compiled for the Edge TPU: it has no {CUSTOM_OPERATOR}",
            hint="compile it with 'edgeser export --target edgetpu'",
        )
    # Operators may point to the same bytes; a file that says so many times is not worth the time.
    if sum(layer.operator.custom_options.size for layer in holders) > model.file_bytes:
        raise BadInput(
            f"{model.source} is damaged: its packages are larger than the file", hint=_HINT
        )
    packages = []
    for layer in holders:
        names = tuple(tensor.name for tensor in layer.outputs)
        try:
            packages.append(_package(layer.operator, names))
        except FlatbufferError as error:
            raise BadInput(
                f"{model.source}: the Edge TPU package of operator {layer.index} is damaged: "
                f"{error}",
                hint=_HINT,
            ) from error
    return CompiledModel(
        source=model.source,
        file_bytes=model.file_bytes,
        inputs=len(graph.inputs),
        packages=tuple(packages),
        cpu_operators=tuple(
            layer.label for layer in graph.layers if not _is_package(layer.operator)
        ),
    )


def _is_package(operator: Operator) -> bool:
    return operator.code.is_custom and operator.name == CUSTOM_OPERATOR


def _package(operator: Operator, output_names: tuple[str, ...]) -> Package:
    data = read_map(operator.custom_options.tobytes()).get(_PACKAGE_KEY)
    if not isinstance(data, bytes):
        raise FlatbufferError(f"the options have no key '{_PACKAGE_KEY}'", 0)
    root = FlatBuffer(data).root(_IDENTIFIER)
    return Package(
        operator=operator.index,
        min_runtime_version=root.int32(0),
        compiler=root.string(4),
        executables=tuple(_executables(root)),
        output_names=output_names,
    )


def _executables(package: Table) -> Iterator[Executable]:
    listing = FlatBuffer(package.array(1, np.uint8).tobytes()).root()
    count = listing.count(0)
    if not 0 < count <= _MOST_EXECUTABLES:
        raise FlatbufferError(f"a package of {count} executables", listing.position)
    for data in listing.byte_strings(0):
        yield _executable(FlatBuffer(data).root())


def _executable(table: Table) -> Executable:
    kind = table.int16(13)
    if kind not in {member.value for member in ExecutableType}:
        raise FlatbufferError(f"an executable of the unknown type {kind}", table.position)
    chunks = tuple(chunk.array(0, np.uint8).size for chunk in table.tables(5))
    hints = table.table(7)
    # The older field held 32 bits.
    cycles = table.int64(16) or table.int32(11)
    return Executable(
        kind=ExecutableType(kind),
        name=table.string(1),
        chip=table.string(10),
        batch=table.int32(3),
        scratch_bytes=table.int32(4),
        instruction_chunks=chunks,
        parameter_bytes=table.array(6, np.uint8).size,
        inputs=tuple(_layer(layer) for layer in table.tables(8)),
        outputs=tuple(_layer(layer) for layer in table.tables(9)),
        hints=() if hints is None else tuple(_hint(h, chunks) for h in hints.tables(0)),
        deterministic=hints is not None and hints.boolean(1),
        narrow_memory_bytes_per_tile=table.int32(12),
        estimated_cycles=cycles or None,
        caching_token=table.uint64(14),
    )


def _layer(table: Table) -> Layer:
    numerics = table.table(5)
    code = table.int16(6)
    return Layer(
        name=table.string(0),
        size_bytes=table.int32(1),
        y=table.int32(2),
        x=table.int32(3),
        z=table.int32(4),
        data_type=_DATA_TYPES.get(code, f"type {code}"),
        scale=0.0 if numerics is None else _finite(numerics, 1),
        zero_point=0 if numerics is None else numerics.int32(0),
        executions=table.int32(9, 1),
    )


def _finite(table: Table, field: int) -> float:
    value = table.float32(field)
    if not np.isfinite(value):
        raise FlatbufferError("a scale that is no number", table.position)
    return value


def _hint(table: Table, chunks: tuple[int, ...]) -> DmaHint:
    kind, body = table.uint8(0), table.table(1)
    if kind == _FENCE:
        return DmaHint("fence", "", 0)
    if kind == _INTERRUPT:
        return DmaHint("interrupt", "", 0)
    if body is None or kind not in {_DESCRIPTOR, _INSTRUCTION}:
        raise FlatbufferError(f"a DMA hint of kind {kind}", table.position)
    if kind == _INSTRUCTION:
        chunk = body.int32(0)
        if not 0 <= chunk < len(chunks):
            reason = f"a DMA hint for instruction chunk {chunk} of {len(chunks)}"
            raise FlatbufferError(reason, table.position)
        return DmaHint("instructions", "", chunks[chunk])
    meta = body.table(0)
    address = -1 if meta is None else meta.int16(0)
    if meta is None or address not in _ADDRESS_KINDS:
        raise FlatbufferError(f"a DMA hint for address {address}", table.position)
    return DmaHint(_ADDRESS_KINDS[address], meta.string(2), body.int32(2))
