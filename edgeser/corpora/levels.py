"""How loud a corpus is, and how loud its noise floor: in dB against full scale, of some clips.

How far a clip stands above its own floor is what no change of level changes: there a gate makes
more of it, and noise less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import SAMPLE_RATE, read_audio
from edgeser.corpora.audio.sound import Levels
from edgeser.corpora.utterance import Utterance
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import EdgeserError

MOST_CLIPS = 150
PERCENTILES = (5, 50, 95)
_ROUNDING = 1.0 / 12.0
"""Power of the rounding noise of int16: no clip is taken for less loud."""
_ROUNDING_DBFS = 10.0 * math.log10(_ROUNDING / 32768.0**2)
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
    above_floor_db
        The same of how far each clip's RMS is above its floor, which counts as that of int16's
        rounding where it is below it. `None` in older archives.
    """

    clips: int
    rms_dbfs: Spread
    floor_dbfs: Spread
    above_floor_db: Spread | None = None


def measure_levels(utterances: Sequence[Utterance]) -> LevelSummary | None:
    """Measure up to 150 clips, evenly spread, as training reads them: 16-bit mono at 16 kHz.

    Clips that cannot be read are left out; `None` where none can.
    """
    count = min(MOST_CLIPS, len(utterances))
    places = np.linspace(0, len(utterances) - 1, count).round().astype(int)
    chosen = [utterances[i] for i in places]
    found = [pair for pair in on_all_cores(_measured, chosen) if pair]
    if not found:
        return None
    rms, floor = np.array(found).T
    above = rms - np.maximum(floor, _ROUNDING_DBFS)
    return LevelSummary(len(found), _spread(rms), _spread(floor), _spread(above))


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


@dataclass(frozen=True, slots=True)
class FloorChange:
    """What the conditions of a training do to noise floors; zeros and `None` where nothing.

    Parameters
    ----------
    raised_db, lowered_db
        By how much they raise one at most, and gate it down.
    noise_snr_db
        The lowest ratio at which noise is added: what is left above it.
    """

    raised_db: float = 0.0
    lowered_db: float = 0.0
    noise_snr_db: float | None = None


@dataclass(frozen=True, slots=True)
class FloorSpan:
    """How far clips of all corpora stand above their floors, and whether conditions cover that.

    Parameters
    ----------
    low_db, high_db
        From 5 % of the noisiest corpus to 95 % of the cleanest.
    change
        What the conditions do.
    """

    low_db: float
    high_db: float
    change: FloorChange

    @property
    def reached_db(self) -> tuple[float, float]:
        """How little and how far a clip in the middle stands above its floor by the conditions."""
        middle = (self.low_db + self.high_db) / 2
        noise = self.change.noise_snr_db
        low = middle - self.change.raised_db
        return low if noise is None else min(low, noise), middle + self.change.lowered_db

    @property
    def covered(self) -> bool:
        """Whether a clip in the middle becomes as noisy and as clean as any corpus is."""
        low, high = self.reached_db
        return low - self.low_db <= _SLACK_DB and self.high_db - high <= _SLACK_DB

    def __str__(self) -> str:
        low, high = self.reached_db
        said = (
            f"clips are {self.low_db:.0f} to {self.high_db:.0f} dB above their noise floors; "
            f"training takes the middle to {low:.0f} and to {high:.0f} dB, which "
        )
        if self.covered:
            return f"{said}covers that"
        half = (self.high_db - self.low_db) / 2
        wanted = []
        if low - self.low_db > _SLACK_DB:
            wanted.append(f"floors raised by {half:.0f} dB")
        if self.high_db - high > _SLACK_DB:
            wanted.append(f"gates of {half:.0f} dB")
        return f"{said}does not cover that: {' and '.join(wanted)} would"


def floor_span(levels: Mapping[str, LevelSummary], change: FloorChange) -> FloorSpan | None:
    """Return the span of some corpora's distances from level to floor; `None` of none."""
    found = [s.above_floor_db for s in levels.values() if s.above_floor_db is not None]
    if not found:
        return None
    return FloorSpan(min(low for low, _, _ in found), max(high for _, _, high in found), change)


def _measured(utterance: Utterance) -> tuple[float, float] | None:
    try:
        samples = read_audio(utterance.sound, sample_rate=SAMPLE_RATE)
    except EdgeserError:
        return None
    if not samples.size:
        return None
    frames = Levels(SAMPLE_RATE)
    frames.push(samples)
    return level_dbfs(samples), frames.floor_dbfs


def level_dbfs(samples: NDArray[np.int16]) -> float:
    """Return the RMS of a clip, in dB against full scale; int16's rounding is the least."""
    power = max(float(np.mean(samples.astype(np.float64) ** 2)), _ROUNDING)
    return 10.0 * math.log10(power / 32768.0**2)


def _spread(values: NDArray[np.float64]) -> Spread:
    low, middle, high = (round(float(v), 1) for v in np.percentile(values, PERCENTILES))
    return low, middle, high
