"""Whether a clip that was cut is what was played, and how far beside it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LAG_S = 0.025
_NEAR_S = 0.005
_FINE = 8
_LOUD = 1e-5
"""Bins count whose power is above this share of the loudest one's."""
_CLEAR = 8.0
"""A peak is believed that is so many times the root mean square of what is around it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a clip fits what was played.

    Parameters
    ----------
    correlation
        The highest within 5 ms, whatever the phase, 0 to 1.
    lag
        By how many samples it comes too late; ``None`` where that cannot be told.
    """

    correlation: float
    lag: float | None


def fit_of(cut: Floats, played: Floats, rate: int) -> Fit:
    """Compare a clip with what was played.

    The correlation is of the signals as they are; the lag is of their phases alone, each
    frequency that was played counting alike, so that neither a room nor a voice's own period
    shifts it.

    Parameters
    ----------
    cut, played
        ``[samples]``, of one length.
    rate
        Of both, in Hz.
    """
    from scipy.signal import hilbert

    reach = round(_LAG_S * rate)
    size = 1 << (len(cut) + 2 * reach - 1).bit_length()
    here = np.fft.rfft(cut - cut.mean(), size)
    there = np.fft.rfft(played - played.mean(), size)
    cross = here * np.conj(there)
    scale = np.sqrt(np.square(np.abs(here)).sum() * np.square(np.abs(there)).sum()) * 2.0 / size
    if scale <= 0.0:
        return Fit(0.0, None)
    plain = np.fft.irfft(cross, size)
    near = round(_NEAR_S * rate)
    around = np.concatenate([plain[-reach:], plain[: reach + 1]])
    envelope = np.abs(hilbert(around))[reach - near : reach + near + 1]
    power = np.square(np.abs(there))
    loud = power > _LOUD * power.max()
    phases = np.where(loud, cross / np.maximum(np.abs(cross), 1e-30), 0.0)
    fine = np.fft.irfft(phases, size * _FINE)
    window = np.concatenate([fine[-reach * _FINE :], fine[: reach * _FINE + 1]])
    at = int(np.argmax(np.abs(window)))
    spread = float(np.sqrt(np.mean(np.square(window))))
    clear = spread > 0.0 and abs(window[at]) > _CLEAR * spread
    lag = (at - reach * _FINE) / _FINE if clear else None
    return Fit(float(min(1.0, envelope.max() / scale)), lag)
