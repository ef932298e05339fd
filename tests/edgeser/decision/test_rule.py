"""A rule from development clips: temperatures of both arithmetics, a threshold for the device."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeser.decision import (
    NOT_CALIBRATED,
    DecisionConfig,
    DecisionRule,
    HeldOut,
    decode_held_out,
    encode_held_out,
    rule_from,
)
from edgeser.decision.rule import with_threshold
from firmware_bridge.certainty import ONE
from quantize.foundation.errors import BadInput

WINDOW = (3, 2, 1)


def held_out() -> HeldOut:
    """Forty clips sure by 40 steps of 0.1, 30 of them right; forty by 10, 20 of them right."""
    sure, unsure = [[40, 0], [10, 0]]
    labels = [0] * 30 + [1] * 10 + [0] * 20 + [1] * 20
    steps = np.array([sure] * 40 + [unsure] * 40, np.int8)
    return HeldOut(
        source="80 clips",
        labels=np.array(labels, np.int64),
        speakers=tuple(f"s{i % 4}" for i in range(80)),
        takes=np.zeros(80, np.int64),
        logits=np.ascontiguousarray(steps * np.float32(0.2)),
        int8_logits=steps,
    )


def test_both_temperatures_are_those_of_their_logits() -> None:
    rule = rule_from(held_out(), DecisionConfig(), scale=0.1)
    assert rule.calibrated
    # The float logits are twice the int8 ones.
    assert rule.float_temperature == pytest.approx(2 * rule.int8_temperature, rel=1e-6)
    # Slope 0: 40 (s(4b) - 0.75) 4 + 40 (s(b) - 0.5) 1 = 0, with s the logistic function.
    beta = 1.0 / rule.int8_temperature
    slope = 4 * (1 / (1 + math.exp(-4 * beta)) - 0.75) + (1 / (1 + math.exp(-beta)) - 0.5)
    assert slope == pytest.approx(0.0, abs=1e-6)
    assert (rule.unsure_below, rule.risk, rule.coverage) == (0, 30 / 80, 1.0)


def test_conditions_count_for_the_threshold_and_not_for_the_temperature() -> None:
    """Under conditions the same is said of the clips, and less of it is right."""
    clean = held_out()
    worse = np.array(([0] * 24 + [1] * 16) * 2, np.int64)
    both = HeldOut(
        source="80 clips, twice",
        labels=np.concatenate([clean.labels, worse]),
        speakers=clean.speakers * 2,
        takes=np.repeat([0, 1], 80),
        logits=np.tile(clean.logits, (2, 1)),
        int8_logits=np.tile(clean.int8_logits, (2, 1)),
    )
    rule = rule_from(both, DecisionConfig(coverage=0.5), scale=0.1)
    alone = rule_from(clean, DecisionConfig(coverage=0.5), scale=0.1)
    assert rule.int8_temperature == alone.int8_temperature
    assert rule.float_temperature == alone.float_temperature
    # Of the surer half 30 of 40 are right as recorded, 24 of 40 under conditions.
    assert (alone.risk, rule.risk, rule.coverage) == (10 / 40, 26 / 80, 0.5)


def test_the_threshold_parts_what_the_device_parts() -> None:
    rule = rule_from(held_out(), DecisionConfig(risk=0.25), scale=0.1)
    assert (rule.wanted, rule.risk, rule.coverage) == ("risk 0.25", 0.25, 0.5)
    certainty = rule.certainty(0.1)
    sure, unsure = certainty.probabilities(np.array([[40, 0], [10, 0]]))[:, 0]
    assert certainty.unsure_below == sure > unsure
    assert rule.threshold == sure / ONE
    # Over three windows the mean is what counts.
    assert certainty.probabilities(np.array([120, 0]), 3)[0] == sure


def test_a_new_wish_keeps_the_temperatures() -> None:
    rule = rule_from(held_out(), DecisionConfig(), scale=0.1)
    other = with_threshold(rule, held_out(), DecisionConfig(coverage=0.4), scale=0.1)
    assert (other.wanted, other.coverage) == ("coverage 0.4", 0.5)
    assert other.int8_temperature == rule.int8_temperature


def test_without_development_clips_nothing_is_calibrated_and_no_threshold_chosen() -> None:
    assert rule_from(None, DecisionConfig(), scale=0.1) == NOT_CALIBRATED
    assert (NOT_CALIBRATED.int8_temperature, NOT_CALIBRATED.unsure_below) == (1.0, 0)
    with pytest.raises(BadInput, match="not calibrated"):
        rule_from(None, DecisionConfig(risk=0.2), scale=0.1)


@pytest.mark.parametrize(
    "entries",
    [{"int8_temperature": 0.0}, {"float_temperature": math.nan}, {"unsure_below": ONE + 1}],
)
def test_a_rule_that_no_device_can_follow_is_refused(entries: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        DecisionRule(**entries)  # type: ignore[arg-type]


@pytest.mark.parametrize("with_windows", [False, True])
def test_development_clips_come_back_as_they_were(with_windows: bool) -> None:
    given = held_out()
    if with_windows:
        windows = np.random.default_rng(1).integers(-128, 128, (80, *WINDOW), np.int8)
        given = replace(given, int8_logits=None, features=windows)
    data = encode_held_out(given)
    assert encode_held_out(given) == data
    found = decode_held_out(data, where="here", classes=2, window=WINDOW)
    assert (found.source, found.speakers) == (given.source, given.speakers)
    for name in ("labels", "takes", "logits", "int8_logits", "features"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))


@pytest.mark.parametrize(
    ("classes", "window", "spoil"),
    [
        (3, WINDOW, {}),
        (2, (3, 2, 2), {"features": np.zeros((80, *WINDOW), np.int8)}),
        (2, WINDOW, {"data": b"no zip"}),
    ],
)
def test_development_clips_of_something_else_are_refused(
    classes: int, window: tuple[int, int, int], spoil: dict[str, object]
) -> None:
    data = spoil.pop("data", None) or encode_held_out(replace(held_out(), **spoil))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="cannot use the development clips in here"):
        decode_held_out(data, where="here", classes=classes, window=window)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "entries",
    [
        {"labels": np.full(80, 2, np.int64)},
        {"labels": np.zeros(79, np.int64)},
        {"logits": np.full((80, 2), np.inf, np.float32)},
        {"int8_logits": np.zeros((80, 3), np.int8)},
    ],
)
def test_what_does_not_fit_together_is_refused(entries: dict[str, np.ndarray]) -> None:
    with pytest.raises(BadInput):
        replace(held_out(), **entries)
