"""Thresholds by hand: what is answered, and how often that is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.decision import DecisionConfig, choose_threshold
from quantize.foundation.errors import BadInput

# Forty clips, from the surest on: ten right, then one wrong and nine right, then ten half right,
# then ten wrong. Risk at 10, 20, 30, 40 clips: 0, 1/20, 6/30, 16/40.
CORRECT = np.array([1] * 10 + [0] + [1] * 9 + [1, 0] * 5 + [0] * 10, bool)
CONFIDENCES = np.arange(40, 0, -1) * 100


@pytest.mark.parametrize(
    ("wanted", "unsure_below", "answered", "wrong"),
    [
        (DecisionConfig(), 0, 40, 16),
        (DecisionConfig(coverage=1.0), 0, 40, 16),
        (DecisionConfig(coverage=0.5), 2100, 20, 1),
        (DecisionConfig(coverage=0.501), 2000, 21, 1),
        (DecisionConfig(coverage=0.7), 1300, 28, 5),
        # 5 of 29 is 0.17, 6 of 30 is 0.2, 7 of 31 is 0.226.
        (DecisionConfig(risk=0.2), 1100, 30, 6),
        (DecisionConfig(risk=0.18), 1200, 29, 5),
        (DecisionConfig(risk=0.4), 0, 40, 16),
        (DecisionConfig(risk=0.05), 2000, 21, 1),
    ],
)
def test_what_is_wanted_is_found(
    wanted: DecisionConfig, unsure_below: int, answered: int, wrong: int
) -> None:
    found = choose_threshold(CONFIDENCES, CORRECT, wanted)
    assert (found.unsure_below, found.answered, found.clips) == (unsure_below, answered, 40)
    assert found.risk == wrong / answered
    assert found.coverage == answered / 40
    assert not found.note


def test_a_risk_that_cannot_be_had_says_what_can() -> None:
    # No risk is counted on fewer than 20 clips, or the luckiest few would be chosen.
    found = choose_threshold(CONFIDENCES, CORRECT, DecisionConfig(risk=0.01))
    assert (found.unsure_below, found.answered) == (2000, 21)
    assert found.note == (
        "risk 0.01 cannot be had on the development clips: the lowest is 0.048, where 21 of 40 "
        "clips are answered (coverage 0.53)"
    )


def test_equals_are_answered_together() -> None:
    found = choose_threshold(
        np.array([9, 5, 5, 5, 1]), np.array([1, 1, 0, 0, 0], bool), DecisionConfig(coverage=0.3)
    )
    assert (found.unsure_below, found.answered, found.risk) == (5, 4, 0.5)


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60), st.data())
@settings(max_examples=200)
def test_the_threshold_does_on_these_clips_what_it_says(
    clips: list[tuple[int, bool]], data: st.DataObject
) -> None:
    confidences = np.array([c for c, _ in clips])
    correct = np.array([right for _, right in clips])
    share = data.draw(st.floats(0.01, 0.99))
    for wanted in (DecisionConfig(risk=share), DecisionConfig(coverage=share)):
        found = choose_threshold(confidences, correct, wanted)
        answered = confidences >= found.unsure_below
        assert answered.sum() == found.answered
        assert found.risk == pytest.approx((~correct[answered]).mean())
        if wanted.coverage is not None:
            assert found.coverage >= share - 1e-9
            fewer = confidences > found.unsure_below
            assert found.unsure_below == 0 or fewer.mean() < share
        elif not found.note:
            assert found.risk <= share


@pytest.mark.parametrize(
    "given_values",
    [(0.0, None), (1.0, None), (-0.1, None), (float("nan"), None), (None, 0.0), (None, 1.1),
     (0.3, 0.7)],
)  # fmt: skip
def test_what_cannot_be_wanted_is_refused(
    given_values: tuple[float | None, float | None],
) -> None:
    with pytest.raises(BadInput):
        DecisionConfig(*given_values)
