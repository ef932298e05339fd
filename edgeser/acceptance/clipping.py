"""Whether the samples are clipped: flat where they are highest or lowest."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.faults import FULL_SCALE, Fault, Finding, Samples, measured
from edgeser.corpora.audio.sound import CLIPPED_SHARE

_LEAST_PEAK = 1024
"""Below it the steps of int16 are flat tops of their own."""
_RUN = 3
_NEAR = 2
"""Samples within so many steps of the highest are as high: converters round."""


def flat_share(samples: Samples) -> tuple[float, int, int]:
    """Return the share of samples in flat tops, and the lowest and highest value."""
    low, high = int(samples.min()), int(samples.max())
    flat = 0
    for at_end, peak in ((samples >= high - _NEAR, high), (samples <= low + _NEAR, -low)):
        if peak >= _LEAST_PEAK:
            flat += _in_runs(at_end)
    return flat / len(samples), low, high


def find_clipping(samples: Samples) -> Finding | None:
    """Name clipping of more than 0.1 % of the samples, at full scale or at any other height."""
    share, low, high = flat_share(samples)
    if share <= CLIPPED_SHARE:
        return None
    height = max(high, -low) / FULL_SCALE
    whole = height > 0.999
    where = "full scale" if whole else f"{100 * height:.0f} % of full scale"
    return Finding(
        Fault.CLIPPING,
        f"{100 * share:.2g} % of the samples are clipped, flat at {where}",
        "lower the gain before the converter, or speak from further away"
        + ("" if whole else ": it is clipped before the samples are scaled"),
        {"clipped": measured(share, "ratio"), "height": measured(height, "ratio")},
    )


def _in_runs(marked: np.ndarray) -> int:
    """Return how many are in runs of three or more."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _RUN].sum())
