"""What experts listen for: six descriptors of eGeMAPSv02, in the salient stretches of a clip.

Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set", 2016, by openSMILE: a row every
10 ms. A stretch is held to all stretches of its length in the clip, of the speaker and of the
corpus in which a voice sounds: a standard score says how many standard deviations it lies above
their mean. Against silence every stretch of speech would be loud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.salient import STRETCH_MS, Stretch

HOP_MS = 10.0
_STEP = 5
_FEWEST = 4
"""Stretches that a mean and a deviation need at least."""
_FEWEST_VOICED = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """One descriptor: openSMILE's name, what people call it, its unit.

    `voiced` says that it means something only where there is a voice.
    """

    descriptor: str
    name: str
    unit: str
    voiced: bool


CUES = (
    Cue("Loudness_sma3", "loudness", "", voiced=False),
    Cue("slope500-1500_sma3", "slope 500-1500 Hz", "", voiced=False),
    Cue("F0semitoneFrom27.5Hz_sma3nz", "F0", "semitones", voiced=True),
    Cue("jitterLocal_sma3nz", "jitter", "", voiced=True),
    Cue("shimmerLocaldB_sma3nz", "shimmer", "dB", voiced=True),
    Cue("HNRdBACF_sma3nz", "HNR", "dB", voiced=True),
)
_F0 = 2
"""Where F0 is among them: it is 0 where nobody's voice sounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How stretches are distributed: mean and deviation of each cue, float64 ``[cues]``, or NaN."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def scores(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return standard scores, NaN where there is nothing to compare with."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.deviation > 0, (values - self.mean) / self.deviation, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class StretchCues:
    """The cues in one stretch.

    Parameters
    ----------
    stretch
        Which.
    values
        float64 ``[cues]``, NaN where nothing is voiced.
    scores
        Against ``"clip"``, ``"speaker"``, ``"corpus"``: float64 ``[cues]``, NaN where unknown; what
        there is nothing to compare with is not there.
    """

    stretch: Stretch
    values: NDArray[np.float64]
    scores: Mapping[str, NDArray[np.float64]]


def stretch_values(rows: NDArray[np.float32], start_s: float, end_s: float) -> NDArray[np.float64]:
    """Return the mean of each cue between two times, float64 ``[cues]``; NaN where unvoiced."""
    first = round(start_s * 1000 / HOP_MS)
    part = rows[first : max(first + 1, round(end_s * 1000 / HOP_MS))].astype(np.float64)
    voiced = part[part[:, _F0] > 0]
    return np.array(
        [
            _mean(voiced[:, i], _FEWEST_VOICED) if cue.voiced else _mean(part[:, i], 1)
            for i, cue in enumerate(CUES)
        ]
    )


def all_stretches(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cues of a clip's stretches with a voice, every 50 ms, float64 ``[n, cues]``."""
    length = round(STRETCH_MS / HOP_MS)
    starts = range(0, max(1, len(rows) - length + 1), _STEP)
    seconds = HOP_MS / 1000
    found = [stretch_values(rows, at * seconds, (at + length) * seconds) for at in starts]
    values = np.array(found).reshape(-1, len(CUES))
    return np.asarray(values[np.isfinite(values[:, _F0])])


def has_voice(values: NDArray[np.float64]) -> bool:
    """Return whether a voice sounds in a stretch of these cues, float64 ``[cues]``."""
    return bool(np.isfinite(values[_F0]))


def mean_scores(values: NDArray[np.float64], spread: Spread) -> NDArray[np.float64]:
    """Return the mean standard score of stretches ``[n, cues]``, float64 ``[cues]``, or NaN."""
    scores = spread.scores(values)
    return np.array([_mean(column[np.isfinite(column)], 1) for column in scores.T])


def spread_of(clips: Sequence[NDArray[np.float64]]) -> Spread:
    """Return mean and deviation over the stretches of clips, ``[n, cues]`` each."""
    stacked = np.concatenate([np.zeros((0, len(CUES))), *clips])
    mean, deviation = np.full(len(CUES), np.nan), np.full(len(CUES), np.nan)
    for number in range(len(CUES)):
        values = stacked[:, number]
        values = values[np.isfinite(values)]
        if len(values) >= _FEWEST:
            mean[number], deviation[number] = values.mean(), values.std(ddof=1)
    return Spread(mean, deviation)


def cues_in(
    rows: NDArray[np.float32], stretches: Sequence[Stretch], against: Mapping[str, Spread]
) -> tuple[StretchCues, ...]:
    """Return the cues of each stretch that the descriptors reach.

    Parameters
    ----------
    rows
        float32 ``[rows, cues]`` of the clip, one every 10 ms.
    stretches
        The salient ones.
    against
        What they are held to, by name.
    """
    found = []
    for stretch in stretches:
        if stretch.start_s * 1000 / HOP_MS >= len(rows):
            continue
        values = stretch_values(rows, stretch.start_s, stretch.end_s)
        scores = {name: spread.scores(values) for name, spread in against.items()}
        found.append(StretchCues(stretch, values, scores))
    return tuple(found)


def _mean(values: NDArray[np.float64], fewest: int) -> float:
    return float(values.mean()) if len(values) >= fewest else float("nan")
