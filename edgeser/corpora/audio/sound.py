"""What is wrong with a sound itself: silence, clipping, channels that cancel, no more than a frame.

Levels are of frames of 20 ms, without their mean, in dB against full scale. The loud level is the
95th percentile of a recording's frames, the floor the 10th. A recording is silent where

- its loud level is below -85 dBFS: nothing beyond the last bits of 16; or
- its loud level is below -50 dBFS, and less than 3 dB above the floor: steady, as noise is.

Speech is told from that by its ups and downs, not by its level: the least loud clips of RAVDESS, at
-62 dBFS, lie 43 dB and more above their own floor, the noisiest of CREMA-D 5.7 dB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_SECONDS = 0.02
NOTHING_DBFS = -85.0
QUIET_DBFS = -50.0
STEADY_DB = 3.0
CLIPPED_SHARE = 0.001
"""A clip is clipped when more than this share of its samples is at full scale."""
SHORTEST_SECONDS = 0.3
CANCELLED_DB = 40.0
"""Channels cancel where their mean is so much less loud than they are."""
LARGEST_FLOAT = 32.0
"""Above that, floats are 16-bit numbers: no recorder goes 30 dB over full scale."""
_FULL_SCALE = 32767.0 / 32768.0
_LOWEST_DBFS = -120.0
_LEVELS = np.arange(-120, 61)
_FEWEST_FRAMES = 5


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd about a sound.

    Parameters
    ----------
    kind
        ``"silent"``, ``"cancelling-channels"``, ``"too-short"``, ``"clipped"``, ``"odd-header"``,
        ``"narrow-band"``.
    detail
        One line with the numbers.
    says_nothing
        Whether no label can be given of it.
    """

    kind: str
    detail: str
    says_nothing: bool = False


class Levels:
    """Levels of a sound that comes in pieces; what is kept does not grow with its length.

    Parameters
    ----------
    sample_rate
        In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.samples = 0
        self.frame_samples = max(1, round(FRAME_SECONDS * sample_rate))
        self._left: NDArray[np.float64] = np.zeros(0)
        self._counts = np.zeros(len(_LEVELS), np.int64)
        self._clipped = 0

    def push(self, samples: NDArray[np.int16] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the next samples, ``[count]``: int16, or float64 with full scale 1.0.

        Returns
        -------
        numpy.ndarray
            Levels of the frames that they complete, in dBFS.
        """
        scaled = samples / 32768.0 if samples.dtype == np.int16 else samples
        self.samples += len(scaled)
        self._clipped += int(np.count_nonzero(np.abs(scaled) >= _FULL_SCALE))
        joined = np.concatenate((self._left, scaled), dtype=np.float64)
        whole = len(joined) // self.frame_samples * self.frame_samples
        self._left = joined[whole:].copy()
        levels = _frame_levels(joined[:whole].reshape(-1, self.frame_samples))
        places = np.clip(np.rint(levels).astype(np.int64) - _LEVELS[0], 0, len(_LEVELS) - 1)
        self._counts += np.bincount(places, minlength=len(_LEVELS))
        return levels

    @property
    def seconds(self) -> float:
        """How long the sound was."""
        return self.samples / self.sample_rate

    @property
    def clipped_share(self) -> float:
        """Share of samples at full scale, 0 to 1."""
        return self._clipped / self.samples if self.samples else 0.0

    @property
    def loud_dbfs(self) -> float:
        """Level that 5 % of the frames are above."""
        return self._percentile(0.95)

    @property
    def floor_dbfs(self) -> float:
        """Level that 10 % of the frames are below."""
        return self._percentile(0.10)

    @property
    def silent(self) -> bool:
        """Whether nothing is said: see the module."""
        return bool(self._counts.sum()) and is_silence(
            self.loud_dbfs, self.floor_dbfs, int(self._counts.sum())
        )

    def _percentile(self, share: float) -> float:
        total = int(self._counts.sum())
        if not total:
            return _LOWEST_DBFS
        reached = np.cumsum(self._counts) >= share * total
        return float(_LEVELS[int(np.argmax(reached))])


def _frame_levels(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the level of each frame of ``[frames, samples]`` in dBFS, without its mean."""
    if not len(frames):
        return np.zeros(0)
    power = frames.var(axis=1)
    return np.asarray(10.0 * np.log10(np.maximum(power, 10.0 ** (_LOWEST_DBFS / 10.0))))


def is_silence(loud_dbfs: float, floor_dbfs: float, frames: int) -> bool:
    """Whether a sound of these levels is silent; see the module."""
    if loud_dbfs < NOTHING_DBFS:
        return True
    steady = frames >= _FEWEST_FRAMES and loud_dbfs - floor_dbfs < STEADY_DB
    return steady and loud_dbfs < QUIET_DBFS


def remarks(
    levels: Levels, *, header: str = "", mix_below_channels_db: float = 0.0, frame_seconds: float
) -> tuple[Remark, ...]:
    """Return what is odd about a sound.

    Parameters
    ----------
    levels
        Of the whole of it.
    header
        What is odd about its header; empty where nothing is.
    mix_below_channels_db
        How much less loud the mean of its channels is than they are.
    frame_seconds
        The frontend's window: what is shorter has no features.
    """
    found = []
    if header:
        found.append(Remark("odd-header", header))
    if levels.seconds < frame_seconds:
        detail = f"it is {1000 * levels.seconds:.1f} ms long, one window {1000 * frame_seconds:g}"
        found.append(Remark("too-short", detail, says_nothing=True))
    if mix_below_channels_db > CANCELLED_DB:
        detail = f"its channels cancel: their mean is {mix_below_channels_db:.0f} dB below them"
        found.append(Remark("cancelling-channels", detail, says_nothing=True))
    elif levels.silent:
        detail = (
            f"it is silent: its loud parts are at {levels.loud_dbfs:.0f} dBFS, its floor at "
            f"{levels.floor_dbfs:.0f}"
        )
        found.append(Remark("silent", detail, says_nothing=True))
    if levels.clipped_share > CLIPPED_SHARE:
        share = f"{100 * levels.clipped_share:.1f} %"
        found.append(Remark("clipped", f"{share} of its samples are at full scale"))
    return tuple(found)


def narrow_band(sample_rate: int, upper_hz: float) -> tuple[Remark, ...]:
    """Return a remark where a recording's rate, in Hz, leaves upper channels of a model empty."""
    half = sample_rate / 2
    if half >= upper_hz:
        return ()
    detail = (
        f"it is sampled at {sample_rate} Hz: the model listens up to {upper_hz:g} Hz and was "
        f"trained on sound that reaches it, here nothing is above {half:g} Hz"
    )
    return (Remark("narrow-band", detail),)


def says_nothing(found: Iterable[Remark]) -> str:
    """Return why no label can be given, one line; empty where one can."""
    return next((remark.detail for remark in found if remark.says_nothing), "")
