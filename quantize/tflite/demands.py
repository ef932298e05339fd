"""What kernels demand of scales beside what `scales` has: fixed outputs, weights, equal scales.

`refused_scales` says what runtimes refuse to prepare or take for granted, `doubtful_scales` what
they run in silence though integers then stand for other numbers than the file says. Tried on
LiteRT's reference kernels: they refuse LOGISTIC, L2_NORMALIZATION and LOG_SOFTMAX by their scale,
CONCATENATION and PACK of unequal scales, and convolutions by the weights' axis and the bias's type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from quantize.tflite.model import Layer, Quantisation, Tensor
from quantize.tflite.schema import Activation, DType

_BIAS_TOLERANCE = 0.01
_SCALE_TOLERANCE = 1e-6
_FIXED_OUTPUTS: Mapping[str, tuple[str, float, int]] = MappingProxyType(
    {
        "LOGISTIC": ("1/256", 1 / 256, -128),
        "TANH": ("1/128", 1 / 128, 0),
        "L2_NORMALIZATION": ("1/128", 1 / 128, 0),
        "LOG_SOFTMAX": ("16/256", 16 / 256, 127),
    }
)
"""Output scale, in words too, and zero point in int8; in uint8 the zero point is 128 more."""
_WEIGHTED = MappingProxyType(
    {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
)
"""Operators with weights as input 1, and the axis of the weights that counts output channels."""
_EQUAL_REFUSED = frozenset({"CONCATENATION", "PACK"})
"""Their int8 kernels move values without rescaling, and refuse to where scales differ."""
_EQUAL_SILENT = frozenset(
    {
        "AVERAGE_POOL_2D", "MAX_POOL_2D",
        "BATCH_TO_SPACE_ND", "BROADCAST_TO", "DEPTH_TO_SPACE", "EXPAND_DIMS", "GATHER",
        "GATHER_ND", "MAXIMUM", "MINIMUM", "MIRROR_PAD", "PAD", "PADV2", "REDUCE_MAX",
        "REDUCE_MIN", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2",
        "SELECT_V2", "SLICE", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUEEZE",
        "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip
"""Their kernels move values as they are, and do not look at the scales."""


def refused_scales(layer: Layer) -> Iterator[str]:
    """Yield what makes kernels refuse to prepare an 8-bit operator, with tensors and numbers."""
    if layer.is_custom:
        return
    for check in _REFUSED:
        yield from check(layer)


def doubtful_scales(layer: Layer) -> Iterator[str]:
    """Yield what kernels run in silence, though the results are hardly what was meant."""
    if layer.is_custom:
        return
    for check in _DOUBTFUL:
        yield from check(layer)


def fixed_output(name: str, dtype: DType) -> tuple[float, int] | None:
    """Return the output scale and zero point that a kernel assumes; ``None`` if it reads them."""
    known = _FIXED_OUTPUTS.get(name)
    if known is None or not dtype.is_eight_bit:
        return None
    return known[1], known[2] + (128 if dtype is DType.UINT8 else 0)


def fixed_output_problem(name: str, output: Tensor) -> str:
    """Say how the output of SOFTMAX and its kind differs from what kernels assume."""
    wanted, quantised = fixed_output(name, output.dtype), output.whole
    if wanted is None or quantised is None:
        return ""
    scale, zero_point = wanted
    # LiteRT does not look at the scale of TANH; TFLite-Micro and the Edge TPU take it as given.
    if quantised.scale != scale:
        return (
            f"output scale is {quantised.scale:.6g}, must be {_FIXED_OUTPUTS[name][0]} = {scale:g}"
        )
    if quantised.zero_point != zero_point:
        return f"output zero point is {quantised.zero_point}, must be {zero_point}"
    return ""


def _fixed(layer: Layer) -> Iterator[str]:
    for output in layer.outputs[:1]:
        problem = fixed_output_problem(layer.name, output)
        if problem:
            yield f"{output.named}: {problem}"


def _bias(layer: Layer) -> Iterator[str]:
    found = _bias_parts(layer)
    if found is None:
        return
    bias, _, _ = found
    if bias.dtype is not DType.INT32:
        yield f"bias {bias.named} is {bias.dtype.label}, must be int32"
        return
    if bias.quantisation is None:
        return
    zero_points = bias.quantisation.zero_points
    if zero_points.size and (zero_points != 0).any():
        yield f"bias {bias.named}: zero point is {int(zero_points[0])}, must be 0"


def _doubtful_bias(layer: Layer) -> Iterator[str]:
    found = _bias_parts(layer)
    # `scales` looks at the biases of dense layers, whose kernels refuse.
    if found is None or found[0].quantisation is None or layer.name == "FULLY_CONNECTED":
        return
    bias, expected, output = found
    scales = found[0].quantisation.scales.astype(np.float64)
    if bias.data is None or scales.size not in {1, expected.size} or not bias.data.any():
        return
    values = np.abs(bias.data.reshape(-1).astype(np.float64))
    if values.size % max(expected.size, 1) or (expected.size > 1 and values.size != expected.size):
        return
    # What the bias is off by, in steps of the output: half a step is no fault.
    off = np.abs(scales - expected)
    wrong = (off > _BIAS_TOLERANCE * expected) & (
        off * (values if expected.size > 1 else values.max()) > output / 2
    )
    if wrong.any():
        channel = int(np.argmax(wrong))
        yield _bias_text(bias, float(np.resize(scales, wrong.size)[channel]), expected[channel])


def _bias_text(bias: Tensor, scale: float, wanted: float) -> str:
    return (
        f"bias {bias.named}: scale is {scale:.6g}, must be input scale x weight scale = "
        f"{wanted:.6g}"
    )


def _bias_parts(layer: Layer) -> tuple[Tensor, np.typing.NDArray[np.float64], float] | None:
    """Return the bias, input scale times weight scales, and the output's scale."""
    if layer.name not in _WEIGHTED:
        return None
    transposed = layer.name == "TRANSPOSE_CONV"
    source = layer.input(2 if transposed else 0)
    weights, bias = layer.input(1), layer.input(3 if transposed else 2)
    outputs = layer.outputs
    if source is None or weights is None or bias is None or not outputs:
        return None
    one, other = source.eight_bit_scale, outputs[0].eight_bit_scale
    if one is None or other is None or weights.quantisation is None:
        return None
    with np.errstate(all="ignore"):
        expected = one * weights.quantisation.scales.astype(np.float64)
    return bias, expected, other


