"""A clip on which nobody says anything: silence, a room, noise, or what is between words.

It is as long as a clip of speech that it stands beside, so that its length tells nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import (
    SAMPLE_RATE,
    MadeSound,
    Recording,
    Sound,
    content_hash,
    read_recording,
    to_int16,
)
from edgeser.corpora.audio.sound import Levels
from quantize.foundation.errors import BadInput

NothingKind = Literal["silence", "room", "noise", "pauses"]

_VERSION = 1
"""Of what is made: another one is another sound to every cache."""
_NEAR_FLOOR_DB = 6.0
_BELOW_VOICE_DB = 10.0
_SHORTEST_FRAMES = 4
_LEAST_SECONDS = 0.25
_FADE = SAMPLE_RATE // 100
_LOWEST_HZ = 40.0
_DIGITAL_SILENCE = 0.25
"""How often silence is nothing but zeros; else the last bits move."""

Signal = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NothingSound(MadeSound):
    """A clip without a voice, made anew each time that it is read.

    Parameters
    ----------
    path
        The file of `like`, for messages.
    kind
        What it is.
    seed
        Of all that is drawn for it.
    like
        The clip that it is as long as.
    sources
        Clips whose pauses are joined, of ``"pauses"``.
    level_dbfs
        From and to which RMS, in dB against full scale, of ``"room"`` and ``"noise"``.
    """

    path: Path
    kind: NothingKind
    seed: int
    like: Sound
    sources: tuple[Sound, ...] = ()
    level_dbfs: tuple[float, float] = (0.0, 0.0)

    def __str__(self) -> str:
        return f"{self.kind} as long as {self.like}"

    def made(self) -> Recording:
        """Return it, int16 at 16 kHz."""
        like = read_recording(self.like)
        count = max(1, round(len(like.samples) * SAMPLE_RATE / like.sample_rate))
        rng = np.random.default_rng(self.seed)
        if self.kind == "pauses":
            samples = _joined(self._pauses(), count, rng)
        elif self.kind == "silence":
            samples = _silence(count, rng)
        else:
            signal = (_room if self.kind == "room" else _noise)(count, rng)
            samples = _at_level(signal, float(rng.uniform(*self.level_dbfs)))
        return Recording(samples, SAMPLE_RATE, channels=1)

    def made_of(self) -> str:
        """Return SHA-256 of its description, and of the clips that it is made of."""
        clips = [content_hash(sound) for sound in (self.like, *self.sources)]
        about = [_VERSION, self.kind, self.seed, list(self.level_dbfs), clips]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    def _pauses(self) -> list[NDArray[np.int16]]:
        found = [
            stretch
            for sound in self.sources
            for stretch in pauses(read_recording(sound).at(SAMPLE_RATE))
        ]
        if sum(map(len, found)) < _LEAST_SECONDS * SAMPLE_RATE:
            raise BadInput(
                f"cannot use {self}: {len(self.sources)} clips beside it have less than "
                f"{_LEAST_SECONDS:g} s of pauses",
                hint="set [nothing] pauses = 0",
            )
        return found


def pauses(samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Yield the stretches of a clip, of 80 ms at least, in which nobody speaks; int16 at 16 kHz.

    Their 20 ms frames are at most 6 dB above the clip's floor, and 10 dB below its loud level
    (see `edgeser.corpora.audio.sound`): a clip that stands out less has none.
    """
    levels = Levels(SAMPLE_RATE)
    found = np.asarray(levels.push(samples), np.float64)
    if not len(found):
        return
    loud, floor = np.percentile(found, (95, 10))
    quiet = found <= min(floor + _NEAR_FLOOR_DB, loud - _BELOW_VOICE_DB)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(np.int8)))
    for begin, end in edges.reshape(-1, 2).tolist():
        if end - begin >= _SHORTEST_FRAMES:
            yield samples[begin * levels.frame_samples : end * levels.frame_samples]


