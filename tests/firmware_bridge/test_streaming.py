"""The host's streaming: decisions depend on the samples, not on how they come."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.certainty import Certainty
from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    normalisation_from_statistics,
    quantise_features,
)
from firmware_bridge.streaming import Decision, Smoother, StreamingClassifier, decisions_after
from quantize.foundation.errors import BadInput

CERTAINTY = Certainty.of_scale(0.02, unsure_below=20_000)
WEIGHTS = np.random.default_rng(0).integers(-3, 4, (3, 4 * 2))


def small_frontend() -> FrontendConfig:
    config = FrontendConfig(channels=4, phase_planes=("if_mod",))
    noise = np.random.default_rng(5).normal(0, 3000, 16_000).astype(np.int16)
    features = compute_features(noise, config)
    values = np.concatenate([features.amplitude[..., None], features.phase], axis=-1, dtype=float)
    return dataclasses.replace(
        config, normalisation=normalisation_from_statistics(values.mean(0).T, values.std(0).T)
    )


FRONTEND = small_frontend()
SAMPLES = (
    (
        np.random.default_rng(1).normal(0, 1, 24_000)
        * np.repeat(np.random.default_rng(2).uniform(10, 12_000, 50), 480)
    )
    .clip(-32768, 32767)
    .astype(np.int16)
)


def toy_model(windows: np.ndarray) -> np.ndarray:
    """Sums of weighted rows, of which later ones weigh more: order matters."""
    order = np.arange(1, windows.shape[1] + 1)[:, None]
    pooled = (windows.reshape(len(windows), windows.shape[1], -1).astype(int) * order).sum(1)
    return np.clip(pooled @ WEIGHTS.T // 64, -128, 127).astype(np.int8)


def decide_plainly(
    samples: np.ndarray, window: int, hop: int, smoothing: int
) -> tuple[Decision, ...]:
    """The definition, word by word, over the whole recording at once."""
    rows = quantise_features(compute_features(samples, FRONTEND), FRONTEND)
    ends = range(window, len(rows) + 1, hop)
    logits = [toy_model(rows[end - window : end][None])[0].astype(int) for end in ends]
    decisions = []
    for number, end in enumerate(ends):
        sums = sum(logits[max(0, number - smoothing + 1) : number + 1])
        best = [value == max(sums) for value in sums].index(True)
        probability = int(CERTAINTY.probabilities(sums, min(number + 1, smoothing))[best])
        decisions.append(
            Decision(
                number=number,
                end_frame=end,
                label=best,
                logits=tuple(logits[number].tolist()),
                sums=tuple(sums.tolist()),
                probability=probability,
                unsure=probability < 20_000,
            )
        )
    return tuple(decisions)


def stream(samples: np.ndarray, cuts: list[int], **settings_: int) -> tuple[Decision, ...]:
    classifier = StreamingClassifier(FRONTEND, toy_model, certainty=CERTAINTY, **settings_)
    pieces = np.split(samples, sorted(cuts))
    return tuple(itertools.chain.from_iterable(map(classifier.push, pieces)))


@given(
    length=st.integers(0, len(SAMPLES)),
    cuts=st.lists(st.integers(0, len(SAMPLES)), max_size=30),
    window=st.integers(1, 20),
    hop=st.integers(1, 25),
    smoothing=st.integers(1, 6),
)
@settings(max_examples=80)
def test_decisions_are_the_definitions_whatever_the_chunks(
    length: int, cuts: list[int], window: int, hop: int, smoothing: int
) -> None:
    samples = SAMPLES[:length]
    got = stream(samples, cuts, window_frames=window, hop_frames=hop, smoothing=smoothing)
    assert got == decide_plainly(samples, window, hop, smoothing)


@pytest.mark.parametrize("chunk", [1, 3, 159, 160, 161, 479, 480, 4096])
def test_chunks_of_one_size_too(chunk: int) -> None:
    samples = SAMPLES[:6000]
    cuts = list(range(chunk, len(samples), chunk))
    got = stream(samples, cuts, window_frames=6, hop_frames=4, smoothing=3)
    assert got == decide_plainly(samples, 6, 4, 3)
    assert len(got) > 4


def test_the_signal_brings_different_decisions() -> None:
    decisions = decide_plainly(SAMPLES, 6, 4, 3)
    assert len({decision.label for decision in decisions}) == 3
    assert {decision.unsure for decision in decisions} == {False, True}
    assert len(decisions) == decisions_after(148, window_frames=6, hop_frames=4)


def test_a_long_recording_goes_through_the_model_in_batches() -> None:
    sizes: list[int] = []

    def infer(windows: np.ndarray) -> np.ndarray:
        sizes.append(len(windows))
        return toy_model(windows)

    classifier = StreamingClassifier(
        FRONTEND, infer, window_frames=5, hop_frames=1, smoothing=2, certainty=CERTAINTY
    )
    decisions = classifier.push(SAMPLES)
    assert classifier.frames == 148
    assert sum(sizes) == len(decisions) == 144
    assert max(sizes) == 64
    assert decisions == decide_plainly(SAMPLES, 5, 1, 2)


def test_little_is_kept_between_pushes() -> None:
    for window, hop in ((4, 2), (2, 9)):
        classifier = StreamingClassifier(
            FRONTEND, toy_model, window_frames=window, hop_frames=hop, smoothing=1
        )
        for piece in np.split(SAMPLES, 60):
            classifier.push(piece)
            assert len(classifier._rows) <= window + hop


def test_reset_begins_anew() -> None:
    classifier = StreamingClassifier(
        FRONTEND, toy_model, window_frames=4, hop_frames=3, smoothing=3
    )
    first = classifier.push(SAMPLES[:7777])
    classifier.reset()
    assert classifier.frames == 0
    assert classifier.push(SAMPLES[:7777]) == first


def test_the_first_of_equals_wins_and_sums_are_of_the_last_few() -> None:
    halves = Certainty(multiplier=1 << 24, unsure_below=20_000)
    smoother = Smoother(window_frames=10, hop_frames=2, smoothing=2, certainty=halves)
    one, two, three = (
        smoother.decide(np.array(logits, np.int8))
        for logits in ([-128, 127, 127], [127, -128, -128], [127, 127, 127])
    )
    assert (one.label, one.sums, one.end_frame) == (1, (-128, 127, 127), 10)
    assert (two.label, two.sums, two.end_frame) == (0, (-1, -1, -1), 12)
    assert (three.label, three.sums, three.number) == (0, (254, -1, -1), 2)
    # One of two equals, one of three, all of it.
    assert [d.probability for d in (one, two, three)] == [16_384, 10_923, 32_768]
    assert [d.unsure for d in (one, two, three)] == [True, True, False]


@pytest.mark.parametrize("name", ["window_frames", "hop_frames", "smoothing"])
def test_nothing_may_be_zero(name: str) -> None:
    numbers = {"window_frames": 4, "hop_frames": 4, "smoothing": 4, name: 0}
    with pytest.raises(BadInput, match=name):
        StreamingClassifier(FRONTEND, toy_model, **numbers)


def test_a_frontend_without_normalisation_is_refused() -> None:
    raw = dataclasses.replace(FRONTEND, normalisation=None)
    with pytest.raises(BadInput, match="no normalisation"):
        StreamingClassifier(raw, toy_model, window_frames=4, hop_frames=3, smoothing=3)


@pytest.mark.parametrize(
    "infer",
    [
        lambda windows: toy_model(windows).astype(np.float32),
        lambda windows: toy_model(windows)[:-1],
        lambda windows: toy_model(windows)[0],
    ],
)
def test_a_model_that_answers_otherwise_is_refused(infer) -> None:
    classifier = StreamingClassifier(FRONTEND, infer, window_frames=4, hop_frames=3, smoothing=3)
    with pytest.raises(BadInput, match="windows"):
        classifier.push(SAMPLES)


def test_samples_must_be_int16() -> None:
    classifier = StreamingClassifier(
        FRONTEND, toy_model, window_frames=4, hop_frames=3, smoothing=3
    )
    with pytest.raises(BadInput, match="int16"):
        classifier.push(np.zeros(10))
