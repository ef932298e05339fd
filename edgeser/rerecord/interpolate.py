"""Band-limited values of a signal at any moments: a windowed sinc, from a table of its phases."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ZEROS = 32
"""Zero crossings of the sinc on each side."""
_BETA = 9.0
_PHASES = 1024
_CELLS = 1 << 20
"""Products that are held at once."""
_SAME_RATE = 1.01
"""Up to here it is one rate by two clocks, and nothing that counts folds back."""
_PASSED = 0.95
"""Share of the band that is left when the rate is lowered: the rest is the filter's slope."""


def reach(step: float) -> int:
    """Return how many samples on each side of a moment count, for moments `step` samples apart."""
    return int(np.ceil(_ZEROS * max(1.0, step))) + 1


def values_at(samples: Floats, first: float, step: float, count: int) -> Floats:
    """Return the signal at `count` moments: ``first, first + step, ...``, in samples.

    Before its beginning and after its end it is silent.

    Parameters
    ----------
    samples
        ``[samples]``.
    first, step
        In samples, both fractional; where `step` is above 1 what would fold back is filtered out.
    """
    wide = round(max(1.0, step), 6)
    side = reach(wide)
    padded = np.concatenate([np.zeros(side), samples, np.zeros(side + 1)])
    table = _table(wide)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * side + 1)
    out = np.empty(count)
    block = _CELLS // (2 * side + 1)
    for start in range(0, count, block):
        numbers = np.arange(start, min(start + block, count))
        moments = np.clip(first + step * numbers, 0.0, float(len(samples) - 1))
        whole = np.floor(moments).astype(np.int64)
        place = (moments - whole) * _PHASES
        low = np.minimum(place.astype(np.int64), _PHASES - 1)
        share = place - low
        taken = windows[np.clip(whole, 0, len(windows) - 1)]
        below = np.einsum("mt,mt->m", table[low], taken)
        above = np.einsum("mt,mt->m", table[low + 1], taken)
        inside = np.abs(first + step * numbers - moments) < 1.0
        out[start : start + len(numbers)] = np.where(
            inside, below * (1.0 - share) + above * share, 0.0
        )
    return out


@lru_cache(maxsize=8)
def _table(step: float) -> Floats:
    """Return the kernel at each phase, ``[phases + 1, taps]``."""
    side = reach(step)
    taps = np.arange(-side, side + 1)
    phases = np.arange(_PHASES + 1) / _PHASES
    distance = taps[None, :] - phases[:, None]
    cut = 1.0 if step <= _SAME_RATE else _PASSED / step
    half = _ZEROS * step
    inside = np.clip(1.0 - np.square(distance / half), 0.0, None)
    window = np.where(np.abs(distance) <= half, np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA), 0.0)
    kernel: Floats = cut * np.sinc(cut * distance) * window
    return kernel
