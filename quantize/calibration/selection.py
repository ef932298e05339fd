"""Pick a few samples of many so that every category has its share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

_MAX_SAMPLES = 10_000_000


def select_balanced(strata: Sequence[Sequence[str]], count: int, seed: int) -> NDArray[np.intp]:
    """Choose `count` samples, balanced over every category that they are labelled with.

    Greedy: each step takes the sample whose labels have had the least so far, relative to the
    share each would have if all labels of a category were equally frequent. The combination of
    all labels counts as one more category, so that rare combinations are not left out. Equals
    are decided by the seed.

    Parameters
    ----------
    strata
        For each sample its label in each category, such as ``("speaker 7", "loud")``. What
        labels mean is of no matter; the same label in two categories is two labels.
    count
        How many to choose, 1 to the number of samples.
    seed
        Of the order among equals; the same seed gives the same choice.

    Returns
    -------
    Indices of distinct samples, in the order in which they were chosen: the first k of them are
    balanced too.

    Raises
    ------
    BadInput
        When there are fewer samples than wanted, or not each has one label a category.
    """
    _check(strata, count, seed)
    order = np.random.default_rng(seed).permutation(len(strata))
    codes = _codes(strata)[order]
    labels = codes.max(axis=0) + 1
    used = [np.zeros(size, np.float64) for size in labels]
    free = np.ones(len(strata), bool)
    chosen = np.empty(count, np.intp)
    for step in range(count):
        cost = np.zeros(len(strata), np.float64)
        for category, fill in enumerate(used):
            cost += fill[codes[:, category]]
        cost[~free] = np.inf
        best = int(cost.argmin())
        free[best] = False
        chosen[step] = order[best]
        for category, size in enumerate(labels):
            # A label's fair share of the choice is 1 / size of it.
            used[category][codes[best, category]] += size
    return chosen


def _codes(strata: Sequence[Sequence[str]]) -> NDArray[np.intp]:
    """Return labels as numbers from 0, [samples, categories]; their combination comes last."""
    columns = [*zip(*strata, strict=True), [tuple(labels) for labels in strata]]
    out = np.empty((len(strata), len(columns)), np.intp)
    for category, column in enumerate(columns):
        numbers = {label: number for number, label in enumerate(sorted(set(column)))}
        out[:, category] = [numbers[label] for label in column]
    return out


def _check(strata: Sequence[Sequence[str]], count: int, seed: int) -> None:
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (count, seed))
    if not whole or seed < 0:
        raise BadInput(
            f"cannot choose {count!r} samples with seed {seed!r}",
            hint="give two integers, the seed not negative",
        )
    if not 1 <= count <= len(strata) <= _MAX_SAMPLES:
        raise BadInput(
            f"cannot choose {count} of {len(strata)} samples",
            hint="choose at least one, and no more than there are",
        )
    for index, labels in enumerate(strata):
        good = not isinstance(labels, str) and all(isinstance(label, str) for label in labels)
        if not good or len(labels) != len(strata[0]):
            raise BadInput(
                f"sample {index} is labelled {labels!r}, sample 0 {strata[0]!r}",
                hint="give each sample one text label in every category",
            )
