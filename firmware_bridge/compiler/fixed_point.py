"""TFLite-Micro's fixed-point arithmetic, on arrays: what the C kernels and their tables must equal.

Numbers are int32 values held in int64 arrays. A Q-format number of `n` integer bits is an int32
that stands for ``raw / 2**(31 - n)``. The formats and formulas are those of the gemmlowp
fixed-point library, which TFLite-Micro computes its non-linear functions with: Newton-Raphson for
reciprocals, a fourth-order Taylor series about -1/8 with a product of constants for ``exp``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Raw = NDArray[np.int64]
INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
_EXP_MINUS_EIGHTH = 1895147668  # exp(-1/8), no integer bits
_ONE_THIRD = 715827883
_HALF_THREE = (1 << 28) + (1 << 27)  # 3 integer bits
_HALF_ROOT_2 = 1518500250
_48_OVER_17 = 1515870810  # 2 integer bits
_MINUS_32_OVER_17 = -1010580540
_EXP_OF_POWERS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
"""``(e, exp(-2**e))``, the second without integer bits."""


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Return ``(multiplier, shift)`` with ``real ~ multiplier * 2**(shift - 31)``.

    The multiplier is in [2^30, 2^31), or 0 together with the shift where `real` is 0 or too small
    to be told from it (below 2^-32).

    Raises
    ------
    ValueError
        When `real` is negative, not finite, or 2^30 and above.
    """
    if not (math.isfinite(real) and real >= 0):
        raise ValueError(f"a multiplier of {real}")
    if real == 0:
        return 0, 0
    mantissa, shift = math.frexp(real)
    multiplier = math.floor(mantissa * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        raise ValueError(f"a multiplier of {real}")
    return multiplier, shift


def high_multiply(a: Any, b: Any) -> Raw:
    """Return ``round(a * b / 2**31)``, ties up, saturated: the product of two Q-formats."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.asarray(np.minimum((product + (1 << 30)) >> 31, INT32_MAX), np.int64)


def rounding_shift(value: Any, exponent: int) -> Raw:
    """Return ``round(value / 2**exponent)``, ties away from zero; `exponent` >= 0."""
    if exponent == 0:
        return np.asarray(value, np.int64)
    value = np.asarray(value, np.int64)
    half = 1 << (exponent - 1)
    rounded = (value + half - (value < 0)) >> exponent
    return np.asarray(rounded, np.int64)


def multiply(value: Any, multiplier: int, shift: int) -> Raw:
    """Return ``value * multiplier * 2**(shift - 31)``, rounded twice as TFLite-Micro does."""
    shifted = wrap(np.asarray(value, np.int64) << max(shift, 0))
    return rounding_shift(high_multiply(shifted, multiplier), max(-shift, 0))


def wrap(value: Any) -> Raw:
    """Reduce to int32 as two's complement does."""
    return np.asarray(value, np.int64).astype(np.int32).astype(np.int64)


def saturate(value: Any) -> Raw:
    """Clamp to int32."""
    return np.clip(np.asarray(value, np.int64), INT32_MIN, INT32_MAX)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Return the largest input difference that, rescaled, fits a Q-format of `integer_bits`."""
    largest = ((1 << integer_bits) - 1) * (1 << (31 - integer_bits))
    return math.floor(math.ldexp(largest, -left_shift))


def _exp_of_small(value: Raw) -> Raw:
    """Return exp of [-1/4, 0), both without integer bits."""
    x = value + (1 << 28)
    x2 = high_multiply(x, x)
    x3 = high_multiply(x2, x)
    x4_over_4 = rounding_shift(high_multiply(x2, x2), 2)
    tail = rounding_shift(high_multiply(x4_over_4 + x3, _ONE_THIRD) + x2, 1)
    return saturate(_EXP_MINUS_EIGHTH + high_multiply(_EXP_MINUS_EIGHTH, x + tail))


def exp_of_negative(value: Raw, integer_bits: int) -> Raw:
    """Return exp without integer bits, of numbers <= 0 with `integer_bits` <= 5."""
    value = np.asarray(value, np.int64)
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    remainder = (value & (quarter - 1)) - quarter
    result = _exp_of_small(remainder << integer_bits)
    rest = remainder - value
    for power, constant in _EXP_OF_POWERS:
        if power < integer_bits:
            bit = 1 << (fraction_bits + power)
            result = np.where(rest & bit, high_multiply(result, constant), result)
    return np.where(value == 0, INT32_MAX, result)


def _newton(value: Raw) -> Raw:
    """Return ``2 / (1 + value)`` with 2 integer bits, of [0, 1] without."""
    total = value + INT32_MAX
    half_denominator = (total + 1) // 2  # ties up: the sum is positive
    x = wrap(_48_OVER_17 + high_multiply(half_denominator, _MINUS_32_OVER_17))
    for _ in range(3):
        error = (1 << 29) - high_multiply(half_denominator, x)
        x = x + saturate(high_multiply(x, error) << 2)
    return x


def reciprocal(value: int) -> tuple[int, int]:
    """Return ``(inverse, bits)`` with ``1 / value ~ inverse * 2**(-31 - bits)``, `value` above 0.

    `value` is ``2**bits`` times a number of 1 to 2, of which the inverse is taken.
    """
    bits = value.bit_length() - 1
    fraction = (value << (31 - bits)) - (1 << 31)
    return int(saturate(_newton(np.asarray(fraction, np.int64)) << 1)), bits


def logistic(value: Raw, integer_bits: int) -> Raw:
    """Return ``1 / (1 + exp(-value))`` without integer bits."""
    value = np.asarray(value, np.int64)
    positive = saturate(_newton(exp_of_negative(-np.abs(value), integer_bits)) << 1)
    result = np.where(value > 0, positive, INT32_MAX - positive)
    return np.where(value == 0, 1 << 30, result)


def tanh(value: Raw, integer_bits: int) -> Raw:
    """Return the hyperbolic tangent without integer bits."""
    value = np.asarray(value, np.int64)
    exponential = exp_of_negative(-np.abs(value), integer_bits + 1)
    magnitude = saturate((_newton(exponential) - (1 << 29)) << 2)
    return np.where(value == 0, 0, np.where(value < 0, -magnitude, magnitude))


def inverse_root(value: int) -> tuple[int, int]:
    """Return ``(multiplier, shift)`` with ``1 / sqrt(value) ~ multiplier * 2**(shift - 31)``.

    By five steps of Newton-Raphson on the value shifted by pairs of bits; `value` is 1 to 2^28.
    """
    if value <= 1:
        return INT32_MAX, 0
    pairs = (31 - value.bit_length()) // 2 - 1
    right = 11 - pairs
    scaled = (value << 2 * pairs) >> 1  # 3 integer bits
    half = int(rounding_shift(scaled, 1))
    x = 1 << 28
    for _ in range(5):
        cube = _to_three_bits(high_multiply(high_multiply(x, x), x), 9)
        step = high_multiply(_HALF_THREE, x) - high_multiply(half, cube)
        x = _to_three_bits(step, 6)
    root = int(high_multiply(x, _HALF_ROOT_2))
    return (root, -right) if right >= 0 else (root << -right, 0)


def _to_three_bits(value: Any, integer_bits: int) -> int:
    return int(saturate(int(value) << (integer_bits - 3)))
