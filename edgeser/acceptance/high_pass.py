"""Whether the low frequencies are missing, in which the pitch of a voice lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeser.acceptance.faults import Fault, Finding, Floats, Samples, measured
from edgeser.acceptance.frames import frames_of, loud

_LOW = (80.0, 220.0)
_REST = (500.0, 2500.0)
_MISSING_DB = 6.0
"""Against what was played; a filter of the first order at 300 Hz takes 8 dB."""
_NATURAL_DB = 24.0
"""No voice's low band is so far below its middle one: real ones reach 16."""
_FRAME_S = 0.064
_EVEN = 0.3
"""Standard deviation of an envelope to its mean; noise has half, a pulsed voice more."""
_FEWEST = 8
"""Frames; of fewer nothing is said."""
_CHANGE = (
    "switch off the high-pass of the microphone or its codec, or lower it to 50 Hz: the pitch of "
    "voices lies from 80 Hz on (where a small loudspeaker plays, it is the loudspeaker)"
)


def find_high_pass(samples: Samples, rate: int, *, played: Samples) -> Finding | None:
    """Name a high-pass between what was played and what came of it."""
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


def find_thin_voice(speech: Samples, rate: int) -> Finding | None:
    """Name a high-pass by the voice alone; one at 300 Hz is like a thin voice, and is not named."""
    frames = frames_of(speech.astype(np.float64), rate, _FRAME_S)
    voices = loud(frames[~_tones(frames)]) if len(frames) else frames
    if len(voices) < _FEWEST:
        return None
    power = _power(voices).mean(axis=0)
    low, rest = (_level_db(power[_bins(len(power), rate, band)]) for band in (_LOW, _REST))
    if rest - low <= _NATURAL_DB:
        return None
    return Finding(
        Fault.HIGH_PASS,
        f"from 80 to 220 Hz there is {rest - low:.0f} dB less than from 500 to 2500 Hz: no voice "
        "is so thin",
        _CHANGE,
        {"low_against_middle": measured(low - rest, "dB")},
    )


def _spectrum(samples: Samples, rate: int) -> Floats:
    """Return the mean power of loud frames of 64 ms by bin."""
    frames = loud(frames_of(samples.astype(np.float64), rate, _FRAME_S))
    if not len(frames):
        return np.zeros(2)
    return np.asarray(_power(frames).mean(axis=0))


def _power(frames: Floats) -> Floats:
    frames = frames - frames.mean(axis=1, keepdims=True)
    power: Floats = np.square(np.abs(np.fft.rfft(np.hanning(frames.shape[1]) * frames, axis=1)))
    return power


def _tones(frames: Floats) -> NDArray[np.bool_]:
    """Return which frames are a tone or a sweep: what has no pulses has an even envelope."""
    from scipy.signal import hilbert

    frames = frames - frames.mean(axis=1, keepdims=True)
    edge = frames.shape[1] // 8
    envelope = np.abs(hilbert(frames, axis=1))[:, edge:-edge]
    uneven = envelope.std(axis=1) / np.maximum(envelope.mean(axis=1), 1e-9)
    return np.asarray(uneven < _EVEN)


def _bins(count: int, rate: int, band: tuple[float, float]) -> slice:
    width = rate / 2 / max(count - 1, 1)
    return slice(round(band[0] / width), max(round(band[0] / width) + 1, round(band[1] / width)))


def _level_db(power: Floats) -> float:
    return float(10.0 * np.log10(max(float(power.mean()), 1e-9)))
