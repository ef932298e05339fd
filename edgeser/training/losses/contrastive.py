"""Supervised contrast: clips of one label are nearer to each other than to those of others."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgeser.training.losses.cross_entropy import clip_weights

_NOTHING = 1e-30


def broadcast_context(vectors: Tensor, share: float) -> Tensor:
    """Return vectors [clips, width] with a share of the batch's mean in each.

    Our reading of MLL's "broadcast context" (arXiv:2512.04551), whose text we did not have: the
    context broadcasting of Hyeon-Woo et al. (arXiv:2210.08457), half token and half mean of the
    tokens, with clips in the place of tokens.
    """
    return (1.0 - share) * vectors + share * vectors.mean(dim=0)


def supervised_contrast(
    vectors: Tensor,
    targets: Tensor,
    weights: Tensor,
    present: Tensor | None = None,
    *,
    temperature: float,
) -> Tensor:
    """Return the supervised contrastive loss of a batch (Khosla et al. 2020, arXiv:2004.11362).

    ``mean_i - u_i sum_j a_ij (s_ij - ln sum_k k_ik exp s_ik) / sum_j a_ij`` over j, k other than i,
    ``s_ij = cos(z_i, z_j) / temperature``. With hard targets ``a_ij`` is 1 for clips of one label,
    else 0, as published; with soft ones ``sum_c t_ic t_jc``, the chance that both have one label.
    ``k_ij`` is the share of j's label that i's corpus has at all: clips of labels that it lacks are
    no context for i. ``u_i = sum_c w_c t_ic`` is a clip's weight. Clips that share a label with
    nobody take no part.

    Parameters
    ----------
    vectors
        Float [clips, width], of any length.
    targets, weights, present
        As in `edgeser.training.losses.cross_entropy.soft_cross_entropy`.
    temperature
        How sharply near is told from far.
    """
    others = 1.0 - torch.eye(len(vectors), dtype=vectors.dtype, device=vectors.device)
    vectors = functional.normalize(vectors, dim=1)
    near = vectors @ vectors.T / temperature
    alike = targets @ targets.T * others
    known = others
    if present is not None:
        known = present.to(targets.dtype) @ targets.T * others
    context = torch.logsumexp(near + known.clamp_min(_NOTHING).log(), dim=1, keepdim=True)
    partners = alike.sum(dim=1)
    each = -(alike * (near - context)).sum(dim=1) / partners.clamp_min(_NOTHING)
    some = partners > 0.0
    weighed = clip_weights(targets, weights) * each * some
    return weighed.sum() / some.sum().clamp_min(1)
