"""How near a model's answers come to what listeners said: scores of label-distribution learning.

With ``d`` the shares of a clip's listeners and ``p`` the model's, the softmax of its logits, over
all classes that the model knows:

- Kullback-Leibler divergence ``sum_c d_c ln(d_c / p_c)``, in nats
- Chebyshev distance ``max_c |d_c - p_c|``
- Clark distance ``sqrt(sum_c (d_c - p_c)^2 / (d_c + p_c)^2)``
- Canberra distance ``sum_c |d_c - p_c| / (d_c + p_c)``
- cosine ``sum_c d_c p_c / (|d| |p|)``
- intersection ``sum_c min(d_c, p_c)``

(Geng, "Label Distribution Learning", IEEE TKDE 28(7), 2016, section 4.2, who takes them from Cha,
"Comprehensive Survey on Distance/Similarity Measures between Probability Density Functions", 2007.)
Terms of which numerator and denominator are 0 are 0. The first four are distances: 0 is the best,
but Clark and Canberra count every class that no listener named as 1 as soon as the model gives it
anything at all. The last two are 1 at best.

Each is the mean over the clips that somebody voted on; its interval draws their speakers, see
`edgeser.evaluation.bootstrap`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import Bootstrap, clusters_of, percentile_interval
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.measurement import Evidence, Measurement

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DistributionScores:
    """Scores of a model's distributions against its listeners', means over clips.

    Parameters
    ----------
    kl
        In nats; 0 where they agree.
    chebyshev, clark, canberra
        Distances without a unit; 0 where they agree.
    cosine, intersection
        0 to 1; 1 where they agree.
    clips
        How many had votes.
    """

    kl: Measurement
    chebyshev: Measurement
    clark: Measurement
    canberra: Measurement
    cosine: Measurement
    intersection: Measurement
    clips: int


def kullback_leibler(votes: Shares, log_answers: Shares) -> Shares:
    """Return the divergence of each row in nats; from logarithms, which do not underflow."""
    logs = np.log(np.where(votes > 0.0, votes, 1.0))
    return np.asarray(np.sum(votes * (logs - log_answers), axis=1))


def chebyshev(votes: Shares, answers: Shares) -> Shares:
    """Return the largest difference of each row."""
    return np.asarray(np.max(np.abs(votes - answers), axis=1))


def clark(votes: Shares, answers: Shares) -> Shares:
    """Return the root of the squared relative differences of each row."""
    return np.asarray(np.sqrt(np.sum(_relative(votes, answers) ** 2, axis=1)))


def canberra(votes: Shares, answers: Shares) -> Shares:
    """Return the sum of the relative differences of each row."""
    return np.asarray(np.sum(_relative(votes, answers), axis=1))


def cosine(votes: Shares, answers: Shares) -> Shares:
    """Return the cosine of each row."""
    norms = np.linalg.norm(votes, axis=1) * np.linalg.norm(answers, axis=1)
    return np.asarray(np.sum(votes * answers, axis=1) / norms)


def intersection(votes: Shares, answers: Shares) -> Shares:
    """Return what both have in common of each row."""
    return np.asarray(np.sum(np.minimum(votes, answers), axis=1))


def _relative(votes: Shares, answers: Shares) -> Shares:
    both = votes + answers
    return np.asarray(np.abs(votes - answers) / np.where(both > 0.0, both, 1.0))


def score_distributions(
    predictions: Predictions, *, source: str, bootstrap: Bootstrap
) -> DistributionScores | None:
    """Score `predictions` against their votes; ``None`` where nobody voted on any clip."""
    if predictions.votes is None:
        return None
    voted = predictions.votes.sum(axis=1) > 0.0
    if not voted.any():
        return None
    chosen = predictions.select(voted)
    assert chosen.votes is not None  # noqa: S101  some voted
    votes = _normalised(chosen.votes.astype(np.float64))
    log_answers = _log_softmax(chosen.logits)
    answers = np.exp(log_answers)
    found = {
        "kl": kullback_leibler(votes, log_answers),
        "chebyshev": chebyshev(votes, answers),
        "clark": clark(votes, answers),
        "canberra": canberra(votes, answers),
        "cosine": cosine(votes, answers),
        "intersection": intersection(votes, answers),
    }
    figures = _means(chosen, found, f"{source}; {len(chosen)} clips with votes", bootstrap)
    return DistributionScores(**figures, clips=len(chosen))


def _means(
    predictions: Predictions, scores: dict[str, Shares], source: str, bootstrap: Bootstrap
) -> dict[str, Measurement]:
    """Return the mean of each score over clips, with the interval of its speakers."""
    clusters, kind = clusters_of(predictions.speakers, predictions.anonymous)
    clips = np.bincount(clusters)
    counts = bootstrap.draw(len(clips)) if len(clips) > 1 else None
    figures = {}
    for name, of_clips in scores.items():
        interval = None
        if counts is not None:
            sums = np.bincount(clusters, weights=of_clips)
            interval = percentile_interval((counts @ sums) / (counts @ clips))
        figures[name] = Measurement(
            value=float(of_clips.mean()),
            unit="nats" if name == "kl" else "",
            evidence=Evidence.MEASURED,
            source=source,
            interval=interval,
            interval_kind=kind if interval is not None else "",
        )
    return figures


def _normalised(shares: Shares) -> Shares:
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _log_softmax(logits: NDArray[np.float32]) -> Shares:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
