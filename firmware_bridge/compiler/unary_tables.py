"""Tables of int8 functions of one int8: the output for every input, as TFLite-Micro computes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler import fixed_point
from firmware_bridge.compiler.fixed_point import Raw, multiply, quantise_multiplier
from quantize.tflite.model import Quantisation
from quantize.tflite.schema import DType

_ROOT_BITS = 20
"""RSQRT holds its result with so many fraction bits in between."""
_FAR = 1024.0
"""Far outside int8 for any zero point."""
Table = NDArray[np.int8]
_INPUT_INTEGER_BITS = 4
"""LOGISTIC and TANH hold their input with so many integer bits: +-16 is beyond int8's reach."""


def _centred(quantisation: Quantisation) -> Raw:
    """Return all inputs, -128 to 127, less the zero point."""
    return np.arange(-128, 128, dtype=np.int64) - quantisation.zero_point


def _int8(values: Raw) -> Table:
    return np.clip(values, -128, 127).astype(np.int8)


def rescale_table(
    source: Quantisation,
    target: Quantisation,
    *,
    real: float,
    types: tuple[DType, DType] = (DType.INT8, DType.INT8),
) -> Table:
    """Return QUANTIZE between 8-bit types: `real` is the ratio of the scales.

    What is uint8 stands as int8 of its bits: in the order of the inputs and in the outputs.
    """
    multiplier, shift = quantise_multiplier(real)
    bits = np.arange(-128, 128, dtype=np.int64)
    inputs = bits & 0xFF if types[0] is DType.UINT8 else bits
    values = multiply(inputs - source.zero_point, multiplier, shift) + target.zero_point
    if types[1] is DType.UINT8:
        return np.clip(values, 0, 255).astype(np.uint8).view(np.int8)
    return _int8(values)


def quantised_table(values: NDArray[np.float32], target: Quantisation) -> Table:
    """Return QUANTIZE of finite floats, which divides in single precision."""
    with np.errstate(over="ignore"):
        scaled = (values / np.float32(target.scale)).astype(np.float64)
    return _rounded(scaled, target)


def relu_table(source: Quantisation, target: Quantisation) -> Table:
    """Return RELU with another scale for its output; the ratio is of float32."""
    with np.errstate(over="ignore"):
        real = float(np.float32(source.scale) / np.float32(target.scale))
    table = rescale_table(source, target, real=real)
    return np.maximum(table, np.int8(target.zero_point))


def relu6_table(source: Quantisation) -> Table:
    """Return RELU6, which TFLite-Micro clamps in the input's quantisation."""
    six = np.float64(np.float32(min(6 / source.scale, 1000.0)))
    most = min(source.zero_point + int(np.floor(six + 0.5)), 127)
    values = np.arange(-128, 128, dtype=np.int64)
    return _int8(np.minimum(np.maximum(values, source.zero_point), most))


def leaky_relu_table(source: Quantisation, target: Quantisation, alpha: float) -> Table:
    """Return LEAKY_RELU: one multiplier from zero up, another below."""
    centred = _centred(source)
    identity = quantise_multiplier(source.scale / target.scale)
    below = source.scale * float(np.float32(alpha)) / target.scale
    sign = -1 if below < 0 else 1
    slope = quantise_multiplier(abs(below))
    values = np.where(
        centred >= 0,
        multiply(centred, *identity),
        multiply(sign * centred, *slope),
    )
    return _int8(values + target.zero_point)


def abs_table(source: Quantisation, target: Quantisation) -> Table:
    """Return ABS."""
    multiplier, shift = quantise_multiplier(source.scale / target.scale)
    return _int8(multiply(np.abs(_centred(source)), multiplier, shift) + target.zero_point)


def rsqrt_table(source: Quantisation, target: Quantisation) -> Table:
    """Return RSQRT, of inputs that are not below zero; of zero it is the greatest.

    Raises
    ------
    ValueError
        When an input may be below zero.
    """
    if source.zero_point != -128:
        raise ValueError("inputs below zero, as their zero point is not -128")
    # Both in single precision.
    product = np.sqrt(np.float32(source.scale)) * np.float32(target.scale)
    multiplier, shift = quantise_multiplier(1 / float(product))
    if shift < _ROOT_BITS - 31:
        raise ValueError("scales that are too far apart")
    table = np.full(256, 127, np.int8)
    for value in range(1, 256):
        root, root_shift = fixed_point.inverse_root(value)
        data = multiply(1, root, root_shift + _ROOT_BITS)
        scaled = multiply(data, multiplier, shift - _ROOT_BITS) + target.zero_point
        table[value] = np.clip(scaled, -128, 127)
    return table


