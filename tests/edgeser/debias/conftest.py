"""Synthetic voices, and the vocoder where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.synthesis.voice.render import render_utterance
from edgeser.corpora.synthesis.voice.speaker import make_speaker
from edgeser.corpora.utterance import Utterance

Speak = Callable[..., Utterance]


@pytest.fixture
def pyworld() -> None:
    """Skip without the extra."""
    if importlib.util.find_spec("pyworld") is None:
        pytest.skip("no pyworld here: install edgeser[debias]")


@pytest.fixture
def speak(tmp_path: Path) -> Speak:
    """Return a clip of a synthetic speaker; even ones are female, odd ones male."""

    def make(speaker: int, emotion: str = "neutral", take: int = 0) -> Utterance:
        voice = make_speaker(speaker, seed=0)
        samples = render_utterance(voice, emotion, np.random.default_rng([speaker, take]))
        path = tmp_path / f"{voice.name}_{emotion}_{take}.wav"
        path.write_bytes(wav_bytes(samples))
        return Utterance(path, path.stem, "made", emotion, voice.name, sex=voice.sex)

    return make
