"""How alike two maps are: Spearman's rank correlation, and what makes a map another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shuffled:
    """A map after layers were shuffled, from the last on.

    Parameters
    ----------
    layers, of
        How many, of how many.
    last
        Name of the layer that was shuffled last.
    correlation
        Of its drops with those of the model as it is; `None` where one of both is flat.
    probability
        Of the answer, by the shuffled model.
    """

    layers: int
    of: int
    last: str
    correlation: float | None
    probability: float


@dataclass(frozen=True, slots=True)
class Stability:
    """A map after a change that leaves what is said as it is.

    Parameters
    ----------
    change
        In words.
    correlation
        Of both maps; `None` where one is flat.
    answer
        What the model answers then.
    """

    change: str
    correlation: float | None
    answer: str


def rank_correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Return Spearman's rank correlation, ties at their mean rank; `None` where one is flat."""
    from scipy.stats import rankdata

    ranks = [rankdata(values.ravel()) for values in (first, second)]
    centred = [rank - rank.mean() for rank in ranks]
    scale = np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum())
    if scale == 0:
        return None
    return float((centred[0] * centred[1]).sum() / scale)
