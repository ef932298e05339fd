"""Levels of short frames, and which of them hold sound."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.faults import Floats

FRAME_S = 0.032


def frames_of(samples: Floats, rate: int, seconds: float = FRAME_S) -> Floats:
    """Return whole frames one after another, ``[frames, samples]``."""
    size = max(1, round(seconds * rate))
    count = len(samples) // size
    return samples[: count * size].reshape(count, size)


def loud(frames: Floats) -> Floats:
    """Return the frames within 20 dB of the loudest tenth; all of less than ten."""
    if len(frames) < 10:
        return frames
    power = np.square(frames - frames.mean(axis=1, keepdims=True)).mean(axis=1)
    chosen: Floats = frames[power >= 0.01 * np.percentile(power, 90)]
    return chosen


def rms_of_loud(samples: Floats, rate: int) -> float:
    """Return the root mean square of the frames that hold sound, their offsets taken out."""
    frames = loud(frames_of(samples, rate))
    if not frames.size:
        return 0.0
    return float(np.sqrt(np.square(frames - frames.mean(axis=1, keepdims=True)).mean()))
