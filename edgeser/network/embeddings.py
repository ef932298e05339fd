"""What a network makes of a clip before it classifies: a vector a branch, and all in one."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Utterance vectors of a batch, for losses that compare them.

    Parameters
    ----------
    amplitude
        float32 [batch, Da], what the amplitude's branch pooled; ``None`` without that branch.
    phase
        float32 [batch, Dp], what the phase's branch pooled, before that branch's own dropout;
        ``None`` without that branch.
    fused
        float32 [batch, D], what the classifier, or its encoders, are given: all branches' vectors
        in one, before the classifier's dropout. In training the phase's part has had the phase's
        dropout.
    maps
        float32 [batch, width, t, f], what the trunk pooled (the phase's branch where there is no
        trunk): the head of valence, arousal and dominance hears the style in them.
    """

    amplitude: Tensor | None
    phase: Tensor | None
    fused: Tensor
    maps: Tensor
