"""What a well-formed flatbuffer must also obey to be a model that can be run or compiled."""

from __future__ import annotations

import math
from collections.abc import Iterator

from quantize.foundation.foreign import printable
from quantize.tflite.model import Layer, Model, Subgraph, Tensor
from quantize.tflite.options import (
    Conv2DOptions,
    DepthwiseConv2DOptions,
    Pool2DOptions,
    TransposeConvOptions,
)
from quantize.tflite.schema import DType

MAX_RANK = 8
MAX_ELEMENTS = 1 << 30
_ZERO_POINTS = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.INT4: (-8, 7),
    DType.INT2: (-2, 1),
    DType.UINT4: (0, 15),
    DType.UINT16: (0, 65535),
}
QUANTISED = frozenset(
    {
        DType.INT2,
        DType.INT4,
        DType.UINT4,
        DType.INT8,
        DType.UINT8,
        DType.INT16,
        DType.UINT16,
        DType.INT32,
        DType.INT64,
    }
)
"""Types whose scales are computed with; to all others they mean nothing."""
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
    "DIV": (2, 2),
    "EQUAL": (2, 2),
    "NOT_EQUAL": (2, 2),
    "GREATER": (2, 2),
    "GREATER_EQUAL": (2, 2),
    "LESS": (2, 2),
    "LESS_EQUAL": (2, 2),
    "SELECT_V2": (3, 3),
    "CAST": (1, 1),
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
    "SPLIT_V": (3, 3),
    "SHAPE": (1, 1),
    "ABS": (1, 1),
    "ARG_MAX": (2, 2),
    "ARG_MIN": (2, 2),
    "BATCH_TO_SPACE_ND": (3, 3),
    "BROADCAST_TO": (2, 2),
    "ELU": (1, 1),
    "L2_NORMALIZATION": (1, 1),
    "MIRROR_PAD": (2, 2),
    "REVERSE_V2": (2, 2),
    "SLICE": (3, 3),
    "SPACE_TO_BATCH_ND": (3, 3),
    "SUM": (2, 2),
    "UNPACK": (1, 1),
    "DEPTH_TO_SPACE": (1, 1),
    "GATHER": (2, 2),
    "GATHER_ND": (2, 2),
    "CUMSUM": (2, 2),
    "MAXIMUM": (2, 2),
    "MINIMUM": (2, 2),
    "PRELU": (2, 2),
    "REDUCE_MAX": (2, 2),
    "REDUCE_MIN": (2, 2),
    "RESIZE_BILINEAR": (2, 2),
    "RSQRT": (1, 1),
    "SPACE_TO_DEPTH": (1, 1),
    "SQUARED_DIFFERENCE": (2, 2),
    "SVDF": (5, 5),
    "LOG_SOFTMAX": (1, 1),
    "RESIZE_NEAREST_NEIGHBOR": (2, 2),
    "QUANTIZE": (1, 1),
    "DEQUANTIZE": (1, 1),
}
"""Fewest and most inputs."""
_SEVERAL_OUTPUTS = frozenset({"SPLIT", "SPLIT_V", "UNPACK"})


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
    """Yield what is damaged in a model, one line each that says where, in the order of the file.

    Checked: one subgraph at least; all indices in range; shapes bounded; scales as many as the
    axis is long, with as many zero points, in the element type's range, and none negative; every
    operator after those whose results it reads, and no result written twice; the arity, rank and
    strides of the operators whose work `quantize.tflite.macs` counts, and that their shapes fit
    where they are known. What nothing uses need not be right.
    """
    if not model.subgraphs:
        yield "it has no subgraph"
    for subgraph in model.subgraphs:
        indices_are_good = True
        for problem in _index_problems(subgraph):
            indices_are_good = False
            yield problem
        used = used_tensors(subgraph)
        for tensor in subgraph.tensors:
            yield from _shape_problems(subgraph, tensor)
            if tensor.index in used:
                for problem in quantisation_problems(tensor):
                    yield f"{subgraph.tensor_label(tensor.index)}: {problem}"
        # What follows looks tensors up by index.
        if indices_are_good:
            yield from _order_problems(subgraph)
            for layer in subgraph.layers:
                yield from _operator_problems(layer)


