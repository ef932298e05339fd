"""Changes to the small model of `tests/quantize/conftest.py`, each of which breaks something."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

Build = Callable[..., bytes]
Edit = Callable[[Any, Any], None]
CONV, DEPTHWISE, POOL, RESHAPE, DENSE = range(5)


def rename(place: int, kind: str, version: int = 1) -> Edit:
    """Turn an operator into another one, without options."""

    def edit(model: Any, schema: Any) -> None:
        code = model.operatorCodes[place]
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        operator = model.subgraphs[0].operators[place]
        operator.builtinOptions, operator.builtinOptionsType = None, 0

    return edit


def set_version(place: int, version: int) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        del schema
        model.operatorCodes[place].version = version

    return edit


def set_option(place: int, **values: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        del schema
        for name, value in values.items():
            setattr(model.subgraphs[0].operators[place].builtinOptions, name, value)

    return edit


def compute_input(place: int, which: int) -> Edit:
    """Make a constant a tensor that is given from outside."""

    def edit(model: Any, schema: Any) -> None:
        del schema
        graph = model.subgraphs[0]
        index = graph.operators[place].inputs[which]
        graph.tensors[index].buffer = 0
        graph.inputs = [*graph.inputs, index]

    return edit


def reshape_tensor(tensor: int, shape: list[int]) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        del schema
        model.subgraphs[0].tensors[tensor].shape = shape

    return edit


def with_input(place: int, kind: str, values: Any) -> Edit:
    """Turn the operator at `place` into `kind` with a second input of constant integers."""

    def edit(model: Any, schema: Any) -> None:
        rename(place, kind)(model, schema)
        graph = model.subgraphs[0]
        buffer, tensor = schema.BufferT(), schema.TensorT()
        data = np.asarray(values, np.int32)
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        tensor.name, tensor.shape = "extra", list(data.shape)
        tensor.type, tensor.buffer = schema.TensorType.INT32, len(model.buffers)
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
        operator = graph.operators[place]
        operator.inputs = [operator.inputs[0], len(graph.tensors) - 1]

    return edit


def both(*edits: Edit) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for each in edits:
            each(model, schema)

    return edit


def float_input(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[0].type = schema.TensorType.FLOAT32


def per_channel_dense(model: Any, schema: Any) -> None:
    del schema
    tensor = model.subgraphs[0].tensors[model.subgraphs[0].operators[DENSE].inputs[1]]
    tensor.quantization.scale, tensor.quantization.zeroPoint = [0.1, 0.2, 0.3], [0, 0, 0]


def all_float(model: Any, schema: Any) -> None:
    for tensor in model.subgraphs[0].tensors:
        if tensor.type == schema.TensorType.INT8:
            tensor.type = schema.TensorType.FLOAT32
            if tensor.buffer:
                values = model.buffers[tensor.buffer].data.view(np.int8).astype(np.float32)
                model.buffers[tensor.buffer].data = values.view(np.uint8)


def own_input(place: int, shape: list[int]) -> Edit:
    """Feed an operator from an input of its own, of any shape."""

    def edit(model: Any, schema: Any) -> None:
        graph = model.subgraphs[0]
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = "own", shape, schema.TensorType.INT8
        tensor.quantization = graph.tensors[0].quantization
        graph.tensors.append(tensor)
        graph.operators[place].inputs[0] = len(graph.tensors) - 1
        graph.inputs = [*graph.inputs, len(graph.tensors) - 1]

    return edit


def lstm(model: Any, schema: Any) -> None:
    rename(POOL, "UNIDIRECTIONAL_SEQUENCE_LSTM")(model, schema)
    operator = model.subgraphs[0].operators[POOL]
    operator.inputs = [operator.inputs[0], *[-1] * 23]


def open_batch(model: Any, schema: Any) -> None:
    del schema
    model.subgraphs[0].tensors[0].shapeSignature = [-1, 6, 5, 2]


def open_height(model: Any, schema: Any) -> None:
    del schema
    model.subgraphs[0].tensors[0].shapeSignature = [1, -1, 5, 2]


def custom(model: Any, schema: Any) -> None:
    rename(POOL, "CUSTOM")(model, schema)
    model.operatorCodes[POOL].customCode = "MyPool\x1b[31m"


def resize(before: list[int], after: list[int]) -> Edit:
    kind = with_input(POOL, "RESIZE_BILINEAR", after[1:3])
    return both(kind, own_input(POOL, before), reshape_tensor(7, after))


def set_scale(tensor: int, scale: float, zero_point: int = 0) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        del schema
        quantisation = model.subgraphs[0].tensors[tensor].quantization
        quantisation.scale, quantisation.zeroPoint = [scale], [zero_point]

    return edit


def softmax(beta: float | None = 1.0, *, scale: float = 1 / 256, zero_point: int = -128) -> Edit:
    """Turn the pooling into a softmax over four values."""

    def edit(model: Any, schema: Any) -> None:
        rename(POOL, "SOFTMAX", 2)(model, schema)
        own_input(POOL, [1, 4])(model, schema)
        graph = model.subgraphs[0]
        tensor = graph.tensors[-1]
        tensor.quantization = copy.deepcopy(tensor.quantization)
        graph.tensors[7].shape = [1, 4]
        graph.tensors[7].quantization = copy.deepcopy(graph.tensors[7].quantization)
        set_scale(7, scale, zero_point)(model, schema)
        if beta is not None:
            options = schema.SoftmaxOptionsT()
            options.beta = beta
            operator = graph.operators[POOL]
            operator.builtinOptions = options
            operator.builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions

    return edit


def addition(output_scale: float) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        rename(POOL, "ADD", 2)(model, schema)
        graph = model.subgraphs[0]
        operator = graph.operators[POOL]
        operator.inputs = [operator.inputs[0]] * 2
        options = schema.AddOptionsT()
        operator.builtinOptions = options
        operator.builtinOptionsType = schema.BuiltinOptions.AddOptions
        graph.tensors[7].shape = [1, 3, 3, 4]
        set_scale(7, output_scale)(model, schema)

    return edit


def nearly_equal_weights(model: Any, schema: Any) -> None:
    del schema
    tensor = model.subgraphs[0].tensors[model.subgraphs[0].operators[DENSE].inputs[1]]
    values = np.zeros(12, np.int8)
    values[3] = 1
    model.buffers[tensor.buffer].data = values.view(np.uint8)


def constant_answer(model: Any, schema: Any) -> None:
    del schema
    graph = model.subgraphs[0]
    probabilities = graph.tensors[graph.outputs[0]].quantization
    probabilities.min, probabilities.max = [0.1], [0.12]


def requantise(tensor: int, **values: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        del schema
        for name, value in values.items():
            setattr(model.subgraphs[0].tensors[tensor].quantization, name, value)

    return edit


def bias_of_64_bits(model: Any, schema: Any) -> None:
    tensor = model.subgraphs[0].tensors[2]
    tensor.type = schema.TensorType.INT64
    values = model.buffers[tensor.buffer].data.view(np.int32).astype(np.int64)
    model.buffers[tensor.buffer].data = values.view(np.uint8)
