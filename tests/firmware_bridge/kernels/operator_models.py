"""Small .tflite models built operator by operator, and what TFLite-Micro makes of them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from quantize.tflite.schema import DType


@cache
def schema() -> ModuleType:
    """The schema's classes, without importing all of TensorFlow for them."""
    package = importlib.util.find_spec("tensorflow")
    assert package is not None and package.origin is not None
    path = Path(package.origin).parent / "lite/python/schema_py_generated.py"
    spec = importlib.util.spec_from_file_location("tflite_schema", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packed_int4(values: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Return values of -8 to 7 two in a byte, the first of them in the lower bits."""
    assert values.dtype == np.int8 and values.min() >= -8 and values.max() <= 7
    nibbles = np.zeros((values.size + 1) // 2 * 2, np.uint8)
    nibbles[: values.size] = values.reshape(-1).view(np.uint8) & 15
    packed: NDArray[np.uint8] = nibbles[::2] | nibbles[1::2] << 4
    return packed


class ModelBuilder:
    """A model in the making: tensors and operators in the order in which they are added."""

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema().BufferT()]
        self._operators: list[Any] = []
        self._codes: list[Any] = []
        self._further: list[Any] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        *,
        scale: float | NDArray[Any] | None = None,
        zero_point: int | NDArray[Any] = 0,
        axis: int = 0,
        dtype: DType = DType.INT8,
        data: NDArray[Any] | None = None,
        name: str = "",
        signature: tuple[int, ...] | None = None,
        variable: bool = False,
    ) -> int:
        """Add a tensor, a constant where `data` is given, int8 for int4; return its index."""
        tensor = schema().TensorT()
        tensor.shape = np.asarray(shape, np.int32)
        tensor.type = dtype.code
        tensor.name = name or f"tensor_{len(self._tensors)}"
        tensor.isVariable = variable
        if signature is not None:
            tensor.shapeSignature = np.asarray(signature, np.int32)
        if scale is not None:
            quantisation = schema().QuantizationParametersT()
            quantisation.scale = np.atleast_1d(np.asarray(scale, np.float32))
            zeros = np.zeros(quantisation.scale.shape, np.int64)
            quantisation.zeroPoint = zeros + np.asarray(zero_point, np.int64)
            quantisation.quantizedDimension = axis
            tensor.quantization = quantisation
        buffer = schema().BufferT()
        if data is not None:
            assert data.size == np.prod(shape, dtype=int)
            if dtype is DType.INT4:
                data = packed_int4(data)
            assert data.dtype == (dtype.numpy or np.uint8)
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        tensor.buffer = len(self._buffers)
        self._buffers.append(buffer)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def integers(self, *values: int) -> int:
        """Add a constant int32 vector: axes, paddings, sizes."""
        return self.tensor(
            (len(values),), dtype=DType.INT32, data=np.asarray(values, dtype=np.int32)
        )

    def operator(
        self,
        name: str,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        options: str = "",
        *,
        version: int = 1,
        **fields: Any,
    ) -> None:
        """Add an operator; `options` is the stem of its options' class: ``"Conv2D"``."""
        code = schema().OperatorCodeT()
        code.builtinCode = getattr(schema().BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        self._codes.append(code)
        operator = schema().OperatorT()
        operator.opcodeIndex = len(self._codes) - 1
        operator.inputs = np.asarray(inputs, np.int32)
        operator.outputs = np.asarray(outputs, np.int32)
        if options:
            kind = f"{options}Options"
            operator.builtinOptionsType = getattr(schema().BuiltinOptions, kind)
            operator.builtinOptions = getattr(schema(), f"{kind}T")()
            for field, value in fields.items():
                assert hasattr(operator.builtinOptions, field), field
                setattr(operator.builtinOptions, field, value)
        self._operators.append(operator)

    def build(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> bytes:
        """Return the file's bytes."""
        graph = schema().SubGraphT()
        graph.name = "main"
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs = np.asarray(inputs, np.int32)
        graph.outputs = np.asarray(outputs, np.int32)
        model = schema().ModelT()
        model.version = 3
        model.description = "test"
        model.operatorCodes, model.subgraphs = self._codes, [graph, *self._further]
        model.buffers = self._buffers
        builder = flatbuffers.Builder(1 << 12)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def micro_outputs(
    model: bytes, inputs: NDArray[Any], *, output: int = 0, arena_bytes: int = 1 << 20
) -> NDArray[Any]:
    """Return TFLite-Micro's outputs ``[n, ...]`` for inputs ``[n, *input shape]``.

    In this process: for models that the test itself built.
    """
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)
    results = []
    for sample in inputs:
        interpreter.set_input(sample, 0)
        interpreter.invoke()
        results.append(np.array(interpreter.get_output(output)))
    return np.stack(results)
