"""Sets of labels that hold the true one as often as stated (split conformal prediction).

On clips that were not trained on, each clip has a score of how odd its true label is; a set then
holds every label that is no odder than the ``ceil((n + 1) (1 - alpha))``-th smallest of ``n``
scores (Vovk et al. 2005). Where clips to come are like those, in any order, the true label is in
the set with a probability of at least ``1 - alpha``, whatever the model. Clips of one speaker are
alike, and other rooms are not these, so what is found is always given beside what is stated.

LAC: the score is 1 less the label's probability (Sadinle et al. 2019): the smallest sets.
APS: the probabilities of all labels from the likeliest down to this one, summed (Romano et al.
2020, without randomness, so that sets are somewhat larger than need be): sets that widen where the
model is unsure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Method = Literal["LAC", "APS"]
METHODS: tuple[Method, ...] = get_args(Method)
LEVELS = (0.8, 0.9)
"""Stated coverages."""
_EXACTLY = 1e-9


@dataclass(frozen=True, slots=True)
class SetRule:
    """A score that no label of a set may be above.

    Parameters
    ----------
    method
        ``"LAC"`` or ``"APS"``.
    stated
        Share of sets that are to hold the true label.
    limit
        The largest score; infinite where too few clips were there: then a set holds every label.
    """

    method: Method
    stated: float
    limit: float


def scores(probabilities: NDArray[np.float64], method: Method) -> NDArray[np.float64]:
    """Return how odd each label would be, float64 ``[clips, classes]``."""
    if method == "LAC":
        return np.asarray(1.0 - probabilities)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    summed = np.cumsum(np.take_along_axis(probabilities, order, axis=1), axis=1)
    found = np.empty_like(summed)
    np.put_along_axis(found, order, summed, axis=1)
    return found


def set_rules(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[SetRule, ...]:
    """Return a rule for each method and level, from clips that were not trained on."""
    count = len(labels)
    rules = []
    for method in METHODS:
        of_true = np.sort(scores(probabilities, method)[np.arange(count), labels])
        for level in LEVELS:
            place = math.ceil((count + 1) * level - _EXACTLY)
            limit = float(of_true[place - 1]) if place <= count else math.inf
            rules.append(SetRule(method, level, limit))
    return tuple(rules)


def sets_of(probabilities: NDArray[np.float64], rule: SetRule) -> NDArray[np.bool_]:
    """Return which labels are in each clip's set, bool ``[clips, classes]``."""
    return np.asarray(scores(probabilities, rule.method) <= rule.limit + _EXACTLY)
