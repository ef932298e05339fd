"""The loss of valence, arousal and dominance: concordance, and octants while training begins.

As EmoSphere-SER has it (arXiv:2505.19693): the sum of ``1 - CCC`` over the three, plus ``w`` times
the cross-entropy of the octant, whose classes are weighed inversely to their frequency. An octant
is the signs of the three about the neutral point, the middle of the scale (our reading).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeser.network.heads import DIMENSIONS, OCTANTS, VadAnswers
from edgeser.training.vad.config import VadConfig

OCTANT_WEIGHTS = (1.0, 0.802, 0.604, 0.406, 0.208)
"""By epoch, as published; after these the octants are dropped."""
_VALUES = len(DIMENSIONS)
_TINY = 1e-8


def known_clips(vad: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which clips of [clips, 3] have values, bool [clips]."""
    return np.asarray(np.isfinite(vad).all(axis=1), np.bool_)


def octant_of(vad: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the octant, 0 to 7, of values [..., 3] about 0.

    Four for valence that is not negative, two for arousal, one for dominance.
    """
    return np.asarray((vad >= 0.0) @ np.array([4, 2, 1]), np.int64)


def vad_columns(vad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what stands beside a clip's targets so that mixup mixes it too, float32 [clips, 12].

    Its values, its octant as a distribution, and 1; all 0 where the values are NaN: not known. The
    last one stays 1 only where two clips are mixed of which both are known.
    """
    known = known_clips(vad)
    values = np.where(known[:, None], vad, 0.0)
    octants = np.eye(OCTANTS, dtype=np.float32)[octant_of(values)] * known[:, None]
    return np.concatenate([values, octants, known[:, None]], axis=1).astype(np.float32)


def octant_class_weights(vad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights inverse to the octants' counts, with mean 1 over the known clips; float32 [8].

    An octant without a clip has weight 0.
    """
    found = octant_of(vad[known_clips(vad)])
    counts = np.bincount(found, minlength=OCTANTS).astype(np.float64)
    weights = np.where(counts > 0, 1.0 / np.where(counts > 0, counts, 1.0), 0.0)
    return np.asarray(weights / weights[found].mean(), np.float32)


def concordance(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Return the concordance correlation of each column, [n, k] to [k] (Lin 1989).

    ``2 cov / (var + var + (mean - mean)^2)`` with the moments of these n; 0 where nothing varies.
    """
    shift = predicted.mean(dim=0) - wanted.mean(dim=0)
    p, w = predicted - predicted.mean(dim=0), wanted - wanted.mean(dim=0)
    spread = (p * p).mean(dim=0) + (w * w).mean(dim=0) + shift * shift
    return 2.0 * (p * w).mean(dim=0) / (spread + _TINY)


def mean_concordance(
    predicted: NDArray[np.float32], vad: NDArray[np.float32] | None
) -> float | None:
    """Return the mean concordance of [clips, 3] over the known clips; `None` of fewer than two."""
    if vad is None or (known := known_clips(vad)).sum() < 2:
        return None
    found = concordance(torch.from_numpy(predicted[known]), torch.from_numpy(vad[known]))
    return float(found.mean())


@dataclass(frozen=True, slots=True, eq=False)
class VadLoss:
    """The second head's part of the loss of a batch.

    Parameters
    ----------
    config
        Its weight, and whether there are octants.
    columns
        Of all clips, from `vad_columns`.
    class_weights
        Of the octants, float32 [8].
    """

    config: VadConfig
    columns: NDArray[np.float32]
    class_weights: Tensor

    def __call__(self, answers: VadAnswers, columns: Tensor, *, epoch: int) -> Tensor:
        """Return the loss; 0 where fewer than two clips of the batch are known.

        Parameters
        ----------
        answers
            Of the network.
        columns
            Of the batch, mixed as its clips are.
        epoch
            Counted from 0.
        """
        known = columns[:, -1] > 1.0 - 1e-6
        if int(known.sum()) < 2:
            return answers.vad.sum() * 0.0
        wanted = columns[known, :_VALUES]
        loss = (1.0 - concordance(answers.vad[known], wanted)).sum()
        if self.config.octants and epoch < len(OCTANT_WEIGHTS):
            shares = columns[known, _VALUES : _VALUES + OCTANTS]
            said = torch.log_softmax(answers.octants[known], dim=1)
            entropy = -(shares * self.class_weights * said).sum(dim=1).mean()
            loss = loss + OCTANT_WEIGHTS[epoch] * entropy
        return self.config.weight * loss


def make_vad_loss(config: VadConfig, vad: NDArray[np.float32], device: torch.device) -> VadLoss:
    """Return the loss for clips with values float32 [clips, 3], NaN where they are not known."""
    weights = torch.from_numpy(octant_class_weights(vad)).to(device)
    return VadLoss(config, vad_columns(vad), weights)
