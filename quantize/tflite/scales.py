"""Scales and options with which no runtime can compute: what the integer kernels demand.

The demands are those of TensorFlow Lite's and TFLite-Micro's kernels when they prepare an operator:
`activations.cc`, `add.cc` and `kernel_util.cc` of both. A runtime aborts or refuses there; here the
operator's tensors and their numbers are named before one is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from quantize.tflite.model import Layer
from quantize.tflite.options import (
    ArithmeticOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    Pool2DOptions,
    SoftmaxOptions,
)
from quantize.tflite.schema import Activation, DType

_INT32_MAX = (1 << 31) - 1
_SOFTMAX_SCALE = 1 / 256
_SOFTMAX_BITS = 26
"""Differences of softmax's inputs have 5 integer bits of 31."""
_ADDITION_BITS = 20
"""By so many bits ADD and SUB of 8-bit values shift their inputs to the left."""
_LARGEST_BIAS_DEVIATION = 0.02
"""Of a bias's scale from input x weight, in the output's."""
_HIGHEST = {
    Activation.RELU6: 6.0,
    Activation.RELU_N1_TO_1: 1.0,
}
_Check = Callable[[Layer], str]


def scale_problem(layer: Layer) -> str:
    """Say why no runtime can prepare an operator's scales, in words with numbers; else ``""``.

    Checked: of SOFTMAX the output's scale and zero point, beta, and that the input's scale is not
    lost; of FULLY_CONNECTED the bias's scale; of ADD and SUB that the output's scale is not lost
    beside the inputs'; of fused activations that their bound is an integer.
    """
    check = _CHECKS.get(layer.name)
    found = check(layer) if check and not layer.is_custom else ""
    return found or _activation(layer)


def _softmax(layer: Layer) -> str:
    source, target = layer.input(0), layer.output
    if source is None or target is None:
        return ""
    scale, result = source.eight_bit_scale, target.eight_bit_scale
    if scale is None or result is None:
        return ""
    if result != _SOFTMAX_SCALE:
        return (
            f"the scale of its output {target.quoted} is {result:.7g}, where its kernel gives "
            f"1/256 = {_SOFTMAX_SCALE:.7g}"
        )
    lowest = -128 if target.dtype is DType.INT8 else 0
    quantisation = target.quantisation
    if quantisation is not None and quantisation.zero_point != lowest:
        return (
            f"the zero point of its output {target.quoted} is {quantisation.zero_point}, where its "
            f"kernel gives {lowest}"
        )
    options = layer.options
    if not isinstance(options, SoftmaxOptions):
        return "its options are missing"
    if not (math.isfinite(options.beta) and options.beta > 0):
        return f"its beta is {options.beta:g}, which must be above 0"
    if options.beta * scale * (1 << _SOFTMAX_BITS) <= 1.0:
        return (
            f"the scale of its input {source.quoted} is {scale:.7g}, which times beta "
            f"{options.beta:g} must be above 2^-{_SOFTMAX_BITS} = {2.0**-_SOFTMAX_BITS:.3g}"
        )
    return ""


def _dense(layer: Layer) -> str:
    source, weights = layer.input(0), layer.input(1)
    bias, target = layer.input(2), layer.output
    if source is None or weights is None or bias is None or target is None:
        return ""
    one, result = source.eight_bit_scale, target.eight_bit_scale
    other = weights.eight_bit_scale
    if weights.dtype is DType.INT4 and weights.whole is not None:
        other = weights.whole.scale
    if one is None or other is None or result is None:
        return ""
    if bias.dtype is not DType.INT32 or bias.quantisation is None or bias.quantisation.per_axis:
        return ""
    product, found = one * other, bias.quantisation.scale
    if abs(product - found) <= _LARGEST_BIAS_DEVIATION * result:
        return ""
    return (
        f"the scale of its bias {bias.quoted} is {found:.7g}, where input {source.quoted} x "
        f"weights {weights.quoted} is {one:.7g} x {other:.7g} = {product:.7g}"
    )


def _sum(layer: Layer) -> str:
    first, second = layer.input(0), layer.input(1)
    target = layer.output
    if first is None or second is None or target is None:
        return ""
    one, other, result = (tensor.eight_bit_scale for tensor in (first, second, target))
    if one is None or other is None or result is None:
        return ""
    twice = 2.0 * max(one, other)
    if result <= 0.0 or twice / (result * (1 << _ADDITION_BITS)) < 1.0:
        return ""
    return (
        f"the scale of its output {target.quoted} is {result:.7g}, too small beside those of its "
        f"inputs {first.quoted} and {second.quoted}, {one:.7g} and {other:.7g}: it must be above "
        f"2 x {max(one, other):.7g} / 2^{_ADDITION_BITS} = {twice / (1 << _ADDITION_BITS):.7g}"
    )


def _activation(layer: Layer) -> str:
    match layer.options:
        case (
            Conv2DOptions()
            | DepthwiseConv2DOptions()
            | FullyConnectedOptions()
            | ArithmeticOptions()
            | Pool2DOptions()
        ) as options:
            highest = _HIGHEST.get(options.activation)
        case _:
            return ""
    target = layer.output
    scale = None if target is None else target.eight_bit_scale
    if target is None or scale is None or highest is None or scale <= 0.0:
        return ""
    if highest / scale <= _INT32_MAX:
        return ""
    name = options.activation.name
    return (
        f"the scale of its output {target.quoted} is {scale:.7g}, with which the bound of {name}, "
        f"{highest:g}, is no 32-bit integer"
    )


_CHECKS: Mapping[str, _Check] = MappingProxyType(
    {"SOFTMAX": _softmax, "FULLY_CONNECTED": _dense, "ADD": _sum, "SUB": _sum}
)
