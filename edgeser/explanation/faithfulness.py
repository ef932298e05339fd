"""Whether the model rests on what the map says: deletion and insertion against random patches.

Petsiuk, Das and Saenko, "RISE", 2018: hide the cells in the order of the map and see how quickly
the answer's probability falls; show them in that order, on a clip that is all hidden, and see how
quickly it rises. An order made of random patches, of the same size and number, is what a map that
says nothing would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.clip import HeardClip, Run, Scorer
from edgeser.explanation.occlusion import Patch, Saliency

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Shares of all cells that are hidden, or shown."""
_WINDOWS_AT_A_TIME = 2048
ORDERS = 20
"""Random orders that a map is held to."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The answer's probability by share of cells, of the map's order and of random ones.

    Parameters
    ----------
    shares
        Of the cells.
    of_map
        float64 ``[shares]``.
    of_random
        float64 ``[orders, shares]``.
    sign
        +1 where a lower curve is better (deletion), -1 where a higher one is (insertion).
    """

    shares: tuple[float, ...]
    of_map: NDArray[np.float64]
    of_random: NDArray[np.float64]
    sign: int

    @property
    def gains(self) -> NDArray[np.float64]:
        """How much better the map's area is than each random order's, float64 ``[orders]``."""
        return self.sign * (_area(self.of_random) - _area(self.of_map[None]))

    @property
    def gain(self) -> float:
        """The mean gain, in probability."""
        return float(self.gains.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 2.5th and the 97.5th percentile over the random orders."""
        low, high = np.percentile(self.gains, (2.5, 97.5))
        return float(low), float(high)


@dataclass(frozen=True, slots=True, eq=False)
class Faithfulness:
    """Both curves of a map."""

    deletion: Curve
    insertion: Curve


def faithfulness(
    run: Run,
    clip: HeardClip,
    saliency: Saliency,
    fill: NDArray[np.int8],
    scorer: Scorer,
    *,
    orders: int = ORDERS,
    seed: int = 0,
) -> Faithfulness:
    """Hide and show cells in the map's order, and in random ones.

    Parameters
    ----------
    run, clip, scorer
        The model, what it hears, and the answer.
    saliency
        Whose patches, the most salient first, are the map's order.
    fill
        int8 ``[channels, planes]``: what hides.
    orders, seed
        Random orders of the same patches, and their seed.
    """
    rng = np.random.default_rng(seed)
    ranked = [np.argsort(-saliency.drops, kind="stable")]
    ranked += [rng.permutation(len(saliency.patches)) for _ in range(orders)]
    shape = clip.features.shape
    firsts = [_first_cells(shape, saliency.patches, order) for order in ranked]
    hidden = np.broadcast_to(fill, shape)
    curves = []
    for sign, kept, put in ((1, clip.features, hidden), (-1, hidden, clip.features)):
        values = _curves(run, clip, scorer, kept, put, firsts)
        curves.append(Curve(SHARES, values[0], values[1:], sign))
    return Faithfulness(*curves)


def _first_cells(
    shape: tuple[int, ...], patches: Sequence[Patch], order: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Return all cells, flat, in the order in which patches in `order` first cover them."""
    first = np.full(shape, len(patches), np.int64)
    for rank in range(len(order) - 1, -1, -1):
        first[patches[int(order[rank])].cells] = rank
    return np.argsort(first.ravel(), kind="stable")


def _curves(
    run: Run,
    clip: HeardClip,
    scorer: Scorer,
    kept: NDArray[np.int8],
    put: NDArray[np.int8],
    orders: Sequence[NDArray[np.int64]],
) -> NDArray[np.float64]:
    """Return the probability where the first cells of each order are put in, ``[orders, shares]``.

    One call of the model for as many orders as fit into it.
    """
    a_call = max(1, _WINDOWS_AT_A_TIME // (len(SHARES) * len(clip.index)))
    if len(orders) > a_call:
        parts = [orders[at : at + a_call] for at in range(0, len(orders), a_call)]
        return np.concatenate([_curves(run, clip, scorer, kept, put, part) for part in parts])
    windows = []
    for order in orders:
        for share in SHARES:
            changed = kept.copy()
            cells = order[: round(share * order.size)]
            changed.flat[cells] = put.flat[cells]
            windows.append(clip.of(changed))
    said = run(np.concatenate(windows))
    sums = said.reshape(len(windows), -1, said.shape[1]).sum(axis=1, dtype=np.int64)
    return scorer.probabilities(sums)[:, scorer.label].reshape(len(orders), len(SHARES))


def _area(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area below each curve ``[n, shares]``, 0 to 1."""
    return np.asarray(np.trapezoid(curves, SHARES, axis=1))