def _weights(layer: Layer) -> Iterator[str]:
    """Weights whose scales are not one for each output channel."""
    axis, weights = _WEIGHTED.get(layer.name), layer.input(1)
    if axis is None or weights is None or weights.quantisation is None:
        return
    if layer.name != "FULLY_CONNECTED":
        yield from _weight_zero_point(weights)
    quantised = weights.quantisation
    if not quantised.per_axis or axis >= len(weights.shape):
        return
    channels, count = weights.shape[axis], quantised.scales.size
    along = weights.shape[quantised.axis] if 0 <= quantised.axis < len(weights.shape) else None
    if count != channels or along != channels:
        yield (
            f"weights {weights.named} have {count} scales along axis {quantised.axis}, must be "
            f"{channels} along axis {axis}"
        )


def _doubtful_weights(layer: Layer) -> Iterator[str]:
    axis, weights = _WEIGHTED.get(layer.name), layer.input(1)
    if axis is None or weights is None or weights.quantisation is None:
        return
    quantised = weights.quantisation
    if quantised.per_axis and quantised.axis != axis and not any(_weights(layer)):
        yield (
            f"weights {weights.named} have scales along axis {quantised.axis}, kernels take "
            f"them along axis {axis}"
        )
    yield from _weight_zero_point(weights) if layer.name == "FULLY_CONNECTED" else ()


def _weight_zero_point(weights: Tensor) -> Iterator[str]:
    """Convolutions refuse int8 weights with a zero point; LiteRT's dense layers compute with it."""
    if weights.quantisation is None:
        return
    zero_points = weights.quantisation.zero_points
    if weights.dtype is DType.INT8 and zero_points.size and (zero_points != 0).any():
        other = int(zero_points[zero_points != 0][0])
        yield f"weights {weights.named}: zero point is {other}, must be 0 in int8"


def _equal(layer: Layer) -> Iterator[str]:
    if layer.name in _EQUAL_REFUSED:
        yield from _differences(layer)


def _doubtful_equal(layer: Layer) -> Iterator[str]:
    if layer.name in _EQUAL_SILENT:
        yield from _differences(layer)


def _differences(layer: Layer) -> Iterator[str]:
    outputs = layer.outputs
    if not outputs:
        return
    target = outputs[0]
    other = target.whole
    if other is None or not target.dtype.is_eight_bit:
        return
    # Kernels of uint8 rescale what they join.
    if layer.name == "CONCATENATION" and target.dtype is not DType.INT8:
        return
    for source in layer.inputs:
        one = source.whole if source.dtype is target.dtype else None
        if one is None:
            continue
        if abs(one.scale - other.scale) > _SCALE_TOLERANCE or one.zero_point != other.zero_point:
            yield (
                f"{source.named} has scale {one.scale:.6g} and zero point {one.zero_point}, "
                f"{target.named} has {other.scale:.6g} and {other.zero_point}; they must be equal"
            )
            return


def activation_of(layer: Layer) -> Activation:
    """Return the fused activation."""
    return getattr(layer.options, "activation", Activation.NONE)


_BOUNDS = MappingProxyType(
    {
        Activation.RELU: (0.0, math.inf),
        Activation.RELU6: (0.0, 6.0),
        Activation.RELU_N1_TO_1: (-1.0, 1.0),
    }
)


def _doubtful_activation(layer: Layer) -> Iterator[str]:
    for target, quantised, (low, high) in _activation_parts(layer):
        least, most = (-128, 127) if target.dtype is DType.INT8 else (0, 255)
        if not (quantised.scale > 0 and math.isfinite(quantised.scale)):
            continue
        least = max(least, quantised.zero_point + round(low / quantised.scale))
        if math.isfinite(high):
            most = min(most, quantised.zero_point + round(min(high / quantised.scale, 1e9)))
        if least >= most:
            yield (
                f"{target.named}: scale {quantised.scale:.3g} and zero point "
                f"{quantised.zero_point} leave {activation_of(layer).name} no more than one "
                "value"
            )


def _activation_parts(layer: Layer) -> Iterator[tuple[Tensor, Quantisation, tuple[float, float]]]:
    bounds = _BOUNDS.get(activation_of(layer))
    if bounds is None:
        return
    for target in layer.outputs[:1]:
        quantised = target.whole
        if quantised is not None and target.dtype.is_eight_bit:
            yield target, quantised, bounds


_Check = Callable[[Layer], Iterator[str]]
_REFUSED: tuple[_Check, ...] = (
    _fixed,
    _bias,
    _weights,
    _equal,
)
_DOUBTFUL: tuple[_Check, ...] = (
    _doubtful_bias,
    _doubtful_weights,
    _doubtful_equal,
    _doubtful_activation,
)
