"""What the network knows of a clip before it decides."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The pooled vectors of a batch.

    Parameters
    ----------
    amplitude
        Float [batch, width] of the amplitude's branch; `None` where there is none.
    phase
        Float [batch, width] of the phase's branch; `None` where there is none.
    fused
        Float [batch, width]: what the classifier reads, before dropout.
    """

    amplitude: Tensor | None
    phase: Tensor | None
    fused: Tensor
