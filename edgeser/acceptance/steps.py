"""Small steps in a lag that grows evenly: samples that were lost or doubled, told from clock drift.

Two clocks drift evenly: their lag is a line. A sample that is lost is a step of one in it. The step
that explains most is taken (least squares of a line and a step) while it is many times its own
error, and is there within a second as well: a bend of the line is none.
"""

from __future__ import annotations

import math

import numpy as np

from edgeser.acceptance.faults import Floats

_FEWEST = 24
"""Stretches, of two tenths of a second each; of fewer nothing small is told."""
_ASIDE = 8
"""Stretches at least on each side of a step."""
_MOST_STEPS = 32
_AROUND = 4
"""Stretches on each side whose middle is what a stretch is held to."""
_LEAST = 0.7
_CLEAR = 6.0
"""Times its own error, before a step is believed."""
_ALIKE = 2.0
"""Stretches that overlap, and err together, for one."""
_ABRUPT = 0.6
"""Share of a step that is there from one second to the next."""
_RESOLVED = 0.05
"""Samples: no lag is known better."""


def steps_in(times: Floats, lags: Floats) -> tuple[list[tuple[int, int]], float]:
    """Return small steps, and the least that would have been found.

    Parameters
    ----------
    times, lags
        Of each stretch, ``[stretches]``, in samples; single ones may be far off.

    Returns
    -------
    steps
        Index of the first stretch after each, and its size in whole samples, in order.
    least
        Samples; infinite where there are too few stretches.
    """
    sure = np.flatnonzero(_inliers(lags))
    if len(sure) < _FEWEST:
        return [], math.inf
    x, y = times[sure], lags[sure].copy()
    found: list[tuple[int, int]] = []
    while True:
        k, size, error = _largest(x, y)
        new = max(_LEAST, _CLEAR * error)
        if abs(size) < new or len(found) == _MOST_STEPS or not _abrupt(x, y, k, size):
            return sorted(found), float(math.ceil(new))
        by = round(size) or int(np.sign(size))
        found.append((int(sure[k]), by))
        y[k:] -= by


def _inliers(lags: Floats) -> np.ndarray:
    """Return which lags are near the middle of those around them."""
    width = 2 * _AROUND + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(lags, _AROUND, mode="edge"), width)
    apart = np.abs(lags - np.median(around, axis=1))
    return np.asarray(apart <= 1.0 + 4.0 * np.median(apart))


def _largest(x: Floats, y: Floats) -> tuple[int, float, float]:
    """Return where the step is that explains most beside a line, its size, and its error."""
    count = len(x)
    centred = (x - x.mean()) / np.linalg.norm(x - x.mean())
    left = y - y.mean() - centred * (centred @ y)
    # A step at k, its mean and its share of the line taken out, for every k at once.
    after = count - np.arange(count)
    along = centred[::-1].cumsum()[::-1]
    norms = after - after**2 / count - along**2
    products = left[::-1].cumsum()[::-1]
    inside = slice(_ASIDE, count - _ASIDE)
    gains = np.square(products[inside]) / np.maximum(norms[inside], 1e-9)
    k = _ASIDE + int(np.argmax(gains))
    size = float(products[k] / norms[k])
    step = (np.arange(count) >= k).astype(np.float64)
    rest = left - size * (step - step.mean() - centred * (centred @ step))
    noise = max(_RESOLVED, 1.4826 * float(np.median(np.abs(rest - np.median(rest)))))
    return k, size, noise * math.sqrt(_ALIKE / norms[k])


def _abrupt(x: Floats, y: Floats, k: int, size: float) -> bool:
    """Return whether most of a step is there from one second to the next."""
    step = size * (np.arange(len(x)) >= k)
    slope = float(np.polyfit(x, y - step, 1)[0])
    before, after = slice(max(0, k - 6), k - 1), slice(k + 1, k + 6)
    rise = float(np.median(y[after]) - np.median(y[before]))
    drift = slope * float(np.median(x[after]) - np.median(x[before]))
    return (rise - drift) / size >= _ABRUPT
