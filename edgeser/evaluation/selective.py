"""Risk against coverage: how often answers are wrong when the least sure ones are not given.

Clips are answered from the surest on (El-Yaniv and Wiener 2010). The coverage is the share that is
answered, the risk the share of these that is wrong. The area under that curve (AURC: Geifman et al.
2019) is the mean of the risks after each clip: 0 where nothing is wrong, the error itself where
probabilities tell nothing. Of equally sure clips none goes first: they share their errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHOWN_COVERAGE = 0.7
"""What share of clips is answered where accuracy is held against that of all answers."""
_POINTS = 50
_AT_ONCE = 4_000_000
"""Values of resamples that are computed together."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Risk at a coverage, both ratios."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Errors of clips in the order in which they are answered, equals having shared theirs.

    Parameters
    ----------
    errors
        float64 ``[clips]``: 0 to 1.
    order
        int64 ``[clips]``: which clip each is.
    groups
        int64 ``[clips]``: numbers of equals, from 0 on.
    """

    errors: NDArray[np.float64]
    order: NDArray[np.int64]
    groups: NDArray[np.int64]


def ranked(confidences: NDArray[np.float64], correct: NDArray[np.bool_]) -> Ranked:
    """Return the errors from the surest clip on."""
    order = np.argsort(-confidences, kind="stable")
    groups = np.cumsum(np.append(0, np.diff(confidences[order]) != 0))
    wrong = (~correct[order]).astype(np.float64)
    shared = np.bincount(groups, weights=wrong) / np.bincount(groups)
    return Ranked(shared[groups], order, groups)


def risks_after(clips: Ranked) -> NDArray[np.float64]:
    """Return the risk once each clip is answered, float64 ``[clips]``."""
    return np.asarray(np.cumsum(clips.errors) / np.arange(1, len(clips.errors) + 1))


def area_under(clips: Ranked) -> float:
    """Return the AURC."""
    return float(risks_after(clips).mean())


def risk_at(clips: Ranked, coverage: float) -> float:
    """Return the risk where that share of clips is answered, or the first more."""
    needed = max(1, math.ceil(coverage * len(clips.errors) - 1e-9))
    return float(risks_after(clips)[needed - 1])


def curve(clips: Ranked) -> tuple[CurvePoint, ...]:
    """Return up to fifty points of the curve, the last at coverage 1."""
    count = len(clips.errors)
    risks = risks_after(clips)
    at = np.unique(np.linspace(0, count - 1, min(count, _POINTS)).round().astype(np.int64))
    return tuple(CurvePoint((int(i) + 1) / count, float(risks[i])) for i in at)


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Of each resample, float64 ``[resamples]``: the AURC, and accuracy gained at a coverage."""

    areas: NDArray[np.float64]
    gains: NDArray[np.float64]


def resample(
    clips: Ranked,
    correct: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    counts: NDArray[np.int64],
    coverage: float = SHOWN_COVERAGE,
) -> Resampled:
    """Score resamples that take each clip as often as its cluster is drawn.

    Parameters
    ----------
    clips, correct
        The clips from the surest on; which are right, in their own order.
    clusters, counts
        Each clip's cluster; how often each cluster is drawn, int64 ``[resamples, clusters]``.
    coverage
        At which the gain is taken: accuracy there less that of all answers.
    """
    size = max(1, _AT_ONCE // len(clips.errors))
    parts = [
        _some(clips, correct, clusters, counts[start : start + size], coverage)
        for start in range(0, len(counts), size)
    ]
    return Resampled(
        np.concatenate([part.areas for part in parts]),
        np.concatenate([part.gains for part in parts]),
    )


def _some(
    clips: Ranked,
    correct: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    counts: NDArray[np.int64],
    coverage: float,
) -> Resampled:
    weights = counts[:, clusters[clips.order]].astype(np.float64)
    wrong = weights * ~correct[clips.order]
    begins = np.flatnonzero(np.append(True, np.diff(clips.groups) != 0))
    of_group = np.add.reduceat(weights, begins, axis=1)
    errors = np.add.reduceat(wrong, begins, axis=1) / np.where(of_group > 0, of_group, 1.0)
    answered = np.cumsum(weights, axis=1)
    summed = np.cumsum(weights * errors[:, clips.groups], axis=1)
    risks = summed / np.where(answered > 0, answered, 1.0)
    total = answered[:, -1:]
    areas = (weights * risks).sum(axis=1) / total[:, 0]
    at = (answered < coverage * total - 1e-9).sum(axis=1)
    return Resampled(areas, risks[:, -1] - risks[np.arange(len(risks)), at])
