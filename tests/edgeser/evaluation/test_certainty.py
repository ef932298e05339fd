"""Calibration error, risk against coverage and conformal sets, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.evaluation.bootstrap import Bootstrap
from edgeser.evaluation.certainty import CertaintyTable, assess
from edgeser.evaluation.conformal import SetRule, scores, set_rules, sets_of
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.reliability import (
    calibration_error,
    equal_mass_bins,
    equal_width_bins,
    error_of_true_probabilities,
    reliability_bins,
    resampled_errors,
)
from edgeser.evaluation.selective import area_under, curve, ranked, resample, risk_at
from quantize.foundation.errors import BadInput

SURE = np.array([0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.6, 0.6])
RIGHT = np.array([1, 1, 1, 0, 1, 0, 1, 1], bool)


def test_bins_have_equally_many_clips_and_equals_stay_together() -> None:
    assert equal_mass_bins(np.array([0.4, 0.1, 0.3, 0.2]), 2).tolist() == [1, 0, 1, 0]
    # Of eight clips in four bins, two each: 0.5, 0.6, and four equals that share the third.
    assert equal_mass_bins(SURE, 4).tolist() == [2, 2, 2, 2, 0, 0, 1, 1]
    assert equal_mass_bins(SURE, 1).tolist() == [0] * 8
    widths = np.array([0.0, 0.01, 1 / 15, 0.0667, 0.5, 1.0])
    assert equal_width_bins(widths).tolist() == [0, 0, 0, 1, 7, 14]


def test_the_error_is_the_mean_gap() -> None:
    # At 0.9 three of four are right: 0.15 off, times 4. At 0.5 one of two: 0. At 0.6 all: 0.4, 2.
    bins = equal_mass_bins(SURE, 4)
    assert calibration_error(SURE, RIGHT, bins) == pytest.approx((4 * 0.15 + 2 * 0.4) / 8)
    # In one bin the gaps cancel: 0.725 is said, 6 of 8 are right.
    whole = equal_mass_bins(SURE, 1)
    assert calibration_error(SURE, RIGHT, whole) == pytest.approx(0.025)
    found = reliability_bins(SURE, RIGHT, bins)
    assert [(b.clips, b.confidence, b.accuracy) for b in found] == [
        (2, 0.5, 0.5),
        (2, 0.6, 1.0),
        (4, 0.9, 0.75),
    ]


def test_what_true_probabilities_would_show_falls_with_the_clips() -> None:
    # One bin of n clips of 1/2: the mean absolute deviation of the binomial, 0.7979 / (2 sqrt n).
    for clips in (100, 400):
        sure = np.full(clips, 0.5)
        found = error_of_true_probabilities(sure, np.zeros(clips, np.int64))
        assert found == pytest.approx(math.sqrt(2 / math.pi) / (2 * math.sqrt(clips)), rel=0.15)
    assert error_of_true_probabilities(np.ones(9), np.zeros(9, np.int64)) == 0.0


def test_resampled_errors_are_those_of_the_clips_drawn() -> None:
    clusters = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    bins = equal_mass_bins(SURE, 4)
    counts = np.array([[1, 1, 1], [3, 0, 0], [0, 2, 1]])
    found = resampled_errors(SURE, RIGHT, bins, clusters, counts)
    for row, error in zip(counts, found, strict=True):
        drawn = np.repeat(np.arange(8), row[clusters])
        assert error == pytest.approx(calibration_error(SURE[drawn], RIGHT[drawn], bins[drawn]))


def test_risk_against_coverage_by_hand() -> None:
    # From the surest on: right, wrong, right, wrong. Risks 0, 1/2, 1/3, 2/4.
    clips = ranked(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 0, 1, 0], bool))
    assert area_under(clips) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert [(p.coverage, p.risk) for p in curve(clips)] == [
        (0.25, 0.0),
        (0.5, 0.5),
        (0.75, pytest.approx(1 / 3)),
        (1.0, 0.5),
    ]
    assert risk_at(clips, 0.5) == 0.5
    assert risk_at(clips, 0.51) == pytest.approx(1 / 3)


def test_equally_sure_clips_share_their_errors() -> None:
    """Whatever their order: nobody knows which goes first."""
    for right in ([1, 0, 1, 1], [0, 1, 1, 1]):
        clips = ranked(np.array([0.9, 0.9, 0.9, 0.2]), np.array(right, bool))
        # A third wrong after each of the first three; then one of four.
        assert area_under(clips) == pytest.approx((3 * (1 / 3) + 1 / 4) / 4)
    alike = ranked(np.full(10, 0.5), np.arange(10) < 6)
    assert area_under(alike) == pytest.approx(0.4)


def weighted_by_hand(
    sure: np.ndarray, right: np.ndarray, weights: np.ndarray, coverage: float
) -> tuple[float, float]:
    """Area and gain clip by clip: a clip counts as often as it was drawn."""
    order = sorted(range(len(sure)), key=lambda i: -sure[i])
    answered = wrong = area = 0.0
    at: float | None = None
    for i in order:
        alike = [j for j in order if sure[j] == sure[i] and weights[j] > 0]
        shared = sum(weights[j] for j in alike if not right[j])
        shared /= sum(weights[j] for j in alike) or 1
        answered += weights[i]
        wrong += weights[i] * shared
        if weights[i]:
            area += weights[i] * wrong / answered
        if at is None and answered >= coverage * weights.sum() - 1e-9:
            at = wrong / answered
    assert at is not None
    return area / answered, wrong / answered - at


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 3)), min_size=4, max_size=40
    )
)
@settings(max_examples=100)
def test_resamples_count_each_clip_as_often_as_its_speaker_was_drawn(
    clips: list[tuple[int, bool, int]],
) -> None:
    sure = np.array([c for c, _, _ in clips], float)
    right = np.array([r for _, r, _ in clips])
    clusters = np.unique([s for _, _, s in clips], return_inverse=True)[1]
    drawn = Bootstrap(resamples=5).draw(int(clusters.max()) + 1)
    counts = np.concatenate([drawn, np.ones((1, drawn.shape[1]), np.int64)])
    whole = ranked(sure, right)
    found = resample(whole, right, clusters, counts, 0.7)
    for row, area, gain in zip(counts, found.areas, found.gains, strict=True):
        expected = weighted_by_hand(sure, right, row[clusters], 0.7)
        assert (area, gain) == (pytest.approx(expected[0]), pytest.approx(expected[1]))
    assert found.areas[-1] == pytest.approx(area_under(whole))
    assert found.gains[-1] == pytest.approx((~right).mean() - risk_at(whole, 0.7))


SHARES = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.4, 0.35, 0.25], [0.2, 0.2, 0.6]])


def test_scores_of_both_methods_by_hand() -> None:
    np.testing.assert_allclose(scores(SHARES, "LAC"), 1 - SHARES)
    np.testing.assert_allclose(
        scores(SHARES, "APS"),
        [[0.7, 0.9, 1.0], [0.5, 0.8, 1.0], [0.4, 0.75, 1.0], [0.8, 1.0, 0.6]],
    )


def test_limits_are_the_right_order_statistic() -> None:
    # Nineteen clips whose true label has 0.05, 0.10 ... 0.95: LAC scores 0.95 ... 0.05.
    true = np.arange(1, 20) / 20
    shares = np.stack([true, 1 - true], axis=1)
    rules = set_rules(shares, np.zeros(19, np.int64))
    lac = {rule.stated: rule.limit for rule in rules if rule.method == "LAC"}
    # ceil(20 * 0.8) = 16th and ceil(20 * 0.9) = 18th smallest.
    assert lac == {0.8: pytest.approx(0.80), 0.9: pytest.approx(0.90)}
    few = set_rules(shares[:4], np.zeros(4, np.int64))
    # ceil(5 * 0.9) = 5 of four: every label is taken. ceil(5 * 0.8) = 4 is the largest.
    assert [rule.limit for rule in few if rule.stated == 0.9] == [math.inf, math.inf]
    assert sets_of(SHARES, SetRule("LAC", 0.9, math.inf)).all()


def test_sets_hold_what_is_no_odder() -> None:
    assert sets_of(SHARES, SetRule("LAC", 0.8, 0.7)).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, False],
        [False, False, True],
    ]
    assert sets_of(SHARES, SetRule("APS", 0.8, 0.8)).sum(axis=1).tolist() == [1, 2, 2, 2]
    assert sets_of(SHARES, SetRule("LAC", 0.8, 0.35)).sum(axis=1).tolist() == [1, 0, 0, 0]


@given(seed=st.integers(0, 200))
@settings(max_examples=40)
def test_sets_of_exchangeable_clips_hold_the_truth_as_often_as_stated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(5, 0.5), 6000)
    # Of another model than these probabilities: sets hold for any.
    truth = shares**0.5 / (shares**0.5).sum(axis=1, keepdims=True)
    labels = (rng.random((6000, 1)) > np.cumsum(truth, axis=1)[:, :4]).sum(axis=1)
    for rule in set_rules(shares[:3000], labels[:3000]):
        held = sets_of(shares[3000:], rule)[np.arange(3000), labels[3000:]].mean()
        assert held == pytest.approx(rule.stated, abs=0.035)


def predictions() -> tuple[Predictions, np.ndarray]:
    """Two speakers, four clips each, of the first class's probability `SURE`."""
    shares = np.stack([SURE, 1 - SURE], axis=1)
    labels = np.where(RIGHT, 0, 1).astype(np.int64)
    logits = np.log(shares).astype(np.float32)
    logits[:, 0] += 1e-3  # at one half the first class is the answer
    return (
        Predictions(
            clip_ids=tuple(f"c{i}" for i in range(8)),
            labels=labels,
            speakers=("m",) * 4 + ("n",) * 4,
            logits=logits,
            classes=("anger", "fear"),
        ),
        shares,
    )


