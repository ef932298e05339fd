"""Intervals that know that clips of one speaker are not independent.

The cluster bootstrap (Davison and Hinkley, "Bootstrap Methods and their Application", 1997,
section 3.8; Field and Welsh, 2007): of ``S`` speakers draw ``S`` with replacement, take all the
clips of each speaker drawn, as often as it was drawn, and score that set; do so ``R`` times. The
95 % interval is the 2.5th to the 97.5th percentile of the ``R`` scores.

Since every score here is a function of the confusion matrix, and the matrix of a resample is the
sum of its speakers' matrices, ``R`` resamples are one product: draw counts ``W`` (``R x S``, each
row multinomial with ``S`` draws) times the stacked matrices (``S x classes x classes``).

Three things to know when reading them:

- With few speakers (under 15 or so) such intervals are rough and tend to be too narrow: eight
  speakers give a hint of the spread, not a confidence level.
- A class of which a resample has no clip is left out of that resample's mean, as in the metrics.
- With one speaker there is nothing to resample but its clips, which says nothing of other
  speakers; the interval's kind then says "clips of one speaker". With one clip there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.predictions import Predictions

Interval = tuple[float, float]
Score = Callable[[NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How the intervals are drawn: how many resamples, and the seed of the draw."""

    resamples: int = 2000
    seed: int = 0

    def draw(self, clusters: int) -> NDArray[np.int64]:
        """Return int64 ``[resamples, clusters]``: how often each cluster is drawn.

        Drawing ``S`` of ``S`` clusters with replacement is one multinomial with equal
        probabilities; each row sums up to ``S``.
        """
        chances = np.full(clusters, 1.0 / clusters)
        generator = np.random.default_rng(self.seed)
        return generator.multinomial(clusters, chances, size=self.resamples)


DEFAULT = Bootstrap()
BY_SPEAKER = "95 % speaker-clustered bootstrap"
BY_CLIP = "95 % bootstrap over the clips of one speaker"


def confusion_by_cluster(predictions: Predictions) -> tuple[NDArray[np.int64], str]:
    """Return each cluster's confusion matrix, int64 ``[clusters, classes, classes]``, and its kind.

    The clusters are the speakers in order of their names; with one speaker, its clips.
    """
    clusters, kind = clusters_of(predictions.speakers, predictions.anonymous)
    return stack_confusions(predictions, clusters), kind


def clusters_of(
    speakers: tuple[str, ...], anonymous: frozenset[str] = frozenset()
) -> tuple[NDArray[np.int64], str]:
    """Return each clip's cluster, int64 ``[clips]`` counted from 0, and the interval's kind.

    `anonymous` are those that are no speakers known, but stand for a clip each.
    """
    _, index = np.unique(np.asarray(speakers, dtype=np.str_), return_inverse=True)
    if int(index.max()) == 0:
        return np.arange(len(speakers), dtype=np.int64), BY_CLIP
    return index.astype(np.int64), BY_CLIP if anonymous.issuperset(speakers) else BY_SPEAKER


def stack_confusions(predictions: Predictions, clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64 ``[clusters, classes, classes]``: the confusion matrix of each cluster."""
    c = len(predictions.classes)
    n = int(clusters.max()) + 1
    flat = (clusters * c + predictions.labels) * c + predictions.predicted
    counts = np.bincount(flat, minlength=n * c * c)
    return counts.reshape(n, c, c).astype(np.int64)


def resampled(per_cluster: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the confusion matrix of each resample, int64 ``[resamples, classes, classes]``."""
    return np.asarray(np.tensordot(counts, per_cluster, axes=1), dtype=np.int64)


def percentile_interval(scores: NDArray[np.float64]) -> Interval:
    """Return the 2.5th and the 97.5th percentile of `scores`, ``[resamples]``."""
    low, high = np.percentile(scores, (2.5, 97.5))
    return float(low), float(high)


def bootstrap_intervals(
    per_cluster: NDArray[np.int64],
    scores: Iterable[Score],
    bootstrap: Bootstrap = DEFAULT,
) -> list[Interval | None]:
    """Return the 95 % interval of each score over the same resamples; ``None`` for one cluster."""
    if len(per_cluster) < 2:
        return [None for _ in scores]
    counts = bootstrap.draw(len(per_cluster))
    matrices = resampled(per_cluster, counts)
    return [percentile_interval(score(matrices)) for score in scores]


def paired_interval(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    score: Score,
    bootstrap: Bootstrap = DEFAULT,
) -> Interval | None:
    """Return the 95 % interval of ``score(first) - score(second)`` on the same clips.

    Both take the same draw in each resample, so what the speakers share cancels: the interval of
    a difference between two models is narrower than those of the models.
    """
    if len(first) < 2:
        return None
    counts = bootstrap.draw(len(first))
    differences = score(resampled(first, counts)) - score(resampled(second, counts))
    return percentile_interval(differences)
