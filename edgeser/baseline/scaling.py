"""Functionals on one scale: what training clips say, applied to all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

Scaled = NDArray[np.float32]
_CONSTANT = 1e-9
"""A column whose standard deviation is less than this share of its size says nothing."""
FURTHEST = 10.0
"""Standard deviations beyond which a value counts as that far: another corpus's microphone can put
a feature that hardly moves in training a million of them away."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Mean 0 and standard deviation 1 on training clips, by scikit-learn's `StandardScaler`.

    Parameters
    ----------
    columns
        int64: the features that are used; left out are those that have no finite value in training,
        or one value only.
    mean, deviation
        float64, of each of them, over the finite values in training.
    """

    columns: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def apply(self, values: NDArray[np.float32]) -> Scaled:
        """Return float32 ``[clips, columns]``; what is not finite counts as the training mean."""
        chosen = values[:, self.columns].astype(np.float64)
        scaled = (chosen - self.mean) / self.deviation
        scaled = np.where(np.isfinite(chosen), scaled, 0.0)
        return np.asarray(np.clip(scaled, -FURTHEST, FURTHEST), np.float32)

    def not_finite(self, values: NDArray[np.float32]) -> int:
        """Return how many values of the columns in use are not finite."""
        return int(np.count_nonzero(~np.isfinite(values[:, self.columns])))


def fit_scaling(values: NDArray[np.float32]) -> Scaling:
    """Return the scaling of training clips, float32 ``[clips, features]``.

    Raises
    ------
    BadInput
        When no feature differs between two clips.
    """
    from sklearn.preprocessing import StandardScaler

    finite = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    some = np.flatnonzero(np.isfinite(finite).any(axis=0))
    scaler = StandardScaler().fit(finite[:, some])
    mean, deviation = np.asarray(scaler.mean_), np.sqrt(np.asarray(scaler.var_))
    keep = np.flatnonzero(deviation > _CONSTANT * np.abs(mean))
    if not keep.size:
        raise BadInput(
            f"the functionals of all {len(values)} training clips are the same",
            hint="check the recordings",
        )
    return Scaling(some[keep].astype(np.int64), mean[keep], deviation[keep])
