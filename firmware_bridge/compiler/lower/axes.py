"""Fewer, longer axes for the kernels' loops: neighbours that are walked as one become one."""

from __future__ import annotations

from collections.abc import Sequence

KERNEL_AXES = 4
"""How many nested loops the kernels have."""


def dense_steps(shape: Sequence[int]) -> tuple[int, ...]:
    """Return how far apart, in elements, neighbours along each axis of a dense tensor lie."""
    steps = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        steps[axis] = steps[axis + 1] * shape[axis + 1]
    return tuple(steps)


def merged(
    lengths: Sequence[int], *walks: Sequence[int]
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]] | None:
    """Merge axes for `KERNEL_AXES` loops.

    Parameters
    ----------
    lengths
        The lengths of the axes.
    walks
        For each tensor that is walked, its step along each axis. Two neighbouring axes become
        one where every tensor's outer step is its inner step times the inner length.

    Returns
    -------
    tuple or None
        `KERNEL_AXES` lengths, with leading ones, and as many steps for each walk; ``None`` where
        more axes remain.
    """
    kept: list[tuple[int, tuple[int, ...]]] = []
    axes = [
        (length, tuple(walk[axis] for walk in walks))
        for axis, length in enumerate(lengths)
        if length != 1
    ]
    for length, steps in axes:
        if kept and kept[-1][1] == tuple(step * length for step in steps):
            kept[-1] = (kept[-1][0] * length, steps)
        else:
            kept.append((length, steps))
    if len(kept) > KERNEL_AXES:
        return None
    inner = (1, (1,) * len(walks))
    outer = (1, (0,) * len(walks))
    kept = kept or [inner]
    kept = [outer] * (KERNEL_AXES - len(kept)) + kept
    return (
        tuple(length for length, _ in kept),
        tuple(tuple(steps[i] for _, steps in kept) for i in range(len(walks))),
    )
