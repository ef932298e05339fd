from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeser.evaluation import (
    Bootstrap,
    FeatureParity,
    OutputGrid,
    ParityReport,
    Predictions,
    Tolerances,
    as_predictions,
    compare,
    judge,
)
from edgeser.evaluation.int8_parity import cosine_by_clip
from quantize.foundation.errors import BadInput
from quantize.layer_error import LayerError

GRID = OutputGrid(scale=0.05, zero_point=7)
FEW = Bootstrap(resamples=50)
CLASSES = ("anger", "calm", "joy")


def predictions(logits: NDArray[np.float32]) -> Predictions:
    n = len(logits)
    return Predictions(
        clip_ids=tuple(f"clip{i}" for i in range(n)),
        labels=np.arange(n, dtype=np.int64) % len(CLASSES),
        speakers=tuple(f"s{i % 4}" for i in range(n)),
        logits=logits,
        classes=CLASSES,
    )


def random_logits(n: int = 60, seed: int = 0) -> NDArray[np.float32]:
    """Draw logits that are mostly right."""
    logits = np.random.default_rng(seed).normal(0, 1.0, (n, 3))
    logits[np.arange(n), np.arange(n) % 3] += 2.5
    return logits.astype(np.float32)


def report(logits: NDArray[np.float32], output: NDArray[np.int8], **found: object) -> ParityReport:
    made = compare(predictions(logits), output, GRID, source="a test", bootstrap=FEW)
    return replace(made, **found)


