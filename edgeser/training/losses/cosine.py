"""The angle between an answer and its target."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from edgeser.training.losses.cross_entropy import clip_weights, log_probabilities


def cosine_loss(
    logits: Tensor, targets: Tensor, weights: Tensor, present: Tensor | None = None
) -> Tensor:
    """Return the mean of 1 less the cosine of the two distributions (EM2LDL, arXiv:2511.20106).

    ``mean_i u_i (1 - sum_c p_ic t_ic / (|p_i| |t_i|))``, where ``u_i = sum_c w_c t_ic`` is a clip's
    weight. Arguments are as in `edgeser.training.losses.cross_entropy.soft_cross_entropy`.
    """
    answers = log_probabilities(logits, present).exp()
    cosine = functional.cosine_similarity(answers, targets, dim=1)
    return (clip_weights(targets, weights) * (1.0 - cosine)).mean()
