"""How far stated probabilities are from how often they are right.

Clips are sorted by the probability of their answer and cut into bins of equally many (equal mass).
In each, the mean probability is held against the share of right answers; the mean gap, weighed by
clips, is the expected calibration error (ECE: Naeini et al. 2015; with equal-mass bins it is less
biased than with equal widths: Nixon et al. 2019, Roelofs et al. 2022).

A sample's ECE is above 0 even where every probability is true, the more so the fewer clips a bin
has. So the ECE that would be found of true probabilities is given beside it: the mean over labels
drawn from them (consistency resampling: Broecker and Smith 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Equal-mass bins of the ECE that is reported."""
WIDTH_BINS = 15
"""Equal-width bins of the ECE of Guo et al. 2017, given for comparison."""
_DRAWS = 200
_SEED = 0


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Clips whose answers are about equally sure: their number, mean probability, share right."""

    clips: int
    confidence: float
    accuracy: float


def equal_mass_bins(confidences: NDArray[np.float64], bins: int = BINS) -> NDArray[np.int64]:
    """Return each clip's bin, int64 ``[clips]``: of as many clips as can be, equals together."""
    order = np.argsort(confidences, kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    placed = ranks * bins // len(order)
    # Equals go with the first of them, so that a bin does not depend on the order of the clips.
    _, inverse = np.unique(confidences, return_inverse=True)
    first = np.full(int(inverse.max()) + 1, bins, np.int64)
    np.minimum.at(first, inverse, placed)
    return np.asarray(first[inverse])


def equal_width_bins(confidences: NDArray[np.float64], bins: int = WIDTH_BINS) -> NDArray[np.int64]:
    """Return each clip's bin, int64 ``[clips]``: the widths are equal, the upper end belongs."""
    return np.clip(np.ceil(confidences * bins).astype(np.int64) - 1, 0, bins - 1)


def calibration_error(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], bins: NDArray[np.int64]
) -> float:
    """Return the ECE over given bins, a ratio."""
    gaps = np.bincount(bins, weights=confidences - correct)
    return float(np.abs(gaps).sum() / len(confidences))


def error_of_true_probabilities(confidences: NDArray[np.float64], bins: NDArray[np.int64]) -> float:
    """Return the mean ECE where each answer is right as often as its probability says."""
    generator = np.random.default_rng(_SEED)
    drawn = generator.random((_DRAWS, len(confidences))) < confidences
    return float(np.mean([calibration_error(confidences, right, bins) for right in drawn]))


def reliability_bins(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], bins: NDArray[np.int64]
) -> tuple[ReliabilityBin, ...]:
    """Return the bins that have clips, in order."""
    found = []
    for number in np.unique(bins):
        inside = bins == number
        found.append(
            ReliabilityBin(
                int(inside.sum()), float(confidences[inside].mean()), float(correct[inside].mean())
            )
        )
    return tuple(found)


def resampled_errors(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    bins: NDArray[np.int64],
    clusters: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the ECE of each resample, float64 ``[resamples]``; the bins stay as they are.

    Parameters
    ----------
    clusters
        Each clip's cluster, int64 ``[clips]``.
    counts
        int64 ``[resamples, clusters]``: how often each cluster is drawn.
    """
    shape = (counts.shape[1], int(bins.max()) + 1)
    gaps = np.zeros(shape)
    np.add.at(gaps, (clusters, bins), confidences - correct)
    clips = counts @ np.bincount(clusters, minlength=shape[0])
    return np.asarray(np.abs(counts @ gaps).sum(axis=1) / clips)