def used_tensors(subgraph: Subgraph) -> frozenset[int]:
    """Return the indices that inputs, outputs and operators refer to."""
    used = {*subgraph.inputs, *subgraph.outputs}
    for operator in subgraph.operators:
        used.update(operator.inputs, operator.outputs, operator.intermediates)
    return frozenset(used)


def _index_problems(subgraph: Subgraph) -> Iterator[str]:
    count = len(subgraph.tensors)
    for what, indices in (("input", subgraph.inputs), ("output", subgraph.outputs)):
        for index in indices:
            if not 0 <= index < count:
                yield f"{subgraph.prefix}{what} tensor {index} of {count}"
        if len(set(indices)) != len(indices) and what == "input":
            yield f"{subgraph.prefix}the same tensor is an input twice"
    for operator in subgraph.operators:
        # Only inputs may be left out, which -1 says.
        groups = ((operator.inputs, -1), (operator.outputs, 0), (operator.intermediates, -1))
        for indices, least in groups:
            for index in indices:
                if not least <= index < count:
                    where = f"{subgraph.prefix}operator {operator.index} "
                    where += printable(operator.name)
                    yield f"{where} uses tensor {index} of {count}"


def _shape_problems(subgraph: Subgraph, tensor: Tensor) -> Iterator[str]:
    problem = shape_problem(tensor.shape)
    if problem:
        yield f"{subgraph.tensor_label(tensor.index)}: {problem}"


def quantisation_problems(tensor: Tensor) -> Iterator[str]:
    """Yield why a tensor's scales and zero points cannot be what was meant."""
    quantisation = tensor.quantisation
    if quantisation is None or tensor.dtype not in QUANTISED:
        return
    scales, zero_points = quantisation.scales, quantisation.zero_points
    if scales.size != zero_points.size:
        yield f"{scales.size} scales and {zero_points.size} zero points"
    if (scales < 0).any():
        yield "a scale is negative, not a positive number"
    if scales.size > 1:
        axis = quantisation.axis
        if not 0 <= axis < len(tensor.shape):
            yield f"quantised along axis {axis} of {len(tensor.shape)}"
        elif tensor.shape[axis] != scales.size:
            yield f"{scales.size} scales along an axis of length {tensor.shape[axis]}"
    low, high = _ZERO_POINTS.get(tensor.dtype, (-(1 << 31), (1 << 31) - 1))
    if ((zero_points < low) | (zero_points > high)).any():
        yield f"a zero point outside {low} to {high}"


def _order_problems(subgraph: Subgraph) -> Iterator[str]:
    tensors = subgraph.tensors
    known = {t.index for t in tensors if t.is_constant or t.is_variable} | set(subgraph.inputs)
    for layer in subgraph.layers:
        for tensor in layer.inputs:
            if tensor.index not in known and tensor.elements:
                yield f"{layer.label} reads tensor {tensor.index} before it is computed"
        for tensor in layer.outputs:
            if tensor.index in known and not tensor.is_variable:
                yield f"{layer.label} writes tensor {tensor.index}, which is not its own"
            known.add(tensor.index)
    for index in subgraph.outputs:
        if index not in known:
            yield f"{subgraph.prefix}output tensor {index} is never computed"


def _operator_problems(layer: Layer) -> Iterator[str]:
    label, operator = layer.label, layer.operator
    arity = _ARITY.get(layer.name)
    if arity is None or layer.is_custom:
        return
    fewest, most = arity
    # An LSTM may leave out its input gate, SVDF its bias; all others need their first inputs.
    needed = operator.inputs[: 1 if fewest > 4 else fewest]
    if not fewest <= len(operator.inputs) <= most or -1 in needed:
        yield f"{label} has {len(operator.inputs)} inputs, where {fewest} to {most} are right"
        return
    if not operator.outputs or (len(operator.outputs) > 1 and layer.name not in _SEVERAL_OUTPUTS):
        yield f"{label} has {len(operator.outputs)} outputs"
        return
    yield from _window_problems(layer)
    yield from _weight_problems(layer)


