"""Generalised cross-entropy: between cross-entropy and mean absolute error."""

from __future__ import annotations

import torch
from torch import Tensor

from edgeser.training.losses.cross_entropy import log_probabilities


def generalised_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    present: Tensor | None = None,
    *,
    q: float,
) -> Tensor:
    """Return the mean of ``(1 - p^q) / q`` (Zhang and Sabuncu 2018, arXiv:1805.07836).

    ``mean_i sum_c w_c t_ic (1 - p_ic^q) / q``. It goes to the cross-entropy with q to 0 and is 1
    less the probability with ``q = 1``: clips that contradict the others pull less. Arguments are
    as in `edgeser.training.losses.cross_entropy.soft_cross_entropy`.
    """
    log_p = log_probabilities(logits, present)
    missed = -torch.expm1(q * log_p) / q
    return (targets * weights * missed).sum(dim=1).mean()
