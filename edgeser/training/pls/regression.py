"""Multinomial logistic regression on distributions, by Newton's method: no chance in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
_MOST_STEPS = 100
_SHORTEST_STEP = 1e-6
_FLAT = 1e-9
"""Largest slope at which the loss counts as lowest."""
_FREE = 1e-10
"""Curvature that is added where there is none: the same number on every class's bias."""


def fit_softmax(
    rows: Table,
    targets: Table,
    weights: Table,
    present: NDArray[np.bool_] | None = None,
    *,
    penalty: float,
) -> tuple[Table, Table]:
    """Return weights [columns, classes] and biases [classes] of the lowest loss.

    ``- mean_i sum_c w_c t_ic ln p_ic + penalty / 2 |weights|^2``, as the network's own
    (`edgeser.training.losses.cross_entropy.soft_cross_entropy`) with a penalty. It is convex.

    Parameters
    ----------
    rows
        float64 [clips, columns].
    targets
        Distributions, float64 [clips, classes]; 0 where a class is not present.
    weights
        Of the classes, float64 [classes].
    present
        bool [clips, classes]: classes that take part in a clip's loss; `None`: all.
    penalty
        Above 0. Biases have none.
    """
    loss = _Loss(rows, targets * weights, present, penalty)
    found = np.zeros((rows.shape[1] + 1, targets.shape[1]))
    value, slope, curvature = loss.at(found)
    for _ in range(_MOST_STEPS):
        if np.abs(slope).max() <= _FLAT:
            break
        step = np.linalg.solve(curvature, slope.ravel()).reshape(found.shape)
        length, fall = 1.0, float(np.sum(slope * step))
        while loss.value(found - length * step) > value - 1e-4 * length * fall:
            length /= 2.0
            if length < _SHORTEST_STEP:  # nothing is left but rounding
                return found[:-1], found[-1] - found[-1].mean()
        found = found - length * step
        value, slope, curvature = loss.at(found)
    return found[:-1], found[-1] - found[-1].mean()


class _Loss:
    """The loss of coefficients [columns + 1, classes], the biases last."""

    def __init__(
        self, rows: Table, wanted: Table, present: NDArray[np.bool_] | None, penalty: float
    ) -> None:
        self.x = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
        self.wanted, self.present = wanted, present
        self.mass = wanted.sum(axis=1, keepdims=True)
        self.penalty = np.full((self.x.shape[1], 1), penalty)
        self.penalty[-1] = 0.0

    def _log_probabilities(self, found: Table) -> Table:
        logits = self.x @ found
        if self.present is not None:
            logits = np.where(self.present, logits, -1e4)
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))

    def value(self, found: Table) -> float:
        log_p = self._log_probabilities(found)
        missed = -float(np.sum(self.wanted * log_p)) / len(self.x)
        return missed + float(np.sum(self.penalty * np.square(found))) / 2.0

    def at(self, found: Table) -> tuple[float, Table, Table]:
        """Return value, slope [columns + 1, classes] and curvature, its square."""
        p = np.exp(self._log_probabilities(found))
        slope = self.x.T @ (self.mass * p - self.wanted) / len(self.x) + self.penalty * found
        columns, classes = found.shape
        curvature = np.zeros((columns, classes, columns, classes))
        for one in range(classes):
            for other in range(one, classes):
                shared = self.mass[:, 0] * p[:, one] * (float(one == other) - p[:, other])
                block = (self.x * shared[:, None]).T @ self.x / len(self.x)
                curvature[:, one, :, other] = curvature[:, other, :, one] = block
        whole = curvature.reshape(found.size, found.size)
        ridge = np.repeat(np.maximum(self.penalty[:, 0], _FREE), classes)
        whole[np.diag_indices(found.size)] += ridge
        return self.value(found), slope, whole
