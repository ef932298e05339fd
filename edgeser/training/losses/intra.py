"""Contrast inside an encoder of one class: its clips near each other, all others away from them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_NOTHING = 1e-30


def intra_class_contrast(
    blocks: Tensor,
    targets: Tensor,
    weights: Tensor,
    present: Tensor | None = None,
    *,
    temperature: float,
) -> Tensor:
    """Return the supervised contrast of each class against the rest, in an encoder of its own.

    ``mean_i - sum_c w_c t_ic sum_j t_jc (s^c_ij - ln sum_k k_ik exp s^c_ik) / sum_j t_jc`` over j
    and k other than i, ``s^c_ij = cos(z^c_i, z^c_j) / temperature``: `supervised_contrast` with
    clips of class c alone for anchors and partners, and all for context. The rest is one heap:
    nothing is asked of how it lies in that encoder, but that it is far from the class. A clip whose
    class nobody else has takes no part.

    Our reading of the intra-class encoders of EDRL-MEA (arXiv:2510.09072), whose text we did not
    have.

    Parameters
    ----------
    blocks
        Float [clips, classes, width]: what each class's encoder makes of each clip.
    targets, weights, present
        As in `edgeser.training.losses.cross_entropy.soft_cross_entropy`.
    temperature
        How sharply near is told from far.
    """
    others = 1.0 - torch.eye(len(blocks), dtype=blocks.dtype, device=blocks.device)
    vectors = functional.normalize(blocks, dim=2)
    near = torch.einsum("icw,jcw->cij", vectors, vectors) / temperature
    known = others if present is None else present.to(targets.dtype) @ targets.T * others
    context = torch.logsumexp(near + known.clamp_min(_NOTHING).log(), dim=2, keepdim=True)
    partners = targets.T[:, None, :] * others  # [classes, i, j]
    count = partners.sum(dim=2)
    each = -(partners * (near - context)).sum(dim=2) / count.clamp_min(_NOTHING)
    shares = targets.T * weights[:, None] * (count > 0.0)
    return (shares * each).sum() / len(blocks)
