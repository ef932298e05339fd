"""The sign-flip test over speakers, against every pattern by hand, and Holm's adjustment."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edgeser.evaluation.bootstrap import clusters_of, stack_confusions
from edgeser.evaluation.metrics import unweighted_average_recall
from edgeser.evaluation.paired import holm, sign_flip_p
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.errors import BadInput


def predictions(
    seed: int, *, speakers: int = 5, skill: float = 0.0, clips: int = 12, classes: int = 3
) -> Predictions:
    truth = np.random.default_rng(99)
    n = speakers * clips
    labels = truth.integers(0, classes, n)
    logits = np.random.default_rng(seed).normal(size=(n, classes))
    logits[np.arange(n), labels] += skill
    return Predictions(
        clip_ids=tuple(f"clip{i:04d}" for i in range(n)),
        labels=labels.astype(np.int64),
        speakers=tuple(f"s{i // clips:03d}" for i in range(n)),
        logits=logits.astype(np.float32),
        classes=tuple("abcdef"[:classes]),
    )


def by_exchange(first: list[Predictions], second: list[Predictions]) -> float:
    """Exchange the answers of every set of speakers, and score anew: the test as it is defined."""
    clusters, _ = clusters_of(first[0].speakers)
    a = np.stack([stack_confusions(run, clusters) for run in first])
    b = np.stack([stack_confusions(run, clusters) for run in second])

    def difference(swap: tuple[int, ...]) -> float:
        mask = np.array(swap, bool)[None, :, None, None]
        mine, theirs = np.where(mask, b, a).sum(axis=1), np.where(mask, a, b).sum(axis=1)
        scores = unweighted_average_recall(mine), unweighted_average_recall(theirs)
        return abs(float(scores[0].mean() - scores[1].mean()))

    found = difference((0,) * a.shape[1])
    all_of_them = [difference(swap) for swap in product((0, 1), repeat=a.shape[1])]
    return float(np.mean(np.array(all_of_them) >= found - 1e-12))


@pytest.mark.parametrize("skill", [0.0, 0.3, 1.0])
def test_p_is_the_share_of_exchanges_that_differ_as_much(skill: float) -> None:
    first = [predictions(1, skill=skill), predictions(2, skill=skill)]
    second = [predictions(3), predictions(4)]
    assert sign_flip_p(first, second) == pytest.approx(by_exchange(first, second))
    assert sign_flip_p(second, first) == pytest.approx(by_exchange(first, second))


def test_few_speakers_cannot_be_sure() -> None:
    assert sign_flip_p([predictions(1, skill=9)], [predictions(2)]) == 2 / 32
    assert sign_flip_p([predictions(1)], [predictions(1)]) == 1.0


def test_many_speakers_are_drawn_and_come_near_to_all_patterns() -> None:
    wide = predictions(1, speakers=15, skill=0.25), predictions(2, speakers=15)
    drawn = sign_flip_p([wide[0]], [wide[1]])
    assert drawn == pytest.approx(by_exchange([wide[0]], [wide[1]]), abs=0.005)
    assert drawn == sign_flip_p([wide[0]], [wide[1]])
    sure = sign_flip_p([predictions(1, speakers=40, skill=5)], [predictions(2, speakers=40)])
    assert sure == 1 / 100_000


def test_false_alarms_are_as_rare_as_they_should_be() -> None:
    """Of equal models five in a hundred are called different at 0.05."""
    found = [
        sign_flip_p([predictions(2 * i, speakers=6)], [predictions(2 * i + 1, speakers=6)])
        for i in range(400)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.08
    assert np.mean(np.array(found) <= 0.5) == pytest.approx(0.5, abs=0.1)


def test_classes_that_only_one_model_knows_do_not_hinder() -> None:
    one = predictions(1, classes=3)
    other = Predictions(
        one.clip_ids, one.labels, one.speakers, np.pad(one.logits, ((0, 0), (0, 2))), tuple("abcde")
    )
    assert 0 < sign_flip_p([one], [other]) <= 1


def test_other_clips_are_refused() -> None:
    with pytest.raises(BadInput, match="same clips"):
        sign_flip_p([predictions(1)], [predictions(1, speakers=4)])
    with pytest.raises(BadInput, match="nothing to compare"):
        sign_flip_p([], [predictions(1)])


def test_holm() -> None:
    """The example of Holm's paper's procedure, by hand: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1."""
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx((0.04, 0.06, 0.06, 0.06))
    assert holm([0.04, 0.01]) == pytest.approx((0.04, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([0.3]) == (0.3,)
    assert holm([]) == ()
