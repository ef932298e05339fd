"""Whether the two bytes of a sample are swapped: sound can be predicted, swapped bytes cannot."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.faults import Fault, Finding, Floats, Samples, measured
from edgeser.acceptance.frames import frames_of, loud

_ORDER = 8
_CLEARLY_DB = 6.0
"""By how much better swapped samples must be predictable."""


def swapped(samples: Samples) -> Samples:
    """Return samples with their bytes in the other order."""
    return samples.byteswap()


def find_byte_order(samples: Samples, rate: int) -> Finding | None:
    """Name a wrong byte order, where the samples with their bytes swapped are the sound."""
    here, there = (prediction_gain_db(each, rate) for each in (samples, swapped(samples)))
    if there - here < _CLEARLY_DB:
        return None
    return Finding(
        Fault.BYTE_ORDER,
        f"the two bytes of each sample are swapped: as they come they are noise (a predictor gains "
        f"{here:.0f} dB), the other way round they are sound ({there:.0f} dB)",
        "swap the bytes where samples are taken from the microphone's buffer: its words are "
        "big-endian, the frontend takes little-endian int16",
        {"prediction_gain": measured(here, "dB"), "swapped_gain": measured(there, "dB")},
    )


def prediction_gain_db(samples: Samples, rate: int) -> float:
    """Return what a linear predictor of order 8 gains, in the median over loud frames."""
    frames = loud(frames_of(samples.astype(np.float64), rate))
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames[frames.any(axis=1)]
    return float(np.median(_gains_db(frames))) if len(frames) else 0.0


def _gains_db(frames: Floats) -> Floats:
    """Return it of each frame, ``[frames]``, by Levinson and Durbin's recursion."""
    size = frames.shape[1]
    windowed = frames * np.hanning(size)
    lags = np.stack(
        [_products(windowed[:, : size - k], windowed[:, k:]) for k in range(_ORDER + 1)], axis=1
    )
    lags[:, 0] *= 1.0 + 1e-5
    weights, error = np.zeros_like(lags), lags[:, 0]
    weights[:, 0] = 1.0
    for order in range(1, _ORDER + 1):
        reflection = -_products(weights[:, :order], lags[:, order:0:-1]) / error
        weights[:, : order + 1] += reflection[:, None] * weights[:, order::-1]
        error = error * (1.0 - reflection * reflection)
    gains: Floats = 10.0 * np.log10(lags[:, 0] / np.maximum(error, 1e-12 * lags[:, 0]))
    return gains


def _products(left: Floats, right: Floats) -> Floats:
    """Return the scalar product of each row with the same row of the other."""
    products: Floats = (left[:, None, :] @ right[:, :, None])[:, 0, 0]
    return products
