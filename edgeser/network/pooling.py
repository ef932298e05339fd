"""From maps to one vector a clip: their mean, gated means, or attention over frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeser.network.blocks import GlobalMean, gate_layers
from edgeser.network.config import Algebra, Pooling


def gate_waist(width: int) -> int:
    """Return the waist of a pooling's gate: an eighth of its maps."""
    return max(4, width // 8)


class MeanPooling(nn.Module):
    """Mean of the maps over frames and channels.

    It draws the first weights of a gate that it has not: what is made after it begins the same as
    beside a `GatedPooling` of that seed, and as it always did.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        gate_layers(width, gate_waist(width))
        self.mean = GlobalMean()
        self.outputs = width

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, width, t, f] to one [b, width, 1, 1]."""
        return [self.mean(x)]


class GatedPooling(nn.Module):
    """Mean of the maps beside their mean under a learned gate of each time and frequency.

    The gate is two 1 x 1 convolutions with a waist of an eighth, and a sigmoid per map: attention
    without a softmax, which would cost an Edge TPU more than the rest of the network.
    """

    def __init__(self, width: int, algebra: Algebra = "real") -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.gate = nn.Sequential(*gate_layers(width, gate_waist(width), algebra))
        self.outputs = 2 * width

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, width, t, f] to two [b, width, 1, 1]."""
        return [self.mean(x), self.mean(x * self.gate(x))]


class AttentionPooling(nn.Module):
    """Frames weighed against each other: z = sum a_t F_t, a the softmax over frames of F_t w + b.

    A frame F_t is the mean over frequency of its maps. The sum is a mean times the number of
    frames: a MEAN has an int8 kernel on every runtime, LiteRT's SUM is wrong in int8. There is one
    softmax, of one row, which is all that an Edge TPU maps.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Conv2d(width, 1, 1)
        self.outputs = width

    def weights(self, frames: Tensor) -> Tensor:
        """Return how much each frame of [b, width, t, 1] counts: [b, 1, t, 1], its sum 1."""
        return torch.softmax(self.score(frames), dim=2)

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, width, t, f] to one [b, width, 1, 1]."""
        frames = x.mean(dim=3, keepdim=True)
        mean = frames.mean(dim=2, keepdim=True)
        weighed = (frames - mean) * self.weights(frames)
        return [mean + weighed.mean(dim=2, keepdim=True) * float(x.shape[2])]


def pooling_of(
    kind: Pooling, width: int, algebra: Algebra
) -> MeanPooling | GatedPooling | AttentionPooling:
    """Return the pooling of that name."""
    if kind == "mean":
        return MeanPooling(width)
    if kind == "gated":
        return GatedPooling(width, algebra)
    return AttentionPooling(width)
