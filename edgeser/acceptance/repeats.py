"""Blocks that came twice, told from the samples alone: the same bits again.

No two stretches of 24 samples from a microphone are the same: in 470 clips of five corpora there is
none within half a second. What a computer made, silence, a tone or a square wave, does repeat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeser.acceptance.faults import Floats, Samples

_LEAST = 32
"""Samples; a smaller buffer nobody uses."""
_FURTHEST = 8192
_ALIKE = 24
"""Samples that are the same at a distance before it is looked at."""
_MOST_DISTANCES = 64
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_LEAST_RMS = 4.0
_BY_CHANCE = 3
"""Samples before and after a block that are the same as well."""
_ORDER, _TO_A_TAP = 16, 8
"""Taps at most, and samples to one: by many of few samples anything is predicted."""
_FEWEST_VALUES = 8
_MADE = 2.0
"""Steps of int16 within which a computer's waves can be predicted; a microphone has noise."""


def repeated_blocks(samples: Samples) -> list[tuple[float, float]]:
    """Return where blocks came again, in samples, and how many samples came once too often.

    Blocks of 32 to 8192 samples, of any length, right after one another and as often as they
    come; not what a computer made.
    """
    found: list[tuple[float, float]] = []
    for distance in _distances(samples):
        same = np.zeros(len(samples) - distance + 2, bool)
        same[1:-1] = samples[distance:] == samples[:-distance]
        edges = np.flatnonzero(same[1:] != same[:-1])
        for start, run in zip(edges[::2], edges[1::2] - edges[::2], strict=True):
            times = int(run) // distance
            if times == 0 or run - times * distance > _BY_CHANCE:
                continue
            if not _made(samples[start : start + distance].astype(np.float64)):
                found.append((float(start + distance), float(times * distance)))
    return _without_nested(found)


def _distances(samples: Samples) -> list[int]:
    """Return at which distances something comes again, what comes most often first."""
    hashes = _hashes(samples, _ALIKE)
    order = np.argsort(hashes, kind="stable")
    same = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
    apart = order[same + 1] - order[same]
    distances, counts = np.unique(
        apart[(apart >= _LEAST) & (apart <= _FURTHEST)], return_counts=True
    )
    # A block of so many samples holds so many windows, less those over its end.
    likely = counts > np.maximum(0, distances - _ALIKE - _BY_CHANCE) // 4
    chosen = distances[likely][np.argsort(-counts[likely], kind="stable")]
    return [int(distance) for distance in chosen[:_MOST_DISTANCES]]


def _hashes(samples: Samples, size: int) -> NDArray[np.uint64]:
    """Return a hash of each stretch of so many samples: a polynomial of its values, mod 2^64."""
    values = samples.view(np.uint16).astype(np.uint64)
    count = max(0, len(values) - size + 1)
    hashes = np.zeros(count, np.uint64)
    for k in range(size):
        hashes *= _MULTIPLIER
        hashes += values[k : k + count]
    return hashes


def _made(block: Floats) -> bool:
    """Return whether a block may be a computer's: still, or predicted to the step by a few taps."""
    if block.std() < _LEAST_RMS or len(np.unique(block)) < _FEWEST_VALUES:
        return True
    if np.median(np.abs(np.diff(block, 2))) <= _MADE:
        return True
    order = min(_ORDER, len(block) // _TO_A_TAP)
    rows = np.lib.stride_tricks.sliding_window_view(block - block.mean(), order + 1)
    weights, *_ = np.linalg.lstsq(rows[:, :-1], rows[:, -1], rcond=None)
    return bool(np.median(np.abs(rows[:, -1] - rows[:, :-1] @ weights)) <= _MADE)


def _without_nested(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for at, length in sorted(found, key=lambda item: -item[1]):
        if all(abs(at - other) > max(length, long) for other, long in kept):
            kept.append((at, length))
    return sorted(kept)
