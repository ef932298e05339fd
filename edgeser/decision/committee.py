"""Several models as one: their probabilities, weighed by how sure each is of the clip.

Each model counts by the inverse of its entropy (as in MATER, arXiv 2506.19887): who
is sure counts more than who is not, clip by clip. So members must be calibrated, or the loudest
wins.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_ENTROPY = 0.01
"""In nats: below it nobody counts for more, so that no member outvotes all others by rounding."""


def entropies(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of each row of probabilities in nats, float64 ``[clips]``."""
    logs = np.log(np.where(shares > 0.0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(axis=-1))


def by_inverse_entropy(members: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the members' mean, weighed by their inverse entropy, float64 ``[clips, classes]``.

    Parameters
    ----------
    members
        Probabilities of each, float64 ``[clips, classes]``; at least one member.
    """
    shares = np.stack(members)
    weights = 1.0 / np.maximum(entropies(shares), LEAST_ENTROPY)
    summed = (weights[..., None] * shares).sum(axis=0)
    return np.asarray(summed / summed.sum(axis=-1, keepdims=True))


def logs_of(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities as logits, whose softmax they are; what is impossible stays finite."""
    return np.asarray(np.log(np.maximum(shares, 1e-9)))
