"""What a training says of its development clips, as its final network would were they new to it.

A temperature is fitted on clips that the network was not trained on. Where the final network was
trained on the development clips too, only the first one can be asked. But the final one has learnt
from more clips, and from teachers' soft answers: its logits are smaller or larger. Both were
trained on the training clips. So the first one's logits are scaled by how much further apart the
final one's are there; else the temperature would be of another network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeser.training.augmentation import crop_window
from edgeser.training.fit import Fit, State, predict_logits

_MOST_CLIPS = 512


def logits_of(fit: Fit, weights: State, *, takes: int) -> NDArray[np.float32]:
    """Return what the weights say of the development clips, float32 [takes, clips, classes]."""
    fit.averaged.load_state_dict(weights)
    clips = fit.data.development
    return np.stack([fit.logits(clips, take) for take in range(takes)])


def as_the_final_one(
    logits: NDArray[np.float32], fit: Fit, first: State, final: State
) -> NDArray[np.float32]:
    """Return the first network's logits, as far apart as the final one's are."""
    before, after = (_spread(fit, weights) for weights in (first, final))
    return logits if before == 0.0 else np.asarray(logits * np.float32(after / before))


def _spread(fit: Fit, weights: State) -> float:
    """Return the deviation of logits from their clip's mean, on training clips as recorded."""
    fit.averaged.load_state_dict(weights)
    clips = fit.data.train
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(len(clips), _MOST_CLIPS)).astype(int))
    cut = crop_window(clips.features[0][chosen], fit.data.frames, 0, None)
    logits = predict_logits(fit.averaged, cut, device=fit.device).astype(np.float64)
    return float(np.sqrt(np.mean((logits - logits.mean(axis=1, keepdims=True)) ** 2)))
