"""Cues in stretches, their standard scores, and what the literature expects of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeser.corpora.emotions import EMOTIONS
from edgeser.explanation.cues import (
    CUES,
    Spread,
    StretchCues,
    all_stretches,
    cues_in,
    spread_of,
    stretch_values,
)
from edgeser.explanation.literature import (
    EXPECTED,
    SOURCES,
    Agreement,
    held_to_literature,
    judged,
)
from edgeser.explanation.salient import Stretch
from edgeser.pipeline.explanation.descriptors import descriptors_of

NAMES = [cue.name for cue in CUES]
F0 = NAMES.index("F0")


def rows(count: int = 100) -> NDArray[np.float32]:
    found = np.random.default_rng(0).normal(5.0, 1.0, (count, len(CUES))).astype(np.float32)
    found[:, F0] = 30.0
    return found


def test_where_nothing_is_voiced_a_voice_has_no_cues() -> None:
    found = rows()
    found[20:40, F0] = 0.0
    values = stretch_values(found, 0.20, 0.35)
    assert [cue.name for cue, v in zip(CUES, values, strict=True) if np.isnan(v)] == [
        cue.name for cue in CUES if cue.voiced
    ]
    assert values[0] == pytest.approx(found[20:35, 0].mean())
    half = stretch_values(found, 0.10, 0.25)
    assert half[1] == pytest.approx(found[10:25, 1].mean())
    assert half[-1] == pytest.approx(found[10:20, -1].mean())  # the voiced half alone


def test_scores_are_standard_scores_of_stretches() -> None:
    found = rows()
    stretches = all_stretches(found)
    assert len(stretches) == 18
    spread = spread_of([stretches])
    assert spread.mean[0] == pytest.approx(stretches[:, 0].mean())
    assert spread.deviation[0] == pytest.approx(stretches[:, 0].std(ddof=1))
    stretch = Stretch(25, 8, 0.5, 0.65, 0.4)
    (cues,) = cues_in(found, [stretch], {"clip": spread})
    wanted = (found[50:65, 0].mean() - spread.mean[0]) / spread.deviation[0]
    assert cues.scores["clip"][0] == pytest.approx(wanted)
    assert np.isnan(cues.scores["clip"][F0])  # it never changes: no deviation to count in


def test_silence_is_not_what_a_stretch_is_held_to() -> None:
    found = rows()
    found[50:, F0] = 0.0
    found[50:, 0] = -100.0
    stretches = all_stretches(found)
    assert np.isfinite(stretches).all()
    assert len(stretches) == 10  # the last one begins at 450 ms, and has 50 ms of voice
    voiced = [stretch_values(found, at / 20, at / 20 + 0.15) for at in range(10)]
    np.testing.assert_allclose(stretches, voiced)


def test_a_clip_too_short_has_no_spread_and_a_stretch_beyond_its_rows_none() -> None:
    spread = spread_of([all_stretches(rows(16))])
    assert np.isnan(spread.scores(np.zeros(len(CUES)))).all()
    assert cues_in(rows(10), [Stretch(50, 8, 1.0, 1.15, 1.0)], {}) == ()
    assert all_stretches(np.zeros((0, len(CUES)), np.float32)).shape[1] == len(CUES)
    assert np.isnan(spread_of([]).mean).all()


def cues_with(scores: dict[str, dict[str, float]]) -> StretchCues:
    found = {
        against: np.array([of.get(name, np.nan) for name in NAMES])
        for against, of in scores.items()
    }
    return StretchCues(Stretch(0, 8, 0.0, 0.15, 1.0), np.zeros(len(CUES)), found)


def test_anger_is_loud_and_high_and_sadness_is_not() -> None:
    loud = [cues_with({"speaker": {"loudness": 1.5, "F0": 0.1, "jitter": -0.5}})]
    found = {v.expectation.cue: v for v in held_to_literature("anger", loud)}
    assert found["loudness"].agreement is Agreement.AGREES
    assert found["F0"].agreement is Agreement.NEITHER
    assert found["jitter"].agreement is Agreement.CONTRADICTS
    assert "shimmer" not in found  # not known there
    sad = {v.expectation.cue: v.agreement for v in held_to_literature("sadness", loud)}
    assert sad["loudness"] is Agreement.CONTRADICTS


def test_the_speaker_goes_before_the_corpus_and_the_corpus_before_the_clip() -> None:
    all_known = {"clip": {"F0": 1.0}, "corpus": {"F0": 2.0}, "speaker": {"F0": 3.0}}
    for expected in ("speaker", "corpus", "clip"):
        found = {v.expectation.cue: v for v in held_to_literature("fear", [cues_with(all_known)])}
        assert found["F0"].against == expected
        del all_known[expected]


def test_an_interval_that_holds_0_is_neither() -> None:
    expectation = EXPECTED["anger"][0]
    assert judged(expectation, 1.0, (0.5, 1.5)) is Agreement.AGREES
    assert judged(expectation, 1.0, (-0.1, 2.0)) is Agreement.NEITHER
    assert judged(expectation, -1.0, (-2.0, -0.5)) is Agreement.CONTRADICTS


def test_the_table_names_known_emotions_cues_and_sources() -> None:
    assert set(EXPECTED) <= set(EMOTIONS)
    for expectations in EXPECTED.values():
        cues = [e.cue for e in expectations]
        assert len(cues) == len(set(cues))
        assert set(cues) <= set(NAMES)
        assert all(set(e.sources) <= set(SOURCES) and e.sources for e in expectations)
    assert held_to_literature("disgust", [cues_with({"clip": {"F0": 2.0}})]) == ()


def test_descriptors_are_what_opensmile_computes_itself() -> None:
    opensmile = pytest.importorskip("opensmile", reason="edgeser[explain] is not installed")
    times = np.arange(16_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 140 * k * times) / k for k in range(1, 20))
    samples = (4000 * voice).astype(np.int16)
    found, none = descriptors_of([samples, samples[:100]], sample_rate=16_000)
    assert none.shape == (0, len(CUES))
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.LowLevelDescriptors,
    )
    table = smile.process_signal(samples.astype(np.float32) / 32768, 16_000)
    wanted = table[[cue.descriptor for cue in CUES]].to_numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    middle = stretch_values(found, 0.4, 0.55)
    assert middle[F0] == pytest.approx(12 * np.log2(140 / 27.5), abs=0.2)
    assert Spread(middle, np.ones(len(CUES))).scores(middle) == pytest.approx(0.0)
