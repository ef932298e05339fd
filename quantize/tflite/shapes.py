"""The shape that follows for an operator's output from its fields and inputs, as LiteRT finds it.

TFLite-Micro takes the shape that stands in the file. Where the two are not one, the runtimes
differ, in their result or in whether they run the model at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from quantize.tflite.model import Layer
from quantize.tflite.options import FullyConnectedOptions, ReducerOptions, StridedSliceOptions

Shape = tuple[int, ...]
_Rule = Callable[[Layer], Shape | None]


def following_shape(layer: Layer) -> Shape | None:
    """Return the shape of an operator's (first) output; all shapes of inputs must be known.

    Returns
    -------
    tuple or None
        ``None`` for operators that are not known here, and where axes, sizes or bounds are no
        constants or do not fit: that is for others to say.
    """
    rule = None if layer.is_custom else _RULES.get(layer.name)
    return rule(layer) if rule else None


def _integers(layer: Layer, position: int) -> list[int] | None:
    """Return a constant input of axes, sizes or bounds; ``None`` where it is none."""
    tensor = layer.input(position)
    if tensor is None or tensor.data is None or tensor.dtype.is_float:
        return None
    return [int(value) for value in tensor.data.reshape(-1)[:64]]


def _shape(layer: Layer, position: int = 0) -> Shape:
    tensor = layer.input(position)
    return () if tensor is None else tensor.shape


def _same(layer: Layer) -> Shape:
    return _shape(layer)


def _broadcast(layer: Layer) -> Shape | None:
    one, other = _shape(layer), _shape(layer, 1)
    rank = max(len(one), len(other))
    pairs = zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(other)) + other, strict=True)
    lengths = [(max(pair), min(pair)) for pair in pairs]
    if any(least not in (1, most) for most, least in lengths):
        return None
    return tuple(most for most, _ in lengths)


def _dense(layer: Layer) -> Shape | None:
    data, weights = _shape(layer), _shape(layer, 1)
    if not isinstance(layer.options, FullyConnectedOptions) or len(weights) != 2:
        return None
    if layer.options.keep_num_dims:
        return (*data[:-1], weights[0])
    return (math.prod(data) // weights[1], weights[0])


def _reduced(layer: Layer) -> Shape | None:
    data, axes = _shape(layer), _integers(layer, 1)
    if axes is None or not isinstance(layer.options, ReducerOptions):
        return None
    if any(not -len(data) <= axis < len(data) for axis in axes):
        return None
    gone = {axis % len(data) for axis in axes}
    if layer.options.keep_dims:
        return tuple(1 if axis in gone else length for axis, length in enumerate(data))
    return tuple(length for axis, length in enumerate(data) if axis not in gone)


def _expanded(layer: Layer) -> Shape | None:
    data, axes = _shape(layer), _integers(layer, 1)
    if axes is None or len(axes) != 1 or not -len(data) - 1 <= axes[0] <= len(data):
        return None
    axis = axes[0] % (len(data) + 1)
    return (*data[:axis], 1, *data[axis:])


def _transposed(layer: Layer) -> Shape | None:
    data, order = _shape(layer), _integers(layer, 1)
    if order is None or sorted(order) != list(range(len(data))):
        return None
    return tuple(data[axis] for axis in order)


def _padded(layer: Layer) -> Shape | None:
    data, widths = _shape(layer), _integers(layer, 1)
    if widths is None or len(widths) != 2 * len(data):
        return None
    pairs = zip(data, widths[::2], widths[1::2], strict=True)
    return tuple(length + before + after for length, before, after in pairs)


def _resized(layer: Layer) -> Shape | None:
    data, size = _shape(layer), _integers(layer, 1)
    if size is None or len(size) != 2 or len(data) != 4:
        return None
    return (data[0], *size, data[3])


def _split(layer: Layer) -> Shape | None:
    data, axes = _shape(layer, 1), _integers(layer, 0)
    if axes is None or len(axes) != 1 or not -len(data) <= axes[0] < len(data):
        return None
    axis, parts = axes[0] % len(data), len(layer.operator.outputs)
    if not parts or data[axis] % parts:
        return None
    return (*data[:axis], data[axis] // parts, *data[axis + 1 :])


def _sliced(layer: Layer) -> Shape | None:
    options, data = layer.options, _shape(layer)
    bounds = [_integers(layer, position) for position in (1, 2, 3)]
    if not isinstance(options, StridedSliceOptions) or options.offset:
        return None
    if options.ellipsis_mask or options.new_axis_mask:
        return None
    found = []
    for axis, length in enumerate(data):
        if any(bound is None or axis >= len(bound) for bound in bounds):
            return None
        begin, end, stride = (bound[axis] for bound in bounds if bound is not None)
        if options.shrink_axis_mask >> axis & 1:
            continue
        if stride == 0:
            return None
        first = None if options.begin_mask >> axis & 1 else begin
        last = None if options.end_mask >> axis & 1 else end
        found.append(len(range(length)[slice(first, last, stride)]))
    return tuple(found)


_UNARY = (
    *("RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "LOGISTIC", "TANH", "HARD_SWISH", "ELU"),
    *("ABS", "NEG", "EXP", "SQRT", "RSQRT", "SQUARE", "QUANTIZE", "DEQUANTIZE", "CAST"),
    *("SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION", "CUMSUM"),
)
_BINARY = (
    *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"),
    *("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"),
)
_REDUCTIONS = ("MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN")
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        **dict.fromkeys(_UNARY, _same),
        **dict.fromkeys(_BINARY, _broadcast),
        **dict.fromkeys(_REDUCTIONS, _reduced),
        "EXPAND_DIMS": _expanded,
        "FULLY_CONNECTED": _dense,
        "PAD": _padded,
        "PADV2": _padded,
        "RESIZE_BILINEAR": _resized,
        "RESIZE_NEAREST_NEIGHBOR": _resized,
        "SPLIT": _split,
        "STRIDED_SLICE": _sliced,
        "TRANSPOSE": _transposed,
    }
)
