"""The log-mel spectrogram that Whisper hears (Radford et al. 2022, arXiv:2212.04356)."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
_WINDOW, _HOP, _BANDS = 400, 160, 80
_FLOOR, _DEPTH = 1e-10, 8.0
_LINEAR_HZ, _BREAK_HZ = 200.0 / 3.0, 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def log_mel(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return float32 [frames, 80] of int16 mono samples at 16 kHz: a frame each 10 ms.

    Hann windows of 25 ms around each tenth millisecond, the clip reflected at its ends; power in 80
    bands of Slaney's mel scale, each of area 1; the decimal logarithm, at least -10 and at least 8
    below the clip's largest; then ``(x + 4) / 4``. The clip is not padded to 30 s: so the reflected
    end is its own.

    Raises
    ------
    ValueError
        When there are fewer than 201 samples to reflect.
    """
    if samples.size <= _WINDOW // 2:
        raise ValueError(f"{samples.size} samples are too few")
    padded = np.pad(samples.astype(np.float32) / np.float32(32768.0), _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    frames = frames[: samples.size // _HOP]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)).astype(np.float32) ** 2
    logs = np.log10(np.maximum(power @ mel_bands().T, _FLOOR))
    logs = np.maximum(logs, logs.max(initial=np.log10(_FLOOR)) - _DEPTH)
    return np.asarray((logs + 4.0) / 4.0, np.float32)


@functools.cache
def mel_bands() -> NDArray[np.float32]:
    """Return the bands' weights, float32 [80, 201]: triangles over 0 to 8 kHz."""
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2.0), _BANDS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2.0, _WINDOW // 2 + 1)
    below = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    above = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.asarray(np.maximum(0.0, np.minimum(below, above)) * area[:, None], np.float32)


def _mel(hertz: float) -> float:
    """Return Slaney's mel of a frequency above the break."""
    return float(_BREAK_HZ / _LINEAR_HZ + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = _BREAK_HZ / _LINEAR_HZ
    curved = _BREAK_HZ * np.exp(_LOG_STEP * (mels - turn))
    return np.asarray(np.where(mels < turn, mels * _LINEAR_HZ, curved))