def _window_problems(layer: Layer) -> Iterator[str]:
    options = layer.options
    sizes: tuple[int, ...] = ()
    match options:
        case Conv2DOptions() | DepthwiseConv2DOptions():
            sizes = (options.stride_h, options.stride_w, options.dilation_h, options.dilation_w)
        case TransposeConvOptions():
            sizes = (options.stride_h, options.stride_w)
        case Pool2DOptions():
            sizes = (options.stride_h, options.stride_w, options.filter_h, options.filter_w)
    if any(size < 1 for size in sizes):
        yield f"{layer.label} has a stride, dilation or window below 1"


def _weight_problems(layer: Layer) -> Iterator[str]:
    shapes = [tensor.shape for tensor in layer.inputs]
    out = layer.outputs[0].shape
    good = _ranks_fit(layer.name, shapes, out)
    # Shapes that are not known, or hold nothing, are for `quantize.tflite.unread`.
    if good and is_settled(layer):
        good = lengths_fit(layer)
    if not good:
        made_of = f"{[list(shape) for shape in shapes]} to {list(out)}"
        yield f"{layer.label} has shapes that do not fit: {made_of}"


def is_settled(layer: Layer) -> bool:
    """Whether the shapes of all that an operator uses are known now, and hold something."""
    used = (*layer.inputs, *layer.outputs)
    return not any(0 in tensor.shape or is_open(tensor) for tensor in used)


def is_open(tensor: Tensor) -> bool:
    """Whether a tensor has an axis of unknown length; a batch of one may be left open."""
    signature = tensor.shape_signature
    return -1 in signature[1:] or (signature[:1] == (-1,) and tensor.shape[:1] != (1,))


def _ranks_fit(name: str, shapes: list[tuple[int, ...]], out: tuple[int, ...]) -> bool:
    match name:
        case "CONV_2D" | "DEPTHWISE_CONV_2D":
            return all(len(shape) == 4 for shape in (*shapes[:2], out))
        case "FULLY_CONNECTED":
            return len(shapes[1]) == 2 and len(shapes[0]) >= 1 and len(out) >= 1
        case "TRANSPOSE_CONV":
            return all(len(shape) == 4 for shape in (*shapes[1:3], out))
        case "BATCH_MATMUL":
            return all(len(shape) >= 2 for shape in (*shapes, out))
        case "AVERAGE_POOL_2D" | "MAX_POOL_2D":
            return len(shapes[0]) == len(out) == 4
    return True


def lengths_fit(layer: Layer) -> bool:
    """Whether the axes of a known operator's tensors, none of them empty, fit each other."""
    if layer.is_custom or layer.name not in _ARITY:
        return True
    shapes = [tensor.shape for tensor in layer.inputs]
    out = layer.outputs[0].shape
    match layer.name:
        case "CONV_2D":
            data, weights = shapes[:2]
            # Filters with fewer channels than the input make a grouped convolution.
            return data[3] % weights[3] == 0 and out[3] == weights[0]
        case "DEPTHWISE_CONV_2D":
            data, weights = shapes[:2]
            return weights[0] == 1 and out[3] == weights[3] and out[3] % data[3] == 0
        case "FULLY_CONNECTED":
            data, weights = shapes[:2]
            rows, rest = divmod(math.prod(data), weights[1])
            return rest == 0 and math.prod(out) == rows * weights[0]
        case "TRANSPOSE_CONV":
            weights, data = shapes[1:3]
            return data[3] == weights[3] and out[3] == weights[0]
    return True