def _joined(
    stretches: list[NDArray[np.int16]], count: int, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Join stretches in random order, again and again, each faded into the next."""
    out = np.zeros(count + 2 * _FADE + max(map(len, stretches)))
    rise = np.sin(np.linspace(0.0, np.pi / 2, _FADE))  # of equal power: what is joined is noise
    order: list[int] = []
    end = 0
    while end < count + 2 * _FADE:
        order = order or rng.permutation(len(stretches)).tolist()
        piece = stretches[order.pop()] / 32768.0
        piece[:_FADE] *= rise
        piece[-_FADE:] *= rise[::-1]
        begin = max(0, end - _FADE)
        out[begin : begin + len(piece)] += piece
        end = begin + len(piece)
    return to_int16(out[_FADE : _FADE + count])  # behind the first fade


def _silence(count: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Return zeros, or what a converter's last bits say: an offset, and now and then one step."""
    if rng.random() < _DIGITAL_SILENCE:
        return np.zeros(count, np.int16)
    steps = rng.integers(-1, 2, count) * (rng.random(count) < rng.uniform(0.01, 0.5))
    return np.asarray(rng.integers(-2, 3) + steps, np.int16)


def _room(count: int, rng: np.random.Generator) -> Signal:
    """Return a room in which nobody speaks: noise that falls, hum of the mains, things that fall.

    Hum and knocks are there in about every second one.
    """
    signal = _coloured(count, rng, rng.uniform(0.5, 2.0))
    times = np.arange(count) / SAMPLE_RATE
    if rng.random() < 0.5:
        mains, strength = rng.choice((50.0, 60.0)), 10.0 ** rng.uniform(-1.0, 0.3)
        for harmonic in range(1, 6):
            phase = rng.uniform(0.0, 2 * np.pi)
            signal += strength / harmonic * np.sin(2 * np.pi * mains * harmonic * times + phase)
    for _ in range(int(rng.poisson(0.4 * count / SAMPLE_RATE))):
        place, length = int(rng.integers(count)), int(SAMPLE_RATE * rng.uniform(0.02, 0.15))
        knock = rng.standard_normal(length) * np.exp(-6.0 * np.arange(length) / length)
        kept = knock[: count - place]
        signal[place : place + len(kept)] += 10.0 ** rng.uniform(0.3, 1.0) * kept
    return signal


def _noise(count: int, rng: np.random.Generator) -> Signal:
    """Return noise of any colour, of a band or of all, steady or up and down as traffic is."""
    signal = _coloured(count, rng, rng.uniform(-0.5, 2.0), band=bool(rng.random() < 0.33))
    if rng.random() < 0.5:
        times = np.arange(count) / SAMPLE_RATE
        depth, rate = rng.uniform(0.2, 0.9), 10.0 ** rng.uniform(-0.5, 0.9)
        signal *= 1.0 + depth * np.sin(2 * np.pi * rate * times + rng.uniform(0.0, 2 * np.pi))
    return signal


def _coloured(
    count: int, rng: np.random.Generator, exponent: float, *, band: bool = False
) -> Signal:
    """Return noise of RMS 1 whose power falls as ``1 / f^exponent`` above 40 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1.0 / SAMPLE_RATE)
    spectrum *= np.maximum(hertz, _LOWEST_HZ) ** (-exponent / 2.0)
    if band:
        middle = 10.0 ** rng.uniform(2.3, 3.6)
        spectrum *= np.exp(-0.5 * (np.log2(np.maximum(hertz, _LOWEST_HZ) / middle) / 0.5) ** 2)
    return _unit(np.fft.irfft(spectrum, count))


def _unit(signal: Signal) -> Signal:
    return np.asarray(signal / max(float(np.sqrt(np.mean(signal**2))), 1e-12))


def _at_level(signal: Signal, dbfs: float) -> NDArray[np.int16]:
    return to_int16(_unit(signal) * 10.0 ** (dbfs / 20.0))
