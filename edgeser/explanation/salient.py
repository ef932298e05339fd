"""From a map of saliency to what it says: stretches of time, bands, planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRETCH_MS = 150.0
"""Length of a salient stretch (arXiv 2511.11691)."""
MOST_STRETCHES = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that speaks for the label.

    Parameters
    ----------
    first, frames
        Its frames in the clip.
    start_s, end_s
        Where it begins in seconds, and where it ends, 150 ms later.
    share
        Of all that is above the map's mean.
    """

    first: int
    frames: int
    start_s: float
    end_s: float
    share: float


def above_mean(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the map where it exceeds its mean and speaks for the label, 0 elsewhere."""
    return np.where(cells > max(float(cells.mean()), 0.0), cells, 0.0)


def salient_stretches(
    cells: NDArray[np.float64], *, hop_ms: float, most: int = MOST_STRETCHES
) -> tuple[Stretch, ...]:
    """Return the most salient stretches that do not overlap, the strongest first.

    Parameters
    ----------
    cells
        float64 ``[frames, channels, planes]``.
    hop_ms
        Of a frame.
    most
        How many; fewer where nothing else speaks for the label.
    """
    kept = above_mean(cells).sum(axis=(1, 2))
    total = float(kept.sum())
    frames = min(max(1, round(STRETCH_MS / hop_ms)), len(kept))
    strength = np.convolve(kept, np.ones(frames), mode="valid")
    found: list[Stretch] = []
    while len(found) < most and total > 0 and strength.max() > 1e-12 * total:
        first = int(strength.argmax())
        share = float(strength[first]) / total
        start_s = first * hop_ms / 1000
        found.append(Stretch(first, frames, start_s, start_s + STRETCH_MS / 1000, share))
        strength[max(0, first - frames + 1) : first + frames] = 0.0
    return tuple(found)


def plane_shares(cells: NDArray[np.float64], planes: Sequence[str]) -> dict[str, float]:
    """Return each plane's share of what speaks for the label; all 0 where nothing does."""
    kept = above_mean(cells).sum(axis=(0, 1))
    total = float(kept.sum())
    return {
        name: float(value) / total if total else 0.0
        for name, value in zip(planes, kept, strict=True)
    }


def band_shares(cells: NDArray[np.float64], bands: int = 3) -> tuple[float, ...]:
    """Return the share of the lower, middle and upper channels; all 0 where nothing speaks."""
    kept = above_mean(cells).sum(axis=(0, 2))
    total = float(kept.sum())
    parts = np.array_split(kept, bands)
    return tuple(float(part.sum()) / total if total else 0.0 for part in parts)
