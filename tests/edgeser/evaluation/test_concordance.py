"""Concordance against other formulas, its intervals by speaker, and the verdict on its drop."""

from __future__ import annotations

import numpy as np
import pytest

from edgeser.evaluation import (
    Bootstrap,
    OutputGrid,
    VadTruth,
    compare_vad,
    score_vad,
)
from edgeser.evaluation.concordance import concordance, sums_by_cluster
from quantize.foundation.errors import BadInput


def lin(x: np.ndarray, y: np.ndarray) -> float:
    """Lin's coefficient as the textbook has it."""
    covariance = np.cov(x, y, bias=True)[0, 1]
    return float(2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2))


def truth(values: np.ndarray, *, speakers: int = 4, derived: int = 0) -> VadTruth:
    clips = len(values)
    return VadTruth(
        values=values.astype(np.float32),
        derived=np.arange(clips) < derived,
        derived_from="a table" if derived else "",
        speakers=tuple(f"s{i % speakers}" for i in range(clips)),
    )


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    wanted = rng.uniform(-1, 1, (80, 3))
    said = 0.6 * wanted + 0.2 + rng.normal(0, 0.3, (80, 3))
    return said.astype(np.float32), wanted.astype(np.float32)


def test_the_figure_is_lins(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    said, wanted = drawn
    scores = score_vad(said, said * 0.9, truth(wanted), source="test")
    assert scores is not None
    for axis, score in enumerate(scores.scores):
        assert score.of_float.value == pytest.approx(lin(said[:, axis], wanted[:, axis]), rel=1e-5)
        other = lin(said[:, axis] * 0.9, wanted[:, axis])
        assert score.of_int8.value == pytest.approx(other, rel=1e-5)
        assert score.drop.value == pytest.approx(score.of_float.value - score.of_int8.value)
        assert score.of_float.unit == "CCC"
    assert [s.dimension for s in scores.scores] == ["valence", "arousal", "dominance"]
    assert (scores.clips, scores.speakers, scores.called, scores.caveats) == (80, 4, "rated", ())


def test_resamples_of_speakers_are_those_of_their_clips(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    said, wanted = drawn
    clusters = np.arange(80) % 4
    counts = Bootstrap(resamples=5, seed=1).draw(4)
    sums = sums_by_cluster(said[:, 0], wanted[:, 0], clusters)
    for found, drawn_counts in zip(concordance(counts @ sums), counts, strict=True):
        clips = np.repeat(np.arange(80), drawn_counts[clusters])
        assert found == pytest.approx(lin(said[clips, 0], wanted[clips, 0]), rel=1e-5)


def test_the_interval_of_a_difference_is_paired(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    said, wanted = drawn
    scores = score_vad(said, said, truth(wanted), source="test")
    assert scores is not None
    score = scores.scores[0]
    assert score.drop.interval == (0.0, 0.0)
    assert score.of_float.interval is not None
    low, high = score.of_float.interval
    assert low < score.of_float.value < high
    assert score.of_float.interval_kind == "95 % speaker-clustered bootstrap"


def test_clips_without_values_are_left_out(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    said, wanted = drawn
    known = wanted.copy()
    known[10:, 1] = np.nan
    scores = score_vad(said, said, truth(known, derived=4), source="test")
    assert scores is not None
    assert (scores.clips, scores.derived) == (10, 4)
    assert scores.scores[2].of_float.value == pytest.approx(
        lin(said[:10, 2], wanted[:10, 2]), rel=1e-5
    )
    assert score_vad(said, said, truth(np.full_like(wanted, np.nan)), source="test") is None


@pytest.mark.parametrize(
    ("derived", "called"),
    [(0, "rated"), (80, "derived"), (8, "derived for 8 of 80 clips, else rated")],
)
def test_derived_values_are_called_so(
    drawn: tuple[np.ndarray, np.ndarray], derived: int, called: str
) -> None:
    said, wanted = drawn
    scores = score_vad(said, said, truth(wanted, derived=derived), source="test")
    assert scores is not None
    assert scores.called == called
    assert bool(scores.caveats) == (derived > 0)
    if derived:
        assert "derived from votes, not rated" in scores.caveats[0]
        assert "a table" in scores.caveats[0]


def test_what_never_varies_has_no_concordance() -> None:
    same = np.full((6, 3), 0.25, np.float32)
    scores = score_vad(same, same, truth(same), source="test")
    assert scores is not None
    assert [s.of_float.value for s in scores.scores] == [0.0, 0.0, 0.0]


def test_shapes_that_do_not_fit_are_refused(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    said, wanted = drawn
    with pytest.raises(BadInput, match="do not go with"):
        score_vad(said[:5], said, truth(wanted), source="test")


def test_steps_apart_are_counted_on_the_outputs_own_grid() -> None:
    grid = OutputGrid(0.1, 3)
    of_float = np.array([[0.0, 0.1, 20.0], [-0.3, 0.0, 1.0]], np.float32)
    int8 = np.array([[3, 5, 127], [0, 3, 13]], np.int8)
    found = compare_vad(of_float, int8, grid)
    # 20 lies at step 203, 76 beyond the int8; 0.1 at 4, one below what was said.
    assert found.lsb_histogram == ((-1, 1), (0, 4), (76, 1))
    assert (found.max_lsb, found.beyond_grid, found.scores) == (76, 1, None)
    with pytest.raises(BadInput, match="expected int8"):
        compare_vad(of_float, int8.astype(np.int16), grid)  # type: ignore[arg-type]
