"""Temperatures against values worked by hand, and where there is no best one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.decision import fit_temperature, softmax
from edgeser.decision.temperature import HIGHEST, LOWEST


def two_classes(right: int, wrong: int, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Clips of two classes that all say class 0 by the same margin; so many are of it."""
    logits = np.tile([margin, 0.0], (right + wrong, 1)).astype(np.float32)
    return logits, np.array([0] * right + [1] * wrong, np.int64)


@pytest.mark.parametrize(
    ("right", "wrong", "margin", "expected"),
    [
        # Right in three of four, so the margin must stand for log(3): T = margin / log(3).
        (3, 1, 4.0, 4.0 / math.log(3)),
        (3, 1, math.log(3), 1.0),
        (3, 1, 0.5, 0.5 / math.log(3)),
        # Nine of ten: log(9).
        (90, 10, 6.0, 6.0 / math.log(9)),
        # Never wrong: the surer the better. Wrong as often as right: nothing is known.
        (5, 0, 4.0, LOWEST),
        (2, 2, 4.0, HIGHEST),
        (1, 3, 4.0, HIGHEST),
    ],
)
def test_the_margin_stands_for_the_odds(
    right: int, wrong: int, margin: float, expected: float
) -> None:
    logits, labels = two_classes(right, wrong, margin)
    assert fit_temperature(logits, labels) == pytest.approx(expected, rel=1e-6)


def test_softmax_over_a_temperature_by_hand() -> None:
    # log(9) / 2 = log(3): 3/4 and 1/4.
    shares = softmax(np.array([[math.log(9), 0.0]]), 2.0)
    np.testing.assert_allclose(shares, [[0.75, 0.25]], atol=1e-12)


@given(seed=st.integers(0, 50), wanted=st.floats(0.3, 4.0), factor=st.floats(0.5, 2.0))
@settings(max_examples=30)
def test_larger_logits_have_a_larger_temperature_and_nothing_is_likelier(
    seed: int, wanted: float, factor: float
) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (400, 4))
    shares = softmax(logits, wanted)
    labels = np.array([rng.choice(4, p=row) for row in shares], np.int64)
    found = fit_temperature(logits, labels)

    def loss(temperature: float) -> float:
        rows = softmax(logits, temperature)[np.arange(400), labels]
        return float(-np.log(rows).mean())

    assert loss(found) <= min(loss(found * 1.01), loss(found / 1.01)) + 1e-12
    if 0.2 < found < 5.0:
        assert fit_temperature(logits * factor, labels) == pytest.approx(found * factor, rel=1e-5)
