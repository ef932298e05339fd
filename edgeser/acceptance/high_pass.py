"""Whether the low frequencies are missing, in which the pitch of a voice lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeser.acceptance.frames import frames_of, loud
from edgeser.acceptance.records import Fault, Finding, Floats, Samples, measured

_LOW = (80.0, 220.0)
_REST = (500.0, 2500.0)
_MISSING_DB = 6.0
"""Against what was played; a filter of the first order at 300 Hz takes 8 dB."""
_NATURAL_DB = -20.0
"""No voice's low band is so far below its middle one, over some seconds."""
_EVEN = 0.3
"""Standard deviation of an envelope to its mean; noise has half, a pulsed voice more."""
_FEWEST = 4
"""Frames; of fewer nothing is said."""
_CHANGE = (
    "switch off the high-pass of the microphone or its codec, or lower it to 50 Hz: the pitch of "
    "voices lies from 80 Hz on (where a small loudspeaker plays, it is the loudspeaker)"
)


def find_high_pass(samples: Samples, rate: int, *, played: Samples | None) -> Finding | None:
    """Name a high-pass: against what was played where that is another, else by the voice alone."""
    if played is not None and not _same(samples, played):
        return _against(samples, played, rate)
    spectrum = _spectrum(samples, rate, voices=True)
    if not spectrum.any():
        return None
    low, rest = (_mean_power_db(spectrum, rate, band) for band in (_LOW, _REST))
    if low - rest >= _NATURAL_DB:
        return None
    return Finding(
        Fault.HIGH_PASS,
        f"the band from 80 to 220 Hz is {rest - low:.0f} dB below that from 500 to 2500 Hz: no "
        "voice is so thin",
        _CHANGE,
        {"low_against_middle": measured(low - rest, "dB")},
    )


def _against(samples: Samples, played: Samples, rate: int) -> Finding | None:
    found, given = _spectrum(samples, rate), _spectrum(played, rate)
    if not (given.max() > 0 and found.max() > 0):
        return None
    change = 10.0 * np.log10((found + 1e-6 * found.max()) / (given + 1e-6 * given.max()))
    low, rest = (float(change[_bins(len(found), rate, band)].mean()) for band in (_LOW, _REST))
    if rest - low < _MISSING_DB:
        return None
    return Finding(
        Fault.HIGH_PASS,
        f"from 80 to 220 Hz {rest - low:.0f} dB less came than of what is from 500 to 2500 Hz",
        _CHANGE,
        {"low_against_middle": measured(low - rest, "dB")},
    )


def _same(samples: Samples, played: Samples) -> bool:
    return len(samples) == len(played) and bool(np.array_equal(samples, played))


def _spectrum(samples: Samples, rate: int, *, voices: bool = False) -> Floats:
    """Return the mean power of loud frames of 64 ms by bin; of voices, those that are no tones."""
    frames = loud(frames_of(samples.astype(np.float64), rate, 0.064))
    if not len(frames):
        return np.zeros(2)
    frames = frames - frames.mean(axis=1, keepdims=True)
    window = np.hanning(frames.shape[1])
    if voices:
        frames = frames[~_tones(frames)]
    if len(frames) < _FEWEST:
        return np.zeros(frames.shape[1] // 2 + 1)
    power: Floats = np.square(np.abs(np.fft.rfft(window * frames, axis=1))).mean(axis=0)
    return power


def _tones(frames: Floats) -> NDArray[np.bool_]:
    """Return which frames are a tone or a sweep: what has no pulses has an even envelope."""
    from scipy.signal import hilbert

    edge = frames.shape[1] // 8
    envelope = np.abs(hilbert(frames, axis=1))[:, edge:-edge]
    uneven = envelope.std(axis=1) / np.maximum(envelope.mean(axis=1), 1e-9)
    return np.asarray(uneven < _EVEN)


def _bins(count: int, rate: int, band: tuple[float, float]) -> slice:
    width = rate / 2 / max(count - 1, 1)
    return slice(round(band[0] / width), max(round(band[0] / width) + 1, round(band[1] / width)))


def _mean_power_db(spectrum: Floats, rate: int, band: tuple[float, float]) -> float:
    power = spectrum[_bins(len(spectrum), rate, band)]
    return float(10.0 * np.log10(max(float(power.mean()) if power.size else 0.0, 1e-9)))
