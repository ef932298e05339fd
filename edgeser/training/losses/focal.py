"""Focal loss: what is already known well counts little."""

from __future__ import annotations

import torch
from torch import Tensor

from edgeser.training.losses.cross_entropy import log_probabilities

_LEAST = 1e-7
"""Of 1 - p: an exponent below 1 has no slope at 0."""


def focal_loss(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    present: Tensor | None = None,
    *,
    gamma: float,
) -> Tensor:
    """Return the mean focal loss (Lin et al. 2017, arXiv:1708.02002), each class weighed.

    ``- mean_i sum_c w_c t_ic (1 - p_ic)^gamma ln p_ic``; published for hard targets, summed over
    the classes of soft ones here. With ``gamma = 0`` it is the cross-entropy. Arguments are as in
    `edgeser.training.losses.cross_entropy.soft_cross_entropy`.
    """
    log_p = log_probabilities(logits, present)
    left = (-torch.expm1(log_p)).clamp_min(_LEAST)
    return -(targets * weights * left**gamma * log_p).sum(dim=1).mean()
