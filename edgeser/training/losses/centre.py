"""Centre loss: clips of a class gather around one point of an embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeser.training.losses.cross_entropy import soft_cross_entropy


def centre_loss(vectors: Tensor, centres: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Return half the mean squared distance to the centre of one's class (Wen et al. 2016, ECCV).

    ``mean_i 1/2 sum_c w_c t_ic |z_i - m_c|^2``; published for hard targets, summed over the classes
    of soft ones here. A class that a clip's corpus lacks has no share in its target, so none here.

    Parameters
    ----------
    vectors
        Float [clips, width].
    centres
        Float [classes, width].
    targets, weights
        As in `edgeser.training.losses.cross_entropy.soft_cross_entropy`.
    """
    squares = (vectors[:, None] - centres).square().sum(dim=2)
    return (targets * weights * squares).sum(dim=1).mean() / 2.0


class CentreHead(nn.Module):
    """An embedding with centres of the classes, for training only.

    As published it has a classifier of its own, which learns with it: an embedding that had
    nothing but distances to lower would shrink to a point, and teach the network nothing.

    Parameters
    ----------
    inputs
        Width of the network's embedding.
    width
        Of this one.
    classes
        How many there are.
    pull
        How much the distance counts against the classifier's cross-entropy.
    """

    def __init__(self, inputs: int, width: int, classes: int, *, pull: float) -> None:
        super().__init__()
        self.pull = pull
        self.projection = nn.Linear(inputs, width)
        self.classifier = nn.Linear(width, classes)
        self.centres = nn.Parameter(torch.zeros(classes, width))

    def forward(
        self, fused: Tensor, targets: Tensor, weights: Tensor, present: Tensor | None = None
    ) -> Tensor:
        """Return the loss of vectors [clips, inputs]; the rest is as in `centre_loss`."""
        vectors = self.projection(fused)
        distance = centre_loss(vectors, self.centres, targets, weights)
        known = soft_cross_entropy(self.classifier(vectors), targets, weights, present)
        return known + self.pull * distance
