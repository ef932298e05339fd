"""What a training leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch.

    Parameters
    ----------
    epoch
        Counted from 0.
    learning_rate
        At its last step.
    training_loss
        Mean of the recipe's loss against the augmented, smoothed targets: in nats where it is the
        cross-entropy alone, as it is unless ``[loss]`` says otherwise.
    development_loss
        Mean cross-entropy of the averaged weights on the development clips as recorded, in nats.
    development_uar
        UAR of the averaged weights on the development clips as recorded, 0 to 1.
    varied_uar
        The same over their variants; equal to `development_uar` where there are none.
    development_ccc
        Mean concordance of valence, arousal and dominance on the development clips as recorded, -1
        to 1; `None` without a head for them, or clips to ask.
    development_cosine
        Mean cosine of a public embedding of the development clips as recorded and of what the
        network says of it; `None` where it learns no such thing.
    """

    epoch: int
    learning_rate: float
    training_loss: float
    development_loss: float
    development_uar: float
    varied_uar: float
    development_ccc: float | None = None
    development_cosine: float | None = None

    @property
    def score(self) -> float:
        """What the epoch is chosen by: the mean of both UARs, and of it and the concordance.

        Where a public embedding is imitated, its cosine alone: that needs no label.
        """
        if self.development_cosine is not None:
            return self.development_cosine
        uar = (self.development_uar + self.varied_uar) / 2.0
        return uar if self.development_ccc is None else (uar + self.development_ccc) / 2.0


@dataclass(frozen=True, slots=True, eq=False)
class TrainingResult:
    """The outcome of a training.

    Parameters
    ----------
    weights
        safetensors bytes of the chosen epoch's (averaged) weights.
    history
        One record an epoch.
    best_epoch
        The epoch whose weights these are, counted from 0.
    seconds
        Wall-clock time, of this call only.
    development
        float32 [takes, clips, classes]: logits of the development clips, as recorded and, where
        those choose too, under conditions, by the chosen epoch's weights, which were not trained
        on them; after a second training as far apart as the final weights' logits are.
    """

    weights: bytes
    history: tuple[EpochRecord, ...]
    best_epoch: int
    seconds: float
    development: NDArray[np.float32]
