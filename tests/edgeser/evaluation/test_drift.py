from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeser.evaluation.drift import (
    BINS,
    Distributions,
    DriftReference,
    DriftTolerances,
    compare_with,
    population_stability,
)
from quantize.foundation.errors import BadInput


def made(
    histogram: np.ndarray, *, clipped: int = 0, level: float = -30.0, seconds: float = 600.0
) -> Distributions:
    return Distributions(
        histogram=histogram.astype(np.int64),
        clipped=np.full(len(histogram), clipped, np.int64),
        levels_dbfs=(level - 10, level, level + 10),
        full_scale=0.0,
        clips=100,
        seconds=seconds,
    )


def reference(found: Distributions) -> DriftReference:
    planes = ("amplitude", "if_re")[: len(found.histogram)]
    return DriftReference(
        *("0c" * 32, planes, "clips of a training", 9, found),
        speakers_psi=tuple((0.05, 0.2) for _ in planes),
    )


def flat(planes: int = 1, channels: int = 2, count: int = 10_000) -> np.ndarray:
    return np.full((planes, channels, BINS), count, np.int64)


def test_the_index_is_that_of_the_formula() -> None:
    # Half in the first bin and half in the last against nine tenths and one: two bins.
    old, new = np.zeros((2, 1, BINS), np.int64)
    old[0, 0] = old[0, -1] = 1_000_000
    new[0, 0], new[0, -1] = 1_800_000, 200_000
    expected = (0.9 - 0.5) * math.log(0.9 / 0.5) + (0.1 - 0.5) * math.log(0.1 / 0.5)
    assert population_stability(old, new)[0] == pytest.approx(expected, rel=1e-4)
    assert population_stability(old, old)[0] == 0.0
    assert population_stability(old, 3 * old)[0] == pytest.approx(0.0, abs=1e-9)


def test_bins_hold_a_tenth_of_the_reference_each() -> None:
    # 320 values in 32 bins of ten; a shift of all by 16 bins leaves five of ten bins of a tenth.
    old = np.full((1, BINS), 100_000, np.int64)
    new = np.zeros_like(old)
    new[0, 16:] = 200_000
    index = population_stability(old, new)[0]
    # Half of the bins double: 0.5 ln 2. The others are all but empty: 0.5 less nothing, ln of
    # (their share / half a count of 3.2 million) each.
    empty = 0.5 / 3_200_000
    assert index == pytest.approx(0.5 * math.log(2) - 0.5 * math.log(empty / 0.1), rel=0.02)


def test_an_empty_bin_is_no_infinity() -> None:
    old, new = np.zeros((2, 1, BINS), np.int64)
    old[0, 3], new[0, 20] = 10, 10
    assert np.isfinite(population_stability(old, new)).all()


def test_like_recordings_are_near_and_say_so() -> None:
    old = made(flat())
    report = compare_with(reference(old), old, source="here", tolerances=DriftTolerances())
    assert report.passed and report.largest.psi.value == 0.0
    assert report.sentence.startswith("These recordings are like those of the training")
    assert report.caveats == ()


def test_a_plane_that_moved_is_too_far_and_the_sentence_says_which() -> None:
    old = made(flat(planes=2))
    shifted = flat(planes=2)
    shifted[1, 0, :16] = 0  # one channel of the second plane
    report = compare_with(
        reference(old), made(shifted), source="here", tolerances=DriftTolerances()
    )
    assert not report.passed
    assert report.largest.plane == "if_re" and report.largest.worst_channel == 0
    assert report.planes[0].psi.value == 0.0
    assert report.largest.psi.value == pytest.approx(report.largest.worst_psi / 2)
    assert "too far from what was trained" in report.sentence
    assert "population stability of if_re" in report.sentence
    assert "95 % are under 0.20" in report.sentence
    loose = DriftTolerances(max_psi=1000.0)
    assert compare_with(reference(old), made(shifted), source="here", tolerances=loose).passed


def test_clipped_values_are_judged_against_the_training() -> None:
    old = made(flat(), clipped=6_400)  # 1 % of 640,000
    new = made(flat(), clipped=64_000)
    report = compare_with(reference(old), new, source="here", tolerances=DriftTolerances())
    (failure,) = report.failures
    assert "10.0 % of the int8 values, in training 1.0 %" in failure
    wide = DriftTolerances(max_clipped=0.09)
    assert compare_with(reference(old), new, source="here", tolerances=wide).passed


@pytest.mark.parametrize(("level", "advice"), [(-45.0, "raise"), (-15.0, "lower")])
def test_a_gain_that_is_off_is_told(level: float, advice: str) -> None:
    old = made(flat())
    new = made(flat(), level=level)
    report = compare_with(reference(old), new, source="here", tolerances=DriftTolerances())
    assert report.failures and f"{advice} the gain" in report.failures[0]
    assert report.level_shift.value == pytest.approx(level + 30)


def test_little_sound_is_called_little() -> None:
    old = made(flat())
    report = compare_with(
        reference(old), replace(old, seconds=3.0), source="here", tolerances=DriftTolerances()
    )
    assert len(report.caveats) == 1 and "little" in report.caveats[0]


def test_other_planes_are_refused() -> None:
    with pytest.raises(BadInput, match="planes and channels"):
        compare_with(
            reference(made(flat())),
            made(flat(channels=3)),
            source="here",
            tolerances=DriftTolerances(),
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"histogram": flat()[:, :, :5]},
        {"histogram": flat().astype(np.float64)},
        {"histogram": -flat()},
        {"histogram": 0 * flat()},
        {"clipped": np.array([10**9])},
        {"full_scale": 1.5},
        {"levels_dbfs": (-10.0, -20.0, -5.0)},
        {"seconds": 0.0},
        {"clips": 0},
    ],
)
def test_a_damaged_reference_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(made(flat()), **wrong)  # type: ignore[arg-type]
