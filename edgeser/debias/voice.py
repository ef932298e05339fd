"""Whose voice it is: pitch, spectrum and breathiness, and what makes one voice of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.debias.world_child import BINS

MOST_SEMITONES = 12.0
FORMANT_FACTORS = (0.8, 1.25)
"""From a long vocal tract to a short one: more than from a man's to a woman's."""
MOST_BREATH_DB = 6.0
LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ = 70.0, 450.0
"""Of the median of a converted clip: nobody speaks beyond."""
_STEPS = 65
_SPECTRUM_HZ = (200.0, 5500.0)
_BREATH_HZ = (1000.0, 5000.0)
_LEAST_LIKE = 0.5
"""Correlation of two spectra below which a factor between them says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """The voice of some clips.

    Parameters
    ----------
    log2_hz
        Of the median pitch.
    spectrum, noise
        float64 ``[BINS]``: mean envelope and aperiodicity of voiced frames, in dB, from 0 Hz to
        half of `sample_rate`.
    sample_rate
        In Hz.
    """

    log2_hz: float
    spectrum: NDArray[np.float64]
    noise: NDArray[np.float64]
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed of a clip: pitch in semitones, factor of the formants, aperiodicity in dB."""

    semitones: float
    formants: float
    breath_db: float

    @property
    def values(self) -> tuple[float, float, float]:
        """All three."""
        return (self.semitones, self.formants, self.breath_db)


def voice_of(rows: Sequence[NDArray[np.float32]], *, sample_rate: int) -> Voice | None:
    """Return the voice of clips, each ``[1 + 2 * BINS]`` as `analyse` has them; `None` if none."""
    known = [row.astype(np.float64) for row in rows if np.isfinite(row).all()]
    if not known:
        return None
    stacked = np.stack(known)
    return Voice(
        log2_hz=float(np.median(stacked[:, 0])),
        spectrum=stacked[:, 1 : 1 + BINS].mean(axis=0),
        noise=stacked[:, 1 + BINS :].mean(axis=0),
        sample_rate=sample_rate,
    )


def change_between(source: Voice, target: Voice) -> Change:
    """Return what makes the target's voice of the source's, within what a vocoder does well.

    Both are of one emotion, so that what the emotion does to a voice is in neither difference. The
    values are rounded: they key a cache.
    """
    semitones = 12.0 * (target.log2_hz - source.log2_hz)
    lowest, highest = (
        12.0 * (np.log2(hz) - source.log2_hz) for hz in (LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ)
    )
    semitones = float(np.clip(semitones, min(lowest, 0.0), max(highest, 0.0)))
    band = _band(source, _BREATH_HZ)
    breath = float(target.noise[band].mean() - source.noise[band].mean())
    return Change(
        round(float(np.clip(semitones, -MOST_SEMITONES, MOST_SEMITONES)), 3),
        round(formant_factor(source, target), 4),
        round(float(np.clip(breath, -MOST_BREATH_DB, MOST_BREATH_DB)), 2),
    )


def formant_factor(source: Voice, target: Voice) -> float:
    """Return by how much the source's spectrum is moved up to be most like the target's.

    Both without their line of best fit over 200 to 5500 Hz: a tilt is of effort and microphone.
    1 where no factor makes them alike.
    """
    band = _band(source, _SPECTRUM_HZ)
    places = np.arange(BINS, dtype=np.float64)
    wanted = _flat(target.spectrum[band])
    factors = np.geomspace(*FORMANT_FACTORS, _STEPS)
    moved = [_flat(np.interp(places / f, places, source.spectrum)[band]) for f in factors]
    likeness = np.array([float(row @ wanted) for row in moved])
    best = int(np.argmax(likeness))
    return float(factors[best]) if likeness[best] >= _LEAST_LIKE else 1.0


def _band(voice: Voice, hertz: tuple[float, float]) -> slice:
    step = voice.sample_rate / 2.0 / (BINS - 1)
    return slice(round(hertz[0] / step), min(round(hertz[1] / step), BINS))


def _flat(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a row without its line of best fit, of length 1."""
    places = np.arange(len(row), dtype=np.float64)
    rest = row - np.polyval(np.polyfit(places, row, 1), places)
    length = float(np.linalg.norm(rest))
    return np.asarray(rest / length if length > 0 else rest)
