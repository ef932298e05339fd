"""Scores against listeners' votes: by hand, with intervals, wherever votes exist."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import Utterance
from edgeser.evaluation import Bootstrap, OutputGrid, Predictions, as_predictions, evaluate
from edgeser.evaluation.bootstrap import BY_CLIP, BY_SPEAKER
from edgeser.evaluation.distributions import DistributionScores
from edgeser.evaluation.metrics import Metrics
from edgeser.pipeline.training_data.dataset import votes_of
from edgeser.report.distributions import distribution_rows
from edgeser.report.schemas.scores import distribution_json
from edgeser.typed_tables import from_table, to_table
from quantize.foundation.errors import BadInput

NAMES = ("kl", "chebyshev", "clark", "canberra", "cosine", "intersection")
WORKED_OUT = {
    "kl": 0.5 * math.log(2),
    "chebyshev": 0.25,
    "clark": math.sqrt(1 / 9 + 0 + 1),
    "canberra": 1 / 3 + 0 + 1,
    "cosine": 0.375 / math.sqrt(0.5 * 0.375),
    "intersection": 0.75,
}
"""Of votes 1/2, 1/2, 0 and answers 1/4, 1/2, 1/4."""
AGREED = {"kl": 0.0, "chebyshev": 0.0, "clark": 0.0, "canberra": 0.0, "cosine": 1.0,
          "intersection": 1.0}  # fmt: skip


def predictions(*clips: tuple[str, list[float], list[float]]) -> Predictions:
    """Make predictions of (speaker, votes, answers)."""
    answers = np.array([answer for _, _, answer in clips])
    return Predictions(
        clip_ids=tuple(f"clip{i}" for i in range(len(clips))),
        labels=np.zeros(len(clips), np.int64),
        speakers=tuple(speaker for speaker, _, _ in clips),
        logits=(np.log(answers) + 3.0).astype(np.float32),
        classes=("a", "b", "c"),
        votes=np.array([votes for _, votes, _ in clips], np.float32),
    )


FIRST = ("kim", [0.5, 0.5, 0.0], [0.25, 0.5, 0.25])
SAME = ("lee", [0.2, 0.3, 0.5], [0.2, 0.3, 0.5])
NOBODY = ("pat", [0.0, 0.0, 0.0], [0.9, 0.05, 0.05])


def scores(of: Predictions) -> DistributionScores:
    found = evaluate(of, source="here").distributions
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_worked_out_by_hand(name: str) -> None:
    assert getattr(scores(predictions(FIRST)), name).value == pytest.approx(
        WORKED_OUT[name], abs=1e-6
    )
    assert getattr(scores(predictions(SAME)), name).value == pytest.approx(AGREED[name], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_is_over_clips_with_votes_and_the_interval_over_their_speakers(name: str) -> None:
    """Of two speakers a resample has the first twice, the second twice, or each once."""
    found = scores(predictions(FIRST, SAME, NOBODY))
    figure = getattr(found, name)
    assert found.clips == 2
    assert figure.value == pytest.approx((WORKED_OUT[name] + AGREED[name]) / 2, abs=1e-6)
    assert figure.interval == pytest.approx(sorted((WORKED_OUT[name], AGREED[name])), abs=1e-6)
    assert figure.interval_kind == BY_SPEAKER
    assert "2 clips with votes" in figure.source


def test_a_speaker_counts_by_clips() -> None:
    found = scores(predictions(FIRST, FIRST, FIRST, SAME))
    assert found.kl.value == pytest.approx(0.75 * WORKED_OUT["kl"], abs=1e-6)
    one = scores(predictions(FIRST, replaced(SAME, "kim")))
    assert one.kl.interval_kind == BY_CLIP
    assert scores(predictions(FIRST)).kl.interval is None


def replaced(
    clip: tuple[str, list[float], list[float]], speaker: str
) -> tuple[str, list[float], list[float]]:
    return (speaker, *clip[1:])


def test_certain_answers_against_other_votes_are_large_and_finite() -> None:
    sure = replace(predictions(FIRST), logits=np.array([[-200.0, -200.0, 200.0]], np.float32))
    found = scores(sure)
    assert found.kl.value == pytest.approx(400.0 + math.log(0.5))
    assert found.clark.value == pytest.approx(math.sqrt(3))
    assert found.canberra.value == pytest.approx(3.0)
    assert found.intersection.value == pytest.approx(0.0)


def test_no_votes_no_scores() -> None:
    assert evaluate(predictions(NOBODY), source="here").distributions is None
    plain = replace(predictions(FIRST), votes=None)
    assert evaluate(plain, source="here").distributions is None


def test_int8_is_scored_on_what_it_says() -> None:
    of_float = predictions(FIRST, SAME)
    grid = OutputGrid(scale=0.5, zero_point=0)
    output = grid.quantise(of_float.logits).astype(np.int8)
    of_int8 = as_predictions(of_float, output, grid)
    p = np.exp(grid.dequantise(output)[0].astype(np.float64))
    p /= p.sum()
    expected = 0.5 * math.log(0.5 / p[0]) + 0.5 * math.log(0.5 / p[1])
    first = scores(of_int8.select(np.array([True, False])))
    assert first.kl.value == pytest.approx(expected)
    assert first.kl.value != pytest.approx(WORKED_OUT["kl"])


def test_the_draw_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    votes, answers = rng.dirichlet([1, 1, 1], 20), rng.dirichlet([1, 1, 1], 20)
    clips = [(f"s{i % 5}", list(votes[i]), list(answers[i])) for i in range(20)]
    of = predictions(*clips)
    few = evaluate(of, source="here", bootstrap=Bootstrap(200, 3)).distributions
    again = evaluate(of, source="here", bootstrap=Bootstrap(200, 3)).distributions
    other = evaluate(of, source="here", bootstrap=Bootstrap(200, 4)).distributions
    assert few == again
    assert few is not None
    assert other is not None
    assert few.kl.value == other.kl.value
    assert few.kl.interval != other.kl.interval


@pytest.mark.parametrize(
    "votes", [[[0.5, 0.5]], [[0.5, 0.2, 0.1]], [[1.5, -0.5, 0.0]], [[math.nan, 0.5, 0.5]]]
)
def test_votes_that_are_no_shares_are_refused(votes: list[list[float]]) -> None:
    with pytest.raises(BadInput, match="votes"):
        replace(predictions(FIRST), votes=np.array(votes, np.float32))


def test_scores_are_kept_and_read_back() -> None:
    metrics = evaluate(predictions(FIRST, SAME), source="here")
    again = from_table(Metrics, to_table(metrics), where="here")
    assert again.distributions == metrics.distributions
    plain = evaluate(predictions(NOBODY), source="here")
    assert from_table(Metrics, to_table(plain), where="here").distributions is None


def test_the_report_names_each_score_of_both() -> None:
    metrics = evaluate(predictions(FIRST, SAME), source="here")
    rows = distribution_rows(metrics, metrics)
    assert [row.of_float for row in rows] == [getattr(metrics.distributions, n) for n in NAMES]
    assert all(row.of_int8 == row.of_float for row in rows)
    assert distribution_rows(metrics, None)[0].of_int8 is None
    assert distribution_rows(evaluate(predictions(NOBODY), source="here"), None) == []
    said = distribution_json(metrics.distributions)
    assert said is not None
    assert (said["clips"], set(said) - {"clips"}) == (2, set(NAMES))


def test_votes_are_shares_over_the_classes_of_the_model() -> None:
    def clip(*votes: tuple[str, float]) -> Utterance:
        return Utterance(Path("x"), "x", "c", "anger", "s", votes=votes or None)

    found = votes_of([clip(("anger", 0.6), ("fear", 0.2), ("joy", 0.2)), clip()], ("anger", "fear"))
    assert found is not None
    assert found[0] == pytest.approx([0.75, 0.25])
    assert found[1].tolist() == [0.0, 0.0]
    assert votes_of([clip(), clip()], ("anger", "fear")) is None