def exact(logits: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.clip(GRID.quantise(logits), -128, 127).astype(np.int8)


LAYERS = (
    LayerError(0, "stem", "CONV_2D", 30.0, 0.99, 0.1),
    LayerError(1, "gate", "LOGISTIC", 11.5, 0.9, 0.4),
    LayerError(2, "copy", "RESHAPE", None, None, 0.0),
)


@pytest.mark.parametrize("gone", ["worst_clips", "lsb_histogram"])
def test_a_record_of_no_comparison_is_refused(gone: str) -> None:
    with pytest.raises(BadInput, match="compares no clip"):
        report(random_logits(), exact(random_logits()), **{gone: ()})


@given(arrays(np.int8, (9, 3)))
def test_the_grid_reads_back_what_it_wrote(output: NDArray[np.int8]) -> None:
    assert np.array_equal(GRID.quantise(GRID.dequantise(output)), output)
    made = report(GRID.dequantise(output), output)
    assert made.max_lsb == 0 and made.label_flips == 0 and made.beyond_grid == 0
    assert made.lsb_histogram == ((0, 27),)
    assert made.uar_drop.value == 0
    assert judge(made, Tolerances()).passed


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_facts_are_those_counted_one_by_one(seed: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    logits = random_logits(30, seed)
    noise = rng.integers(-spread, spread + 1, logits.shape)
    output = np.clip(exact(logits).astype(int) + noise, -128, 127).astype(np.int8)
    made = report(logits, output)
    differences = [
        round(float(logits[i, c]) / 0.05) + 7 - int(output[i, c])
        for i in range(30)
        for c in range(3)
    ]
    assert dict(made.lsb_histogram) == {d: differences.count(d) for d in set(differences)}
    assert made.max_lsb == max(abs(d) for d in differences)
    flips = sum(int(np.argmax(logits[i]) != np.argmax(output[i])) for i in range(30))
    assert made.label_flips == flips
    assert made.label_flip_rate.value == flips / 30
    assert [c.max_lsb for c in made.worst_clips] == sorted(
        (max(abs(d) for d in differences[3 * i : 3 * i + 3]) for i in range(30)), reverse=True
    )[:10]


def test_saturation_shows() -> None:
    logits = random_logits()
    logits[5, 2] = 50.0
    made = report(logits, exact(logits))
    assert made.beyond_grid == 1
    assert made.max_lsb == 1007 - 127
    assert made.worst_clips[0].clip_id == "clip5"


def test_dead_output_is_the_worst_clip() -> None:
    zero, some = np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32)
    assert cosine_by_clip(zero, some).tolist() == [0.0]
    assert cosine_by_clip(zero, zero).tolist() == [1.0]
    assert cosine_by_clip(some, -some).tolist() == [-1.0]


def test_failures_name_clip_and_layer() -> None:
    logits = random_logits()
    output = exact(logits)
    output[3] = np.roll(output[3], 1)
    output[4] = -output[4]
    made = report(logits, output, layers=LAYERS)
    verdict = judge(made, Tolerances(max_uar_drop=1.0, max_flips=0.0))
    assert not verdict.passed
    (failure,) = verdict.failures
    assert "layer gate (LOGISTIC, SQNR 11.5 dB)" in failure
    assert made.flipped_worst.flipped and made.flipped_worst.clip_id in failure


def test_verdict_comes_from_the_tolerances_alone() -> None:
    logits = random_logits()
    made = report(logits, -exact(logits))
    assert made.label_flips > 30
    assert judge(made, Tolerances(max_uar_drop=1.0, max_flips=1.0)).passed
    assert len(judge(made, Tolerances()).failures) == 2


def test_tolerances_hold_at_their_edge() -> None:
    output = exact(random_logits(100))
    logits = GRID.dequantise(output)
    for clip in range(3):
        output[clip] = np.roll(output[clip], 1)
    made = report(logits, output)
    assert made.label_flip_rate.value == 0.03
    wide = Tolerances(max_uar_drop=1.0, max_flips=0.03)
    assert judge(made, wide).passed
    assert not judge(made, replace(wide, max_flips=0.0299)).passed


def test_features_that_must_be_exact_fail_and_facts_do_not() -> None:
    logits = random_logits()
    fact = FeatureParity("against a log-mel", 100, 100, None)
    wrong = FeatureParity("against the C++ code", 100, 2, False, "clip7: first at frame 3")
    made = report(logits, exact(logits), features=(fact,))
    assert judge(made, Tolerances()).passed
    verdict = judge(replace(made, features=(fact, wrong)), Tolerances())
    assert len(verdict.failures) == 1
    assert "2 of 100" in verdict.failures[0] and "clip7" in verdict.failures[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_always_fails(value: float) -> None:
    logits = random_logits()
    made = report(logits, exact(logits), layers=(replace(LAYERS[0], sqnr_db=value),))
    wide = Tolerances(max_uar_drop=1.0, max_flips=1.0)
    verdict = judge(made, wide)
    assert not verdict.passed and "layer stem" in verdict.failures[0]
    assert "clip" in verdict.failures[0]
    drop = replace(made, layers=(), uar_drop=replace(made.uar_drop, value=value))
    assert "UAR drop" in judge(drop, wide).failures[0]


def test_output_of_other_clips_is_refused() -> None:
    logits = random_logits()
    with pytest.raises(BadInput, match="expected int8"):
        report(logits, exact(logits)[:-1])
    with pytest.raises(BadInput, match="expected int8"):
        report(logits, exact(logits).astype(np.int16))


@pytest.mark.parametrize(("scale", "zero"), [(0.0, 0), (float("nan"), 0), (0.1, 128)])
def test_a_broken_grid_is_refused(scale: float, zero: int) -> None:
    with pytest.raises(BadInput):
        OutputGrid(scale, zero)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_broken_tolerances_are_refused(value: float) -> None:
    with pytest.raises(BadInput, match="max_flips"):
        Tolerances(max_flips=value)


def test_int8_predictions_keep_the_clips() -> None:
    made = predictions(random_logits())
    other = as_predictions(made, exact(made.logits), GRID)
    assert other.clip_ids == made.clip_ids and other.speakers == made.speakers
    assert np.abs(other.logits - made.logits).max() <= 0.5 * GRID.scale + 1e-6
