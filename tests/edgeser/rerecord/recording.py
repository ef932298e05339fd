"""What is played and recorded in tests: a voice, and a microphone of another clock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.fft
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from edgeser.corpora import read_audio
from edgeser.rerecord import PlayList, read_playlist

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
    own_rate = rate * (1.0 + 1e-6 * ppm)
    heard = gain * soxr.resample(sound, RATE, own_rate, quality="VHQ")
    whole = int(offset)
    silence = np.zeros(whole)
    heard = _later(np.concatenate([silence, heard, silence]), offset - whole)
    heard += np.random.default_rng(2).normal(size=len(heard)) * noise + 0.01
    soundfile.write(path, heard, rate, subtype=subtype)
    return path


def _later(samples: Floats, share: float) -> Floats:
    """Return samples by a part of one later, by their spectrum."""
    size = scipy.fft.next_fast_len(len(samples) + 64)
    turned = np.exp(-2j * np.pi * share * np.fft.rfftfreq(size))
    moved: Floats = np.fft.irfft(np.fft.rfft(samples, size) * turned, size)
    return moved[: len(samples)]


def in_room(sound: Floats, room: Floats) -> Floats:
    """Return a sound as a microphone in a room hears it."""
    heard: Floats = fftconvolve(sound, room)
    return heard
