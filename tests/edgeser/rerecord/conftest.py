"""A small corpus, and a room with a microphone whose clock is not the player's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from edgeser.corpora import open_corpus, read_audio
from edgeser.corpora.wav import wav_bytes
from edgeser.rerecord import PlayList, PlaySettings, read_playlist, write_playlist
from edgeser.rerecord.interpolate import values_at

Floats = NDArray[np.float64]

RATE = 16_000
DIRECT = 40
"""Samples from the loudspeaker to the microphone, in a straight line."""


@dataclass(frozen=True)
class Played:
    """A play list in its folder, and the corpus that it was made from."""

    folder: Path
    corpus: Path

    @property
    def playlist(self) -> PlayList:
        return read_playlist(self.folder)

    def sound(self, file: str = "play-001.wav") -> Floats:
        return read_audio(self.folder / file) / 32768.0


def like_speech(seconds: float, random: np.random.Generator) -> NDArray[np.int16]:
    """Return a voice's harmonics and noise under syllables."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = random.uniform(90, 240) * (1.0 + 0.1 * np.sin(2 * np.pi * time / seconds))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = np.square(np.sin(2 * np.pi * 2.0 * time))
    sound = (voice + 0.5 * random.normal(size=len(time))) * syllables
    return (0.1 * sound / np.sqrt(np.mean(np.square(sound))) * 32767).astype(np.int16)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Nine clips of three speakers in blocks of about 4 s."""
    root = tmp_path_factory.mktemp("rerecord")
    corpus = root / "corpus"
    corpus.mkdir()
    random = np.random.default_rng(0)
    lines = ["path,emotion,speaker,sex,age,language,split,valence,arousal,dominance,prosody"]
    splits = ("train", "development", "test")
    for number in range(9):
        speaker = number // 3
        name = f"s{speaker}/clip{number}.wav"
        (corpus / name).parent.mkdir(exist_ok=True)
        (corpus / name).write_bytes(wav_bytes(like_speech(1.0 + 0.1 * number, random)))
        emotion = ("anger", "neutral", "sadness")[number % 3]
        lines.append(f"{name},{emotion},s{speaker},female,3{number},en,{splits[speaker]},1,4,7,flat")
    (corpus / "manifest.csv").write_text("\n".join(lines) + "\n")
    folder = root / "list"
    write_playlist(
        open_corpus("generic", corpus), folder, settings=PlaySettings(block_seconds=4.0)
    )
    return Played(folder, corpus)


@pytest.fixture(scope="session")
def room() -> Floats:
    """The impulse response of a room: the direct sound, and 150 reflections within 0.4 s."""
    random = np.random.default_rng(1)
    response = np.zeros(6500)
    response[DIRECT] = 1.0
    for _ in range(150):
        delay = int(random.integers(DIRECT + 20, 6500))
        response[delay] += 0.2 * random.normal() * np.exp(-delay / 1500.0)
    return response


def recorded(
    sound: Floats,
    path: Path,
    *,
    rate: int = RATE,
    ppm: float = 0.0,
    offset: float = 4321.37,
    gain: float = 0.2,
    noise: float = 0.001,
    subtype: str = "PCM_16",
) -> Path:
    """Record a sound by another clock: `ppm` faster than the player's, `offset` samples late."""
    step = RATE / rate / (1.0 + 1e-6 * ppm)
    count = int(len(sound) / step + 2 * offset)
    heard = gain * values_at(sound, -offset * step, step, count)
    heard += np.random.default_rng(2).normal(size=count) * noise + 0.01
    soundfile.write(path, heard, rate, subtype=subtype)
    return path


def in_room(sound: Floats, room: Floats) -> Floats:
    """Return a sound as a microphone in a room hears it."""
    heard: Floats = fftconvolve(sound, room)
    return heard
