"""Self-attention over frames, in the nearest form to softmax attention that an Edge TPU maps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from edgeser.network.blocks import pointwise
from edgeser.network.config import Algebra


class FrameSelfAttention(nn.Module):
    """Every frame hears every other: one head of sigmoid attention, added to the maps.

    Queries, keys and values are 1 x 1 convolutions of the frames, which are means over frequency.
    Softmax attention does not map: a product of two activations is no layer there (BATCH_MATMUL is
    unknown to it), and a SOFTMAX has one row. So the products are elementwise, with broadcasting,
    and then a convolution or a mean; and instead of a softmax each pair of frames has a sigmoid,
    and the values' sum is divided by the number of frames: sigmoid attention (Ramapuram et al.
    2024, arXiv:2409.04431), with the division instead of the bias of its gates that has the same
    purpose there.

    Parameters
    ----------
    width
        Maps that come in and go out.
    head
        Maps of queries, keys and values each.
    algebra
        Of the four 1 x 1 convolutions.
    """

    dot: Tensor

    def __init__(self, width: int, head: int, algebra: Algebra = "real") -> None:
        super().__init__()
        self.query = pointwise(width, head, algebra)
        self.key = pointwise(width, head, algebra)
        self.value = pointwise(width, head, algebra)
        self.output = pointwise(head, width, algebra)
        scale = torch.full((1, head, 1, 1), 1.0 / math.sqrt(head))
        self.register_buffer("dot", scale, persistent=False)

    def weights(self, frames: Tensor) -> Tensor:
        """Return how much each frame of [b, width, t, 1] hears each: [b, 1, t, t], in [0, 1]."""
        keys = self.key(frames).transpose(2, 3)
        return torch.sigmoid(nn.functional.conv2d(self.query(frames) * keys, self.dot))

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, width, t, f], each frame with what it heard added to all its frequencies."""
        frames = x.mean(dim=3, keepdim=True)
        values = self.value(frames).transpose(2, 3)
        heard = (self.weights(frames) * values).mean(dim=3, keepdim=True)
        said: Tensor = self.output(heard)
        return x + said
