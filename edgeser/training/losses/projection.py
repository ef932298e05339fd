"""A small head that takes a vector into a space where it is compared; for training only."""

from __future__ import annotations

from torch import nn


class ProjectionHead(nn.Sequential):
    """Two layers (Chen et al. 2020, SimCLR, arXiv:2002.05709).

    Parameters
    ----------
    inputs
        Width of what comes in.
    width
        Of what goes out.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(nn.Linear(inputs, inputs), nn.ReLU(), nn.Linear(inputs, width))
