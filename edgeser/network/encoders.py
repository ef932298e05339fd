"""Encoders of the utterance vector: one a class, and one for what tells the classes apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Encoders(nn.Module):
    """``z = [z_intra^1 .. z_intra^C, z_inter]``: as many small ReLU layers, joined in one.

    Our reading of the encoders of EDRL-MEA (arXiv:2510.09072), whose text we did not have. Each is
    a dense layer of its own; side by side they are one, which is all that a device sees.

    Parameters
    ----------
    inputs
        Width of the utterance vector.
    classes
        How many there are.
    width
        Of each encoder.
    """

    def __init__(self, inputs: int, classes: int, width: int) -> None:
        super().__init__()
        self.width, self.count = width, classes + 1
        self.dense = nn.Linear(inputs, self.count * width)

    @property
    def outputs(self) -> int:
        """Values of all encoders together."""
        return self.count * self.width

    def forward(self, fused: Tensor) -> Tensor:
        """Return [batch, outputs] of [batch, inputs]: the classes' encoders, then the last one."""
        return torch.relu(self.dense(fused))


def intra_and_inter(encoded: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return [batch, classes, width] and [batch, width] of [batch, (classes + 1) width]."""
    blocks = encoded.reshape(len(encoded), -1, width)
    return blocks[:, :-1], blocks[:, -1]