def elu_table(source: Quantisation, target: Quantisation) -> Table:
    """Return ELU, ``exp(x) - 1`` below zero; all of it in single precision."""
    single = np.float32
    reals = single(source.scale) * _centred(source).astype(single)
    # The exponential is of double precision, then rounded: the nearest float, as libm's nearly is.
    exponentials = np.exp(np.minimum(reals, 0).astype(np.float64)).astype(single)
    values = np.where(reals < 0, exponentials - single(1), reals)
    with np.errstate(over="ignore"):
        scaled = (values * (single(1) / single(target.scale))).astype(np.float64)
    return _rounded(scaled, target)


def _rounded(scaled: NDArray[np.float64], target: Quantisation) -> Table:
    """Round, ties away from zero, and add the zero point."""
    whole = np.copysign(np.floor(np.abs(np.clip(scaled, -_FAR, _FAR)) + 0.5), scaled)
    return _int8(whole.astype(np.int64) + target.zero_point)


def logistic_table(source: Quantisation) -> Table:
    """Return LOGISTIC; its output has scale 1/256 and zero point -128."""
    centred = _centred(source)
    rescaled, radius = _in_four_bits(source)
    result = fixed_point.logistic(rescaled, _INPUT_INTEGER_BITS)
    table = _int8(fixed_point.rounding_shift(result, 31 - 8) - 128)
    return _saturated_beyond(table, centred, radius)


def tanh_table(source: Quantisation) -> Table:
    """Return TANH; its output has scale 1/128 and zero point 0."""
    centred = _centred(source)
    rescaled, radius = _in_four_bits(source)
    result = fixed_point.tanh(rescaled, _INPUT_INTEGER_BITS)
    table = _int8(fixed_point.rounding_shift(result, 31 - 7))
    return _saturated_beyond(table, centred, radius)


def _in_four_bits(source: Quantisation) -> tuple[Raw, int]:
    """Return all inputs with 4 integer bits, and the radius beyond which they do not fit."""
    multiplier, shift = quantise_multiplier(source.scale * (1 << (31 - _INPUT_INTEGER_BITS)))
    radius = fixed_point.input_radius(_INPUT_INTEGER_BITS, shift)
    inside = np.clip(_centred(source), -radius, radius)
    return multiply(inside, multiplier, shift), radius


def _saturated_beyond(table: Table, centred: Raw, radius: int) -> Table:
    table = np.where(centred >= radius, np.int8(127), table)
    return np.asarray(np.where(centred <= -radius, np.int8(-128), table), np.int8)


def hard_swish_table(source: Quantisation, target: Quantisation) -> Table:
    """Return HARD_SWISH, ``x * relu6(x + 3) / 6``, in 16-bit steps.

    The input is taken to 7 more bits, to the output's scale on one side, and on the other to
    ``relu6(x + 3) / 6`` as a number without integer bits.

    Raises
    ------
    ValueError
        When the scales are too far apart for these steps.
    """
    # The wheel's kernel divides in double precision, though its source divides floats: a quotient
    # at the border of two 16-bit multipliers tells them apart.
    hires_scale = float(np.float32(source.scale)) / 128
    output_multiplier, output_shift = _multiplier_16(hires_scale / float(np.float32(target.scale)))
    relu_multiplier, relu_shift = _multiplier_16(hires_scale / (3 / 32768))
    if not -15 <= output_shift <= 0 or relu_shift < -15:
        raise ValueError("scales that are too far apart for 16-bit steps")
    hires = _centred(source) << 7
    on_output_scale = _high_multiply_16(hires, output_multiplier)
    gate = hires
    if relu_shift > 0:
        gate = _saturate_16(gate << (relu_shift - 1))
    gate = _high_multiply_16(gate, relu_multiplier)
    if relu_shift > 0:
        gate = _saturate_16(gate << 1)
    elif relu_shift < 0:
        gate = fixed_point.rounding_shift(gate, -relu_shift)
    gate = (gate + (1 << 15)) >> 1
    # Towards zero, unlike all other products; the gate is not negative.
    product = np.sign(on_output_scale) * ((gate * np.abs(on_output_scale)) >> 15)
    return _int8(fixed_point.rounding_shift(product, -output_shift) + target.zero_point)


def _multiplier_16(real: float) -> tuple[int, int]:
    multiplier, shift = quantise_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, 32767), shift


def _saturate_16(values: Raw) -> Raw:
    return np.clip(values, -32768, 32767)


def _high_multiply_16(values: Raw, multiplier: int) -> Raw:
    return (values * multiplier + (1 << 14)) >> 15
