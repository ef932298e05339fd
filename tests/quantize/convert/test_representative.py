from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quantize.convert.representative import pin_range, quantise_representative

INT8 = arrays.arrays(np.int8, st.tuples(st.integers(1, 4), st.integers(2, 9)))


@given(INT8)
def test_both_ends_occur_and_at_most_two_values_moved(samples: np.ndarray) -> None:
    kept = samples.copy()
    pinned = pin_range(samples)
    assert pinned.min() == -128
    assert pinned.max() == 127
    assert (pinned != kept).sum() <= 2
    assert (samples == kept).all()


def test_the_values_that_move_are_the_outermost() -> None:
    pinned = pin_range(np.array([[3, -50, 60, 0]], np.int8))
    assert pinned.tolist() == [[3, -128, 127, 0]]


def test_a_full_range_is_left_alone() -> None:
    samples = np.array([[-128, 5, 127]], np.int8)
    assert pin_range(samples) is samples


@settings(max_examples=50)
@given(
    arrays.arrays(np.int8, (2, 3, 4, 5)),
    st.sampled_from([1 / 32, 0.05, 1.0, 1e-3]),
    st.integers(-128, 127),
)
def test_real_values_come_back_as_the_integers_behind_them(
    values: np.ndarray, scale: float, zero_point: int
) -> None:
    values[0, 0, 0, 0], values[0, 0, 0, 1] = -128, 127
    real = ((values.astype(np.float64) - zero_point) * scale).astype(np.float32)
    samples = quantise_representative(
        real, shape_nchw=(1, 3, 4, 5), scale=scale, zero_point=zero_point
    )
    assert (samples == values.transpose(0, 2, 3, 1)).all()


def test_a_single_value_cannot_span_a_range() -> None:
    with pytest.raises(Exception, match="too few"):
        quantise_representative(
            np.zeros((1, 1, 1, 1), np.float32), shape_nchw=(1, 1, 1, 1), scale=1.0, zero_point=0
        )
