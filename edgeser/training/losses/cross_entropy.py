"""Kullback-Leibler divergence from distributions, and who takes part in it."""

from __future__ import annotations

import torch
from torch import Tensor

_NO_ANSWER = -1e4
"""Logit of a class that takes no part: its probability is 0, and 0 times its logarithm too."""


def log_probabilities(logits: Tensor, present: Tensor | None = None) -> Tensor:
    """Return logarithms of the softmax, [clips, classes].

    A class that is not `present`, bool [clips, classes], is no answer at all for that clip: what
    the others have sums to 1.
    """
    if present is not None:
        logits = logits.masked_fill(~present, _NO_ANSWER)
    return torch.log_softmax(logits, dim=1)


def soft_cross_entropy(
    logits: Tensor, targets: Tensor, weights: Tensor, present: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy against distributions, each class weighed; in nats.

    ``- mean_i sum_c w_c t_ic ln p_ic``. That is the Kullback-Leibler divergence from the target
    and, beside it, the target's entropy (both weighed alike), which no network can change: the
    gradient is that of the divergence, and with hard targets the value too.

    Parameters
    ----------
    logits
        Float [clips, classes].
    targets
        Distributions, float [clips, classes]; 0 where a class is not present.
    weights
        Of the classes, float [classes].
    present
        bool [clips, classes]: classes that take part in a clip's loss; `None`: all.
    """
    return -(targets * weights * log_probabilities(logits, present)).sum(dim=1).mean()


def clip_weights(targets: Tensor, weights: Tensor) -> Tensor:
    """Return the weight of each clip, [clips]: that of its class, or of what its target has."""
    return (targets * weights).sum(dim=1)
