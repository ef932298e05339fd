from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quantize.calibration import PlaneHistograms, compare_ranges
from quantize.calibration.ranges import range_report
from quantize.foundation.errors import BadInput


def test_shares_and_ends_are_those_of_the_values() -> None:
    samples = [
        np.array([[0, 10], [1, -20]], np.int8),
        np.array([[-128, 30], [4, 5]], np.int8),
        np.array([[127, 0], [2, 40]], np.int8),
    ]
    report = compare_ranges(samples, {0}, planes=("amplitude", "phase"))
    amplitude, phase = report.planes
    assert (amplitude.subset_low, amplitude.subset_high) == (0, 1)
    assert (amplitude.whole_low, amplitude.whole_high) == (-128, 127)
    assert amplitude.subset_clipped_share == 0.0
    assert amplitude.whole_clipped_share == 2 / 6
    assert amplitude.outside_share == 4 / 6
    assert amplitude.missed_share == pytest.approx(1 - 1 / 255)
    assert (phase.whole_low, phase.whole_high) == (-20, 40)
    assert phase.outside_share == 2 / 6
    assert phase.missed_share == pytest.approx(1 - 30 / 60)
    assert report.worst is amplitude
    assert (report.subset_values, report.whole_values) == (2, 6)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_every_sample_chosen_misses_nothing(dtype: Any) -> None:
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(4)
    samples = [rng.integers(limits.min, limits.max + 1, (7, 5, 3), dtype) for _ in range(4)]
    for plane in compare_ranges(samples, range(4), planes=("a", "b", "c")).planes:
        assert plane.outside_share == plane.missed_share == 0.0
        assert plane.subset_clipped_share == plane.whole_clipped_share


def test_a_constant_plane_has_no_range_to_miss() -> None:
    samples = [np.full((3, 1), 9, np.uint16)] * 2
    assert compare_ranges(samples, {1}, planes=("flat",)).planes[0].missed_share == 0.0


@settings(max_examples=60)
@given(arrays.arrays(np.int16, (6, 4, 2)), st.sets(st.integers(0, 5), min_size=1))
def test_histograms_agree_with_the_arrays(values: np.ndarray, chosen: set[int]) -> None:
    report = compare_ranges(iter(values), chosen, planes=("a", "b"))
    subset = values[sorted(chosen)]
    for number, plane in enumerate(report.planes):
        low, high = subset[..., number].min(), subset[..., number].max()
        assert (plane.subset_low, plane.subset_high) == (low, high)
        outside = (values[..., number] < low) | (values[..., number] > high)
        assert plane.outside_share == pytest.approx(outside.mean())


@pytest.mark.parametrize(
    ("samples", "chosen"),
    [
        ([], {0}),
        ([np.zeros((0, 2), np.int8)], {0}),
        ([np.zeros((3, 2), np.int8)], set()),
        ([np.zeros((3, 2), np.int8)], {1}),
        ([np.zeros((3, 2), np.int8)], {-1}),
        ([np.zeros((3, 2), np.float32)], {0}),
        ([np.zeros((3, 3), np.int8)], {0}),
        ([np.zeros((3, 2), np.int8), np.zeros((3, 2), np.uint8)], {0}),
    ],
)
def test_what_cannot_be_compared_is_refused(samples: list[Any], chosen: set[int]) -> None:
    with pytest.raises(BadInput):
        compare_ranges(samples, chosen, planes=("a", "b"))


def test_histograms_of_other_planes_or_types_are_not_compared() -> None:
    one = PlaneHistograms(("a",), np.int8)
    with pytest.raises(BadInput, match="cannot compare"):
        range_report(one, PlaneHistograms(("b",), np.int8))
    with pytest.raises(BadInput, match="no features"):
        range_report(one, PlaneHistograms(("a",), np.int8))
    with pytest.raises(BadInput, match="no plane"):
        PlaneHistograms((), np.int8)
