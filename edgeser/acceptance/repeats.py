"""Blocks that came twice, told from the samples alone: the same bits right after one another."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.faults import Floats, Samples

_LENGTHS = (32, 48, *range(64, 1025, 16), 1280, 1536, 1600, 2048, 3200, 4096, 8192)
"""What buffers hold."""
_LEAST_RMS = 16.0
_STILL = 16
"""Samples of one value in a row: made by a computer, such as the pauses between a marker's bits."""


def repeated_blocks(samples: Samples) -> list[tuple[float, float]]:
    """Return where a block is repeated, in samples, and how long it is.

    What is periodic by itself repeats more than once, and is none.
    """
    found: list[tuple[float, float]] = []
    for length in _LENGTHS:
        if len(samples) < 2 * length:
            break
        same = np.zeros(len(samples) - length + 2, bool)
        same[1:-1] = samples[length:] == samples[:-length]
        edges = np.flatnonzero(same[1:] != same[:-1])
        starts, runs = edges[::2], edges[1::2] - edges[::2]
        for start in starts[(runs >= length) & (runs < 1.5 * length)]:
            block = samples[start : start + length].astype(np.float64)
            if block.std() >= _LEAST_RMS and not _still(block):
                found.append((float(start + length), float(length)))
    return _without_nested(found)


def _still(block: Floats) -> bool:
    moves = np.flatnonzero(np.diff(block, prepend=np.inf, append=np.inf))
    return bool(np.diff(moves).max(initial=0) >= _STILL)


def _without_nested(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for at, length in sorted(found, key=lambda item: -item[1]):
        if all(abs(at - other) > max(length, long) for other, long in kept):
            kept.append((at, length))
    return sorted(kept)
