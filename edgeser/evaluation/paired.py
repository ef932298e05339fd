"""Whether one model is better than another on the same clips, and how sure many answers are.

The sign-flip test over speakers (Fisher's randomisation test, by clusters): were two models alike,
it would be chance which of the two gave a speaker's answers, so exchanging the answers of any
speakers would bring differences as large as often. UAR on fixed clips is a sum over speakers,

    ``d = sum_s d_s``, ``d_s = mean over classes c of (hits_A(s, c) - hits_B(s, c)) / clips(c)``

averaged over the seeds, so to exchange is to flip the sign of ``d_s``. The p-value is the share of
all ``2^S`` patterns whose ``|d|`` is at least the one found; with many speakers of random patterns,
the one found counted as one of them (Phipson and Smyth, 2010). It is exact for any number of
speakers, where a bootstrap's would be too small with few; five speakers cannot give less than
``2/32``. It says what other speakers would bring, with these trainings; what other seeds would
bring, the spread of the seeds shows.

Holm's step-down (Holm, 1979) keeps the chance that any of several comparisons is called real by
mistake below the level, whatever hangs together among them: the sorted ``p_(i)`` of ``m`` become
``max over j <= i of min(1, (m - j + 1) p_(j))``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import clusters_of
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.errors import BadInput

_ALL_UP_TO = 14
"""Speakers up to which every pattern of signs is tried."""
_PATTERNS = 99_999
_AT_ONCE = 10_000
_ROUNDING = 1e-12
P_VALUE = "sign-flip permutation over speakers, two-sided"
ADJUSTMENT = "Holm's step-down over all comparisons of the table"


def sign_flip_p(
    first: Sequence[Predictions], second: Sequence[Predictions], *, seed: int = 0
) -> float:
    """Return the two-sided p-value of the difference in mean UAR of two sets of models.

    Parameters
    ----------
    first, second
        One or more models each, such as trainings of several seeds, all on the same clips in the
        same order, with the same true classes. With one speaker, its clips stand for speakers.
    seed
        Of the random patterns.

    Raises
    ------
    BadInput
        Without models, or when they were not scored on the same clips.
    """
    runs = [*first, *second]
    if not first or not second:
        raise BadInput("there is nothing to compare", hint="give one model a side")
    truth = _true_classes(runs[0])
    if any(r.clip_ids != runs[0].clip_ids or _true_classes(r) != truth for r in runs):
        raise BadInput("the models were not scored on the same clips")
    clusters, _ = clusters_of(runs[0].speakers)
    parts = _parts(first, clusters, truth) - _parts(second, clusters, truth)
    return _p_of(parts, seed)


def _true_classes(run: Predictions) -> tuple[str, ...]:
    return tuple(run.classes[label] for label in run.labels)


def _parts(
    runs: Sequence[Predictions], clusters: NDArray[np.int64], truth: Sequence[str]
) -> NDArray[np.float64]:
    """Return each cluster's part of the mean UAR, float64 ``[clusters]``."""
    _, of_class, clips = np.unique(np.asarray(truth), return_inverse=True, return_counts=True)
    worth = 1.0 / (len(clips) * clips[of_class])
    hits = np.mean([run.predicted == run.labels for run in runs], axis=0)
    return np.bincount(clusters, weights=hits * worth).astype(np.float64)


def _p_of(parts: NDArray[np.float64], seed: int) -> float:
    found = abs(float(parts.sum())) - _ROUNDING
    count = len(parts)
    if count <= _ALL_UP_TO:
        flips = (np.arange(2**count)[:, np.newaxis] >> np.arange(count)) & 1
        return float(np.mean(np.abs((1 - 2 * flips) @ parts) >= found))
    rng = np.random.default_rng(seed)
    as_large, left = 0, _PATTERNS
    while left:
        number = min(left, _AT_ONCE)
        signs = 1 - 2 * rng.integers(0, 2, size=(number, count), dtype=np.int8)
        as_large += int(np.count_nonzero(np.abs(signs @ parts) >= found))
        left -= number
    return (1 + as_large) / (1 + _PATTERNS)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for being several, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)
