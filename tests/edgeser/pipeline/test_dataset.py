"""From recordings to the network's input: normalised by training clips, nothing lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import Corpus, SpeakerSplit, Utterance
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.pipeline.plan import input_hash
from edgeser.pipeline.training_data.dataset import (
    ClipSet,
    labels_of,
    normalised_frontend,
    raw_features,
    windows_of,
)
from edgeser.progress import Progress
from edgeser.wording import wording
from firmware_bridge.frontend import (
    FrontendConfig,
    FrontendFeatures,
    compute_features,
    quantise_features,
)
from quantize.foundation.errors import BadInput

CONFIG = FrontendConfig(phase_planes=("if_re", "gd_mod"))


class Listener:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, title: str) -> Progress:
        del title
        return lambda done, total: None

    def note(self, text: str) -> None:
        self.notes.append(text)


def features_of(seed: int, seconds: float = 2.0) -> FrontendFeatures:
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 2000, round(16_000 * seconds)).astype(np.int16)
    return compute_features(samples, CONFIG)


@pytest.fixture
def utterance(tmp_path: Path) -> Callable[..., Utterance]:
    def write(name: str, *, seconds: float = 0.3, speaker: str = "s1") -> Utterance:
        path = tmp_path / f"{name}.wav"
        rng = np.random.default_rng(list(name.encode()))
        path.write_bytes(wav_bytes(rng.normal(0, 900, round(seconds * 16_000)).astype(np.int16)))
        return Utterance(path, name, "generic", "anger", speaker)

    return write


def corpus_of(*utterances: Utterance) -> Corpus:
    root = utterances[0].path.parent
    return Corpus("generic", root, utterances, ("anger",), False, "", "")


def test_normalised_features_have_mean_0_and_deviation_32_on_the_clips_they_come_from() -> None:
    clips = [features_of(seed) for seed in range(6)]
    frontend = normalised_frontend(CONFIG, clips)
    assert frontend.normalisation is not None
    assert frontend.raw_hash == CONFIG.raw_hash
    assert frontend.hash != CONFIG.hash
    values = np.concatenate([quantise_features(clip, frontend) for clip in clips]).astype(float)
    inside = np.abs(values).max(axis=0) < 127  # channels that nothing was clipped in
    assert inside.any()
    assert np.abs(values.mean(axis=0)[inside]).max() < 0.5
    assert np.abs(values.std(axis=0)[inside] - 32).max() < 0.5


def test_statistics_are_those_of_all_frames_whatever_clip_they_are_in() -> None:
    one, two = features_of(1, 1.0), features_of(2, 3.0)
    joined = FrontendFeatures(
        amplitude=np.concatenate([one.amplitude, two.amplitude]),
        phase=np.concatenate([one.phase, two.phase]),
    )
    assert normalised_frontend(CONFIG, [one, two]) == normalised_frontend(CONFIG, [joined])


def test_without_clips_there_is_no_normalisation() -> None:
    with pytest.raises(BadInput, match="no clip of the training speakers"):
        normalised_frontend(CONFIG, [])


def test_windows_are_int8_of_one_length() -> None:
    clips = [features_of(1, 0.5), features_of(2, 3.0)]
    frontend = normalised_frontend(CONFIG, clips)
    windows = windows_of(clips, frontend, 100)
    assert (windows.shape, windows.dtype) == ((2, 100, 40, 3), np.int8)
    middle = quantise_features(clips[1], frontend)
    start = (len(middle) - 100) // 2
    np.testing.assert_array_equal(windows[1], middle[start : start + 100])


def test_clips_that_cannot_be_used_are_named_and_left_out(
    utterance: Callable[..., Utterance],
) -> None:
    good, short, gone = utterance("good"), utterance("short", seconds=0.01), utterance("gone")
    gone.path.unlink()
    listener = Listener()
    found = raw_features([short, good, gone], CONFIG, title="x", reporter=listener)
    assert found.utterances == (good,)
    assert len(found.features) == 1
    assert len(found.problems) == 2
    assert listener.notes == [f"left out: {problem}" for problem in found.problems]
    for problem, clip in zip(found.problems, (short, gone), strict=True):
        assert str(clip.path) in problem


def test_the_input_hash_is_of_names_contents_and_parts(
    utterance: Callable[..., Utterance],
) -> None:
    clips = [utterance(name, speaker=name) for name in ("a", "b", "c")]
    corpus = corpus_of(*clips)
    split = SpeakerSplit(frozenset("a"), frozenset("b"), frozenset("c"))
    before = input_hash(corpus, split)
    assert input_hash(corpus, split) == before
    other_split = SpeakerSplit(frozenset("b"), frozenset("a"), frozenset("c"))
    renamed = corpus_of(replace(clips[0], clip_id="z"), *clips[1:])
    hashes = {before, input_hash(corpus, other_split), input_hash(renamed, split)}
    clips[0].path.write_bytes(clips[1].path.read_bytes())
    hashes.add(input_hash(corpus, split))
    clips[0].path.unlink()
    hashes.add(input_hash(corpus, split))
    assert len(hashes) == 5


def test_labels_are_indices_and_unknown_emotions_are_named(
    utterance: Callable[..., Utterance],
) -> None:
    clips = [replace(utterance("a"), emotion=name) for name in ("fear", "anger", "fear")]
    assert labels_of(clips, ("anger", "fear"), wording("emotions")).tolist() == [1, 0, 1]
    with pytest.raises(BadInput, match="the emotion 'fear', which the model does not know"):
        labels_of(clips, ("anger", "neutral"), wording("emotions"))


def test_clips_can_be_selected(utterance: Callable[..., Utterance]) -> None:
    clips = tuple(utterance(name) for name in "abc")
    whole = ClipSet(clips, np.arange(3, dtype=np.int8)[:, None, None, None])
    chosen = whole.select([2, 0])
    assert len(chosen) == 2
    assert [u.clip_id for u in chosen.utterances] == ["c", "a"]
    assert chosen.features.ravel().tolist() == [2, 0]
