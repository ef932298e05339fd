"""Functionals of the input: what a window's planes are like, channel by channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (10.0, 25.0, 50.0, 75.0, 90.0)
FUNCTIONALS = ("mean", "deviation", *(f"percentile {p:g}" for p in PERCENTILES))
"""Over the frames of a window, in this order."""


def functionals_of(windows: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return functionals over time of each plane and channel.

    Parameters
    ----------
    windows
        int8 [clips, frames, channels, planes], as a device sees them, padding and all.

    Returns
    -------
    float32 [clips, functionals x channels x planes], in steps of the input; `FUNCTIONALS` first.
    """
    values = windows.astype(np.float32)
    found = [values.mean(axis=1), values.std(axis=1)]
    found += list(np.percentile(values, PERCENTILES, axis=1))
    return np.stack(found, axis=1).reshape(len(windows), -1).astype(np.float32)
