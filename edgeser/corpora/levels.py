"""How loud a corpus is, and how loud its noise floor: in dB against full scale, of some clips."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from edgeser.corpora.audio import SAMPLE_RATE, read_audio
from edgeser.corpora.sound import Levels
from edgeser.corpora.utterance import Utterance
from quantize.foundation.errors import EdgeserError

MOST_CLIPS = 150
PERCENTILES = (5, 50, 95)
_ROUNDING = 1.0 / 12.0
"""Power of the rounding noise of int16: no clip is taken for less loud."""
_SLACK_DB = 1.0
"""What percentiles of 150 clips may be off by."""
Spread = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class LevelSummary:
    """Levels of a corpus's clips.

    Parameters
    ----------
    clips
        How many were measured.
    rms_dbfs
        5, 50 and 95 % of the clips have at most that RMS, in dB against full scale.
    floor_dbfs
        The same of their noise floors: the level that 10 % of a clip's 20 ms frames are below.
    """

    clips: int
    rms_dbfs: Spread
    floor_dbfs: Spread


def measure_levels(utterances: Sequence[Utterance]) -> LevelSummary | None:
    """Measure up to 150 clips, evenly spread, as training reads them: 16-bit mono at 16 kHz.

    Clips that cannot be read are left out; `None` where none can.
    """
    count = min(MOST_CLIPS, len(utterances))
    places = np.linspace(0, len(utterances) - 1, count).round().astype(int)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = [pair for pair in pool.map(_measured, [utterances[i] for i in places]) if pair]
    if not found:
        return None
    rms, floor = (_spread(values) for values in zip(*found, strict=True))
    return LevelSummary(len(found), rms, floor)


@dataclass(frozen=True, slots=True)
class LevelSpan:
    """Levels of all corpora, and whether the conditions of a training cover them.

    Parameters
    ----------
    low_dbfs, high_dbfs
        From 5 % of the least loud corpus to 95 % of the loudest.
    change_db
        By how much the conditions change a clip's level, from and to; zeros where they do not.
    """

    low_dbfs: float
    high_dbfs: float
    change_db: tuple[float, float]

    @property
    def covered(self) -> bool:
        """Whether a clip in the middle becomes as quiet and as loud as any corpus is."""
        half = (self.high_dbfs - self.low_dbfs) / 2
        return max(self.change_db[0] + half, half - self.change_db[1]) <= _SLACK_DB

    def __str__(self) -> str:
        low, high = self.change_db
        half = (self.high_dbfs - self.low_dbfs) / 2
        said = (
            f"clips are from {self.low_dbfs:.0f} to {self.high_dbfs:.0f} dBFS; training changes "
            f"their level by {low:+.0f} to {high:+.0f} dB, which "
        )
        if self.covered:
            return f"{said}covers that"
        return f"{said}does not cover that: -{half:.0f} to +{half:.0f} dB would"


def level_span(
    levels: Mapping[str, LevelSummary], change_db: tuple[float, float]
) -> LevelSpan | None:
    """Return the span of some corpora's levels; `None` of none."""
    if not levels:
        return None
    low = min(summary.rms_dbfs[0] for summary in levels.values())
    high = max(summary.rms_dbfs[-1] for summary in levels.values())
    return LevelSpan(low, high, change_db)


def _measured(utterance: Utterance) -> tuple[float, float] | None:
    try:
        samples = read_audio(utterance.sound, sample_rate=SAMPLE_RATE)
    except EdgeserError:
        return None
    if not samples.size:
        return None
    frames = Levels(SAMPLE_RATE)
    frames.push(samples)
    power = max(float(np.mean(samples.astype(np.float64) ** 2)), _ROUNDING)
    return 10.0 * float(np.log10(power)) - 20.0 * float(np.log10(32768.0)), frames.floor_dbfs


def _spread(values: Sequence[float]) -> Spread:
    low, middle, high = (round(float(v), 1) for v in np.percentile(values, PERCENTILES))
    return low, middle, high
