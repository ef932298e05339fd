"""Multiblock partial least squares: directions of several blocks that vary most with a table.

With deflation by super scores it is ordinary PLS of the blocks side by side, each divided by the
root of its number of columns, so that no block weighs more for being wider (Westerhuis, Kourti and
MacGregor 1998, "Analysis of multiblock and hierarchical PCA and PLS models", section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

Table = NDArray[np.float64]
_NOTHING_LEFT = 1e-10
"""Share of what there was below which what is left is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A map from columns to scores: ``(x - mean) @ rotation``.

    Parameters
    ----------
    mean
        float64 ``[columns]``.
    rotation
        float64 ``[columns, components]``.
    block_shares
        float64 ``[components, blocks]``: of each component's direction, the share of squared weight
        that lies in each block; rows sum to 1.
    """

    mean: Table
    rotation: Table
    block_shares: Table

    def scores(self, columns: Table) -> Table:
        """Return ``[rows, components]`` of ``[rows, columns]``."""
        return np.asarray((columns - self.mean) @ self.rotation)


def align(blocks: Sequence[Table], targets: Table, *, components: int) -> Alignment:
    """Return the directions of `blocks` in which they vary most together with `targets`.

    Parameters
    ----------
    blocks
        ``[rows, columns of the block]`` each.
    targets
        ``[rows, columns]``; each column is centred and divided by its deviation.
    components
        How many directions at most; fewer where nothing is left to explain.

    Raises
    ------
    BadInput
        When a value is not finite, rows differ, or nothing varies.
    """
    widths = [block.shape[1] for block in blocks]
    x, y = np.concatenate(blocks, axis=1).astype(np.float64), targets.astype(np.float64)
    if len(x) != len(y) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise BadInput("cannot align: the tables' rows differ, or a value is not finite")
    mean, scale = x.mean(axis=0), _scales(x, widths)
    x = (x - mean) * scale
    own, shared = x.T @ x, x.T @ _standardised(y)  # all that the directions depend on
    total, most = float(np.trace(own)), float(np.linalg.norm(shared))
    weights, loadings = [], []
    for _ in range(components):
        if np.trace(own) <= _NOTHING_LEFT * total or np.linalg.norm(shared) <= _NOTHING_LEFT * most:
            break
        weight = _direction(shared)
        size = float(weight @ own @ weight)
        loading = own @ weight / size
        own = own - size * np.outer(loading, loading)
        shared = shared - np.outer(loading, weight @ shared)
        weights.append(weight)
        loadings.append(loading)
    if not weights:
        raise BadInput("cannot align: nothing varies in one of the tables")
    w, p = np.array(weights).T, np.array(loadings).T
    rotation = w @ np.linalg.inv(p.T @ w)
    return Alignment(mean, scale[:, None] * rotation, _shares(w, widths))


def _direction(shared: Table) -> Table:
    """Return the unit direction of largest covariance, of products [columns, targets]."""
    weight = np.linalg.svd(shared, full_matrices=False)[0][:, 0]
    return np.asarray(weight * np.sign(weight[np.abs(weight).argmax()]))


def _scales(x: Table, widths: Sequence[int]) -> Table:
    """Return what each column is multiplied by: its deviation becomes 1, its block's variance 1."""
    deviation = x.std(axis=0)
    by_block = np.repeat([1.0 / np.sqrt(width) for width in widths], widths)
    return np.where(deviation > 0, by_block / np.where(deviation > 0, deviation, 1.0), 0.0)


def _standardised(y: Table) -> Table:
    centred = y - y.mean(axis=0)
    deviation = centred.std(axis=0)
    return np.asarray(centred[:, deviation > 0] / deviation[deviation > 0])


def _shares(weights: Table, widths: Sequence[int]) -> Table:
    starts = np.cumsum([0, *widths[:-1]])
    return np.add.reduceat(np.square(weights), starts, axis=0).T
