"""Draws by corpus, label and speaker; every batch has its share."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgeser.training.config import SamplingConfig
from edgeser.training.data import LabelledFeatures
from edgeser.training.sampling import drawn_order, draws_of, labels_present, strata_of


def clips(*rows: tuple[str, int, str, int]) -> LabelledFeatures:
    """Clips as (corpus, label, speaker, how many)."""
    each = [row[:3] for row in rows for _ in range(row[3])]
    return LabelledFeatures(
        features=np.zeros((1, len(each), 4, 2, 1), np.int8),
        labels=np.array([label for _, label, _ in each]),
        speakers=tuple(speaker for _, _, speaker in each),
        corpora=tuple(corpus for corpus, _, _ in each),
    )


UNLIKE = clips(
    ("big", 0, "b1", 600),
    ("big", 1, "b1", 100),
    ("big", 1, "b2", 200),
    ("small", 0, "s1", 80),
    ("small", 1, "s2", 20),
)


def total(draws: np.ndarray, **of: object) -> float:
    mask = np.ones(len(UNLIKE), bool)
    columns = {"corpus": UNLIKE.corpora, "label": UNLIKE.labels, "speaker": UNLIKE.speakers}
    for name, value in of.items():
        mask &= np.array([v == value for v in columns[name]])
    return float(draws[mask].sum())


def test_exponents_of_0_draw_every_clip_alike() -> None:
    draws = draws_of(UNLIKE, SamplingConfig(), {})
    np.testing.assert_allclose(draws, 1.0)


def test_an_exponent_of_1_gives_corpora_alike_and_weights_multiply() -> None:
    draws = draws_of(UNLIKE, SamplingConfig(corpus=1.0), {})
    assert total(draws, corpus="big") == pytest.approx(500)
    assert total(draws, corpus="small") == pytest.approx(500)
    assert total(draws, corpus="big", label=0) == pytest.approx(500 * 600 / 900)
    draws = draws_of(UNLIKE, SamplingConfig(corpus=1.0), {"small": 3.0})
    assert total(draws, corpus="small") == pytest.approx(750)
    assert draws.mean() == pytest.approx(1.0)


def test_labels_and_speakers_are_balanced_within() -> None:
    draws = draws_of(UNLIKE, SamplingConfig(corpus=0.0, label=1.0, speaker=1.0), {})
    assert total(draws, corpus="big") == pytest.approx(900)
    assert total(draws, corpus="big", label=0) == pytest.approx(450)
    assert total(draws, corpus="big", label=1, speaker="b1") == pytest.approx(225)
    assert total(draws, corpus="small", label=1) == pytest.approx(50)


def test_half_an_exponent_lies_between() -> None:
    draws = draws_of(UNLIKE, SamplingConfig(corpus=0.5), {})
    ratio = total(draws, corpus="big") / total(draws, corpus="small")
    assert ratio == pytest.approx((900 / 100) ** 0.5)


def test_an_epoch_draws_each_clip_as_often_as_said_and_every_batch_its_share() -> None:
    draws = draws_of(UNLIKE, SamplingConfig(corpus=1.0, label=1.0), {})
    order = drawn_order(draws, strata_of(UNLIKE), np.random.default_rng(1))
    assert len(order) == len(UNLIKE)
    times = np.bincount(order, minlength=len(UNLIKE))
    assert np.all((times >= np.floor(draws)) & (times <= np.ceil(draws)))
    for batch in np.array_split(order, len(order) // 32):
        corpora = Counter(UNLIKE.corpora[i] for i in batch)
        assert abs(corpora["small"] - len(batch) / 2) <= 3
        assert len({(UNLIKE.corpora[i], UNLIKE.labels[i]) for i in batch}) == 4


def test_the_order_is_the_seed_s_alone() -> None:
    draws = draws_of(UNLIKE, SamplingConfig(corpus=1.0), {})
    first, again, other = (
        drawn_order(draws, strata_of(UNLIKE), np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_present_labels_are_those_of_the_corpus() -> None:
    some = clips(("a", 0, "x", 1), ("a", 2, "x", 1), ("b", 1, "y", 1))
    assert labels_present(some, 3).tolist() == [[True, False, True]] * 2 + [[False, True, False]]