def test_all_of_it_together() -> None:
    clips, shares = predictions()
    found = assess(
        clips, shares, source="eight clips", unsure_below=0.6, rules=[SetRule("LAC", 0.8, 0.45)]
    )
    assert (found.clips, found.accuracy) == (8, 0.75)
    assert found.confidence == pytest.approx(0.725)
    assert found.leans == "2.5 points too little sure"
    # Ten bins of eight clips: each confidence by itself.
    assert found.error.value == pytest.approx((4 * 0.15 + 2 * 0.4) / 8)
    assert found.answered is not None
    assert found.risk is not None
    # Six are at 0.6 or more, one of them wrong. Speaker m: four of four, n: two of four.
    assert (found.answered.value, found.risk.value) == (0.75, pytest.approx(1 / 6))
    assert found.answered.interval == (0.5, 1.0)
    assert found.risk.interval == (0.0, 0.25)
    # Sets of what has 0.55 or more: both at 0.9 and 0.6 hold the first, at 0.5 none.
    (sets,) = found.sets
    assert (sets.found.value, sets.size.value, sets.empty) == (5 / 8, 0.75, 0.25)
    # At 70 % of eight clips six are answered: 5/6 right instead of 6/8.
    assert found.gain.value == pytest.approx(5 / 6 - 6 / 8)
    assert found.error.interval_kind == "95 % speaker-clustered bootstrap"
    unlimited = assess(clips, shares, source="eight clips")
    assert (unlimited.answered, unlimited.risk, unlimited.sets) == (None, None, ())
    nothing = assess(clips, shares, source="eight clips", unsure_below=0.95)
    assert nothing.answered is not None
    assert (nothing.answered.value, nothing.risk) == (0.0, None)


def test_one_clip_has_no_interval() -> None:
    clips, shares = predictions()
    mask = np.arange(8) == 0
    found = assess(clips.select(mask), shares[mask], source="a clip")
    assert (found.error.interval, found.area.interval, found.gain.interval) == (None, None, None)
    assert found.error.value == pytest.approx(0.1)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(BadInput):
        CertaintyTable(rows=(), calibrated=False, temperatures=(1.0, 1.0), threshold=0.0)
