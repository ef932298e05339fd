"""Whether the samples have an offset: a mean that is not zero."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.faults import FULL_SCALE, Fault, Finding, Samples, dbfs, measured
from edgeser.acceptance.frames import frames_of, rms_of_loud

_MOST = 0.005 * FULL_SCALE
_HEARD = 0.001 * FULL_SCALE
_SHARE = 0.5
"""Of the sound's own level, from where on a smaller offset counts."""


def offset_of(samples: Samples, rate: int) -> float:
    """Return the median of the means of 100 ms."""
    frames = frames_of(samples.astype(np.float64), rate, 0.1)
    return float(np.median(frames.mean(axis=1))) if len(frames) else float(samples.mean())


def find_offset(samples: Samples, rate: int) -> Finding | None:
    """Name an offset above 0.5 % of full scale, or half as large as the sound itself."""
    offset = offset_of(samples, rate)
    sound = rms_of_loud(samples.astype(np.float64), rate)
    if abs(offset) < _MOST and not (abs(offset) >= _HEARD and abs(offset) > _SHARE * sound):
        return None
    return Finding(
        Fault.DC,
        f"the samples have an offset of {offset:+.0f} ({100 * offset / FULL_SCALE:+.1f} % of full "
        f"scale, {dbfs(abs(offset)):.0f} dBFS)",
        "let the microphone's filter take the offset out (a high-pass at 20 Hz or so, in the PDM "
        "or I2S block), or leave out its first 100 ms, while it settles",
        {"offset": measured(offset, "count")},
    )
