"""A public embedding's vectors, said by the network's: distillation without labels."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ImitationHead(nn.Linear):
    """One linear layer from the network's vector to the embedding's; for training only.

    Parameters
    ----------
    inputs, outputs
        Values of the network's vector, and of the embedding's.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)

    def cosine(self, fused: Tensor, public: Tensor) -> Tensor:
        """Return the cosine of what is said of each clip and what the embedding is, [clips]."""
        return functional.cosine_similarity(self(fused), public, dim=1)
