"""The fixed-point functions against their definitions in real numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.compiler import fixed_point as fp

int32 = st.integers(-(2**31), 2**31 - 1)


@given(st.floats(2**-31, 2**29))
def test_multipliers_hold_31_bits(real: float) -> None:
    multiplier, shift = fp.quantise_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-31)


@pytest.mark.parametrize("real", [-0.5, math.inf, math.nan, 2.0**30])
def test_what_is_no_multiplier_is_refused(real: float) -> None:
    with pytest.raises(ValueError, match="a multiplier of"):
        fp.quantise_multiplier(real)


def test_multipliers_of_nothing() -> None:
    assert fp.quantise_multiplier(0.0) == fp.quantise_multiplier(2.0**-40) == (0, 0)


@given(int32, st.integers(1, 31))
def test_rounding_shift_rounds_ties_away_from_zero(value: int, exponent: int) -> None:
    magnitude = (abs(value) + (1 << (exponent - 1))) >> exponent
    assert fp.rounding_shift(value, exponent) == math.copysign(magnitude, value)


@given(int32, int32)
def test_high_multiply_rounds_to_the_nearest(a: int, b: int) -> None:
    product = int(fp.high_multiply(a, b))
    assert -(2**31) <= product < 2**31
    assert abs(product * 2**31 - a * b) <= 2**30 or (a == b == -(2**31))


@given(st.lists(st.integers(-(2**31) + 1, 0), min_size=1))
def test_exp(values: list[int]) -> None:
    reals = np.asarray(values) / 2**26
    result = fp.exp_of_negative(np.asarray(values), 5) / 2**31
    np.testing.assert_allclose(result, np.exp(reals), atol=2e-7)


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=1))
def test_logistic_and_tanh(values: list[int]) -> None:
    reals = np.asarray(values) / 2**27
    logistic = fp.logistic(np.asarray(values), 4) / 2**31
    np.testing.assert_allclose(logistic, 1 / (1 + np.exp(-reals)), atol=3e-7)
    tanh = fp.tanh(np.asarray(values), 4) / 2**31
    np.testing.assert_allclose(tanh, np.tanh(reals), atol=6e-7)
