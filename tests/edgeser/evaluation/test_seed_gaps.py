"""Gaps over several trainings: worked out by hand, paired, and silent of groups too small."""

from __future__ import annotations

import numpy as np
import pytest

from edgeser.evaluation.group_gaps import PARITY, TRUE_POSITIVES, gaps_between
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.seed_gaps import gaps_over_seeds, worst_over_seeds

CLASSES = ("anger", "joy")
SPEAKERS = tuple(f"{sex}{n}" for sex in "fm" for n in range(6) for _ in range(4))
CLIPS = tuple(f"clip{n:02d}" for n in range(48))
LABELS = np.tile(np.array([0, 0, 1, 1]), 12)
SEX = {clip: "female" if s[0] == "f" else "male" for clip, s in zip(CLIPS, SPEAKERS, strict=True)}


def predictions(said: np.ndarray) -> Predictions:
    logits = np.eye(2, dtype=np.float32)[said]
    return Predictions(CLIPS, LABELS, SPEAKERS, logits, CLASSES)


def fair() -> Predictions:
    return predictions(LABELS)


def unfair() -> Predictions:
    """Of men each second joy is called anger."""
    said = LABELS.copy()
    said[27::4] = 0
    return predictions(said)


def test_the_mean_over_labels_and_seeds_is_worked_out_by_hand() -> None:
    true_positives, parity = gaps_over_seeds({"sex": SEX}, [unfair(), fair()], source="test")
    assert (true_positives.measure, parity.measure) == (TRUE_POSITIVES, PARITY)
    assert true_positives.groups == ("female", "male")
    # unfair: recall of anger 1 and 1, of joy 1 and 0.5; mean gap 0.25, largest 0.5; fair: 0
    assert true_positives.mean.value == pytest.approx(0.125)
    assert true_positives.largest.value == pytest.approx(0.25)
    # called anger: half of the women's clips, three quarters of the men's; joy likewise
    assert parity.mean.value == pytest.approx(0.125)
    assert parity.largest.value == pytest.approx(0.125)
    assert true_positives.mean.interval == pytest.approx((0.125, 0.125))  # all men are alike
    assert true_positives.above_first is None


def test_one_training_has_the_gaps_of_an_evaluation() -> None:
    rng = np.random.default_rng(0)
    one = predictions(rng.integers(0, 2, 48))
    found = gaps_over_seeds({"sex": SEX}, [one], source="test")
    gaps = gaps_between("sex", list(SEX.values()), one, source="test")
    assert gaps is not None
    for over_seeds in found:
        values = [label.of_float.value for label in gaps.of(over_seeds.measure)]
        assert over_seeds.mean.value == pytest.approx(np.mean(values))
        assert over_seeds.largest.value == pytest.approx(max(values))


def test_what_it_is_held_against_is_drawn_alike() -> None:
    pair = ([fair(), fair()], [unfair(), unfair()])
    true_positives, _ = gaps_over_seeds({"sex": SEX}, pair[0], source="test", paired=pair)
    assert true_positives.above_first is not None
    assert true_positives.above_first.value == pytest.approx(-0.25)
    assert true_positives.above_first.interval == pytest.approx((-0.25, -0.25))
    assert "paired" in true_positives.above_first.interval_kind
    same = ([unfair()], [unfair()])
    for gap in gaps_over_seeds({"sex": SEX}, same[0], source="test", paired=same):
        assert gap.above_first is not None
        assert gap.above_first.interval == (0.0, 0.0)


def test_groups_under_five_speakers_and_the_unknown_take_no_part() -> None:
    few = {clip: "old" if s in ("f0", "f1", "f2", "f3") else "young"
           for clip, s in zip(CLIPS, SPEAKERS, strict=True)}  # fmt: skip
    unknown = {clip: "unknown" if sex == "male" else sex for clip, sex in SEX.items()}
    groups = {"age group": few, "sex": unknown, "language": {}}
    assert gaps_over_seeds(groups, [unfair()], source="test") == ()


def test_the_worst_speaker_is_that_of_the_mean_over_the_trainings() -> None:
    said = LABELS.copy()
    said[8:12] = 1 - said[8:12]  # f2, in one training alone
    worst = worst_over_seeds([predictions(said), unfair()], source="test")
    assert worst is not None
    assert worst.speaker == "f2"
    assert worst.uar.value == pytest.approx(0.5)
    nobody = Predictions(
        CLIPS, LABELS, SPEAKERS, unfair().logits, CLASSES, anonymous=frozenset(SPEAKERS)
    )
    assert worst_over_seeds([nobody], source="test") is None
    assert gaps_over_seeds({"sex": SEX}, [nobody], source="test") == ()
