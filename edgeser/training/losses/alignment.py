"""Alignment by contrast: two views of one clip are nearer to each other than to other clips."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def symmetric_info_nce(first: Tensor, second: Tensor, *, temperature: float) -> Tensor:
    """Return the symmetric InfoNCE of two views (van den Oord et al. 2018, arXiv:1807.03748).

    ``- 1/2 mean_i (ln softmax_j(s_ij)_i + ln softmax_j(s_ji)_i)`` with
    ``s_ij = cos(a_i, b_j) / temperature``, as in CLIP (Radford et al. 2021, arXiv:2103.00020).
    Labels have no part in it, so neither have their weights, nor labels that a corpus lacks.

    Parameters
    ----------
    first, second
        Float [clips, width], of any length: row i of both is of one clip.
    temperature
        How sharply near is told from far.
    """
    near = functional.normalize(first, dim=1) @ functional.normalize(second, dim=1).T / temperature
    own = torch.arange(len(near), device=near.device)
    there, back = functional.cross_entropy(near, own), functional.cross_entropy(near.T, own)
    return (there + back) / 2.0
