"""A small int8 model, packed by LiteRT's own schema code: an independent writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Edit = Callable[[Any, Any], None]
ModelBuilder = Callable[..., bytes]


def _quantisation(schema: Any, scales: list[float], zero_points: list[int], axis: int = 0) -> Any:
    quantisation = schema.QuantizationParametersT()
    quantisation.scale, quantisation.zeroPoint = scales, zero_points
    quantisation.quantizedDimension = axis
    return quantisation


class _Writer:
    """Collects buffers, tensors and operators of one subgraph."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = "small"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.name = "main"
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(
        self, name: str, shape: list[int], kind: str, quantisation: Any, data: Any = None
    ) -> int:
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape = name, shape
        tensor.type = getattr(self.schema.TensorType, kind)
        tensor.quantization = quantisation
        if data is not None:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(
        self, kind: str, version: int, inputs: list[int], output: int, options: Any, union: str
    ) -> None:
        code = self.schema.OperatorCodeT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        self.model.operatorCodes.append(code)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, union)
        self.graph.operators.append(operator)


def _small(schema: Any) -> _Writer:
    """[1, 6, 5, 2] -> conv 3x3x4 -> depthwise 3x3 stride 2 -> mean pool -> reshape -> dense 3."""
    rng = np.random.default_rng(7)
    out = _Writer(schema)

    def weights(*shape: int) -> Any:
        return rng.integers(-127, 128, shape).astype(np.int8)

    def bias(count: int) -> Any:
        return rng.integers(-500, 500, count).astype(np.int32)

    def whole(scale: float, zero_point: int = 0) -> Any:
        return _quantisation(schema, [scale], [zero_point])

    scales = [0.005, 0.006, 0.007, 0.008]
    x = out.tensor("input", [1, 6, 5, 2], "INT8", whole(0.03125))
    w1 = out.tensor(
        "conv/w", [4, 3, 3, 2], "INT8", _quantisation(schema, scales, [0] * 4), weights(4, 3, 3, 2)
    )
    b1 = out.tensor(
        "conv/b", [4], "INT32", _quantisation(schema, [s / 32 for s in scales], [0] * 4), bias(4)
    )
    conv = out.tensor("conv", [1, 6, 5, 4], "INT8", whole(0.05, -128))
    w2 = out.tensor(
        "dw/w", [1, 3, 3, 4], "INT8", _quantisation(schema, scales, [0] * 4, 3), weights(1, 3, 3, 4)
    )
    b2 = out.tensor(
        "dw/b", [4], "INT32", _quantisation(schema, [s * 0.05 for s in scales], [0] * 4), bias(4)
    )
    dw = out.tensor("dw", [1, 3, 3, 4], "INT8", whole(0.06, 3))
    pool = out.tensor("pool", [1, 1, 1, 4], "INT8", whole(0.06, 3))
    to = out.tensor("to", [2], "INT32", None, np.array([1, 4], np.int32))
    flat = out.tensor("flat", [1, 4], "INT8", whole(0.06, 3))
    w3 = out.tensor("dense/w", [3, 4], "INT8", whole(0.01), weights(3, 4))
    b3 = out.tensor("dense/b", [3], "INT32", whole(0.0006), bias(3))
    logits = out.tensor("logits", [1, 3], "INT8", whole(0.04, 1))

    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    out.operator("CONV_2D", 3, [x, w1, b1], conv, options, "Conv2DOptions")
    options = schema.DepthwiseConv2DOptionsT()
    options.strideH = options.strideW = 2
    options.dilationHFactor = options.dilationWFactor = options.depthMultiplier = 1
    out.operator("DEPTHWISE_CONV_2D", 3, [conv, w2, b2], dw, options, "DepthwiseConv2DOptions")
    options = schema.Pool2DOptionsT()
    options.strideH = options.strideW = options.filterHeight = options.filterWidth = 3
    options.padding = schema.Padding.VALID
    out.operator("AVERAGE_POOL_2D", 2, [dw], pool, options, "Pool2DOptions")
    out.operator("RESHAPE", 1, [pool, to], flat, None, "NONE")
    options = schema.FullyConnectedOptionsT()
    out.operator("FULLY_CONNECTED", 4, [flat, w3, b3], logits, options, "FullyConnectedOptions")
    out.graph.inputs, out.graph.outputs = [x], [logits]
    return out


@pytest.fixture(scope="session")
def schema() -> Any:
    """LiteRT's generated schema code, an independent reader and writer of .tflite files."""
    return pytest.importorskip("ai_edge_litert.schema_py_generated")


@pytest.fixture(scope="session")
def build_model(schema: Any) -> ModelBuilder:
    """A function that packs the small model after `edit(model, schema)` has changed it."""
    flatbuffers = pytest.importorskip("flatbuffers")

    def build(edit: Edit | None = None) -> bytes:
        model = _small(schema).model
        if edit is not None:
            edit(model, schema)
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    return build
