"""What a well-formed flatbuffer must also obey to be a model that can be run or compiled."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from quantize.foundation.foreign import printable
from quantize.tflite.model import Model, Operator, Subgraph, Tensor
from quantize.tflite.options import (
    Conv2DOptions,
    DepthwiseConv2DOptions,
    Pool2DOptions,
    TransposeConvOptions,
)
from quantize.tflite.schema import DType

SCHEMA_VERSION = 3
MAX_RANK = 8
MAX_ELEMENTS = 1 << 30
_ZERO_POINTS = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.INT4: (-8, 7),
}
_ARITY = {
    "CONV_2D": (2, 3),
    "DEPTHWISE_CONV_2D": (2, 3),
    "FULLY_CONNECTED": (2, 3),
    "TRANSPOSE_CONV": (3, 4),
    "BATCH_MATMUL": (2, 2),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (9, 24),
    "ADD": (2, 2),
    "SUB": (2, 2),
    "MUL": (2, 2),
    "MEAN": (2, 2),
    "AVERAGE_POOL_2D": (1, 1),
    "MAX_POOL_2D": (1, 1),
    "SOFTMAX": (1, 1),
    "LOGISTIC": (1, 1),
    "TANH": (1, 1),
    "RELU": (1, 1),
    "RELU6": (1, 1),
    "HARD_SWISH": (1, 1),
    "LEAKY_RELU": (1, 1),
    "PAD": (2, 2),
    "RESHAPE": (1, 2),
    "SQUEEZE": (1, 1),
    "EXPAND_DIMS": (2, 2),
    "STRIDED_SLICE": (4, 4),
    "TRANSPOSE": (2, 2),
    "SPLIT": (2, 2),
    "RESIZE_NEAREST_NEIGHBOR": (2, 2),
    "QUANTIZE": (1, 1),
    "DEQUANTIZE": (1, 1),
}
"""Fewest and most inputs."""
_SEVERAL_OUTPUTS = frozenset({"SPLIT"})


def shape_problem(shape: tuple[int, ...]) -> str:
    """Say why a shape is unusable, or return ``""``; axes of length 0 are let through."""
    if len(shape) > MAX_RANK:
        return f"a tensor of {len(shape)} axes, where {MAX_RANK} are the most"
    elements = 1
    for length in shape:
        if length < 0:
            return f"the shape {list(shape)} has a negative length"
        elements *= length
        if elements > MAX_ELEMENTS:
            return f"the shape {list(shape)} has more than {MAX_ELEMENTS} elements"
    return ""


def find_problems(model: Model) -> Iterator[str]:
    """Yield what is wrong with a model, one line each, in the order of the file.

    Checked: schema version; one subgraph at least; all indices in range; shapes bounded, and
    without empty axes where operators use them; scales finite, positive and as many as the axis
    is long, with as many zero points, in the element type's range; every operator after those
    whose results it reads, and no result written twice; the arity, rank and strides of the
    operators whose work `quantize.tflite.macs` counts.
    """
    if model.version != SCHEMA_VERSION:
        yield f"schema version {model.version}, where {SCHEMA_VERSION} is known"
    if not model.subgraphs:
        yield "it has no subgraph"
    for metadata in model.metadata:
        if metadata.buffer >= max(1, len(model.buffers)):
            yield f"metadata {printable(metadata.name)!r} refers to buffer {metadata.buffer}"
    for subgraph in model.subgraphs:
        indices_are_good = True
        for problem in _index_problems(subgraph):
            indices_are_good = False
            yield problem
        for tensor in subgraph.tensors:
            yield from _tensor_problems(tensor)
        # What follows looks tensors up by index.
        if indices_are_good:
            yield from _order_problems(subgraph)
            for operator in subgraph.operators:
                yield from _operator_problems(subgraph, operator)


def _index_problems(subgraph: Subgraph) -> Iterator[str]:
    count = len(subgraph.tensors)
    for what, indices in (("input", subgraph.inputs), ("output", subgraph.outputs)):
        for index in indices:
            if not 0 <= index < count:
                yield f"{what} tensor {index} of {count}"
        if len(set(indices)) != len(indices) and what == "input":
            yield "the same tensor is an input twice"
    for operator in subgraph.operators:
        # Only inputs may be left out, which -1 says.
        groups = ((operator.inputs, -1), (operator.outputs, 0), (operator.intermediates, -1))
        for indices, least in groups:
            for index in indices:
                if not least <= index < count:
                    where = f"operator {operator.index} {printable(operator.name)}"
                    yield f"{where} uses tensor {index} of {count}"


def _tensor_problems(tensor: Tensor) -> Iterator[str]:
    where = f"tensor {tensor.index}"
    if tensor.name:
        where += f" ({printable(tensor.name)})"
    problem = shape_problem(tensor.shape)
    if problem:
        yield f"{where}: {problem}"
        return
    if tensor.shape_signature and len(tensor.shape_signature) != len(tensor.shape):
        yield f"{where}: its shape and shape signature differ in rank"
    if tensor.is_variable and tensor.is_constant:
        yield f"{where}: it is a variable and a constant at once"
    quantisation = tensor.quantisation
    if quantisation is None:
        return
    scales, zero_points = quantisation.scales, quantisation.zero_points
    if scales.size != zero_points.size:
        yield f"{where}: {scales.size} scales and {zero_points.size} zero points"
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        yield f"{where}: a scale is not a positive number"
    if scales.size > 1:
        axis = quantisation.axis
        if not 0 <= axis < len(tensor.shape):
            yield f"{where}: quantised along axis {axis} of {len(tensor.shape)}"
        elif tensor.shape[axis] != scales.size:
            yield f"{where}: {scales.size} scales along an axis of length {tensor.shape[axis]}"
    low, high = _ZERO_POINTS.get(tensor.dtype, (-(1 << 31), (1 << 31) - 1))
    if ((zero_points < low) | (zero_points > high)).any():
        yield f"{where}: a zero point outside {low} to {high}"


def _order_problems(subgraph: Subgraph) -> Iterator[str]:
    tensors = subgraph.tensors
    known = {t.index for t in tensors if t.is_constant or t.is_variable} | set(subgraph.inputs)
    for operator in subgraph.operators:
        for index in operator.inputs:
            if index >= 0 and index not in known and tensors[index].elements:
                label = subgraph.layer_label(operator)
                yield f"{label} reads tensor {index} before it is computed"
        for index in operator.outputs:
            if index in known and not tensors[index].is_variable:
                label = subgraph.layer_label(operator)
                yield f"{label} writes tensor {index}, which is not its own"
            known.add(index)
    for index in subgraph.outputs:
        if index not in known:
            yield f"output tensor {index} is never computed"


def _operator_problems(subgraph: Subgraph, operator: Operator) -> Iterator[str]:
    label = subgraph.layer_label(operator)
    for index in (*operator.inputs, *operator.outputs):
        if index >= 0 and 0 in subgraph.tensors[index].shape:
            yield f"{label} uses tensor {index}, which has no elements"
            return
    arity = _ARITY.get(operator.name)
    if arity is None or operator.code.is_custom:
        return
    fewest, most = arity
    # An LSTM may leave out its input gate; all others need their first inputs.
    needed = operator.inputs[: 1 if fewest > 4 else fewest]
    if not fewest <= len(operator.inputs) <= most or -1 in needed:
        yield f"{label} has {len(operator.inputs)} inputs, where {fewest} to {most} are right"
        return
    if not operator.outputs or (
        len(operator.outputs) > 1 and operator.name not in _SEVERAL_OUTPUTS
    ):
        yield f"{label} has {len(operator.outputs)} outputs"
        return
    yield from _window_problems(operator, label)
    yield from _weight_problems(subgraph, operator, label)


def _window_problems(operator: Operator, label: str) -> Iterator[str]:
    options = operator.options
    sizes: tuple[int, ...] = ()
    match options:
        case Conv2DOptions() | DepthwiseConv2DOptions():
            sizes = (options.stride_h, options.stride_w, options.dilation_h, options.dilation_w)
        case TransposeConvOptions():
            sizes = (options.stride_h, options.stride_w)
        case Pool2DOptions():
            sizes = (options.stride_h, options.stride_w, options.filter_h, options.filter_w)
    if any(size < 1 for size in sizes):
        yield f"{label} has a stride, dilation or window below 1"


def _weight_problems(subgraph: Subgraph, operator: Operator, label: str) -> Iterator[str]:
    tensors = subgraph.tensors
    shapes = [tensors[index].shape for index in operator.inputs if index >= 0]
    out = tensors[operator.outputs[0]].shape
    match operator.name:
        case "CONV_2D":
            data, weights = shapes[:2]
            good = len(data) == len(weights) == len(out) == 4
            # Filters with fewer channels than the input make a grouped convolution.
            good = good and data[3] % weights[3] == 0 and out[3] == weights[0]
        case "DEPTHWISE_CONV_2D":
            data, weights = shapes[:2]
            good = len(data) == len(weights) == len(out) == 4
            good = good and weights[0] == 1 and out[3] == weights[3] and out[3] % data[3] == 0
        case "FULLY_CONNECTED":
            data, weights = shapes[:2]
            good = len(weights) == 2 and len(data) >= 1 and len(out) >= 1
            rows, rest = divmod(math.prod(data), weights[1]) if good else (0, 0)
            good = good and rest == 0 and math.prod(out) == rows * weights[0]
        case "TRANSPOSE_CONV":
            weights, data = shapes[1:3]
            good = len(data) == len(weights) == len(out) == 4
            good = good and data[3] == weights[3] and out[3] == weights[0]
        case "BATCH_MATMUL":
            good = all(len(shape) >= 2 for shape in (*shapes, out))
        case "AVERAGE_POOL_2D" | "MAX_POOL_2D":
            good = len(shapes[0]) == len(out) == 4
        case _:
            good = True
    if not good:
        yield f"{label} has shapes that do not fit: {[list(s) for s in shapes]} to {list(out)}"
