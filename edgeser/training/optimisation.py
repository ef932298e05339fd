"""Optimiser, learning rate, averaged weights and targets."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeser.training.config import TrainingConfig
from edgeser.training.data import Mixtures

_START_DIVISOR = 25.0
_END_DIVISOR = 1000.0


def make_optimizer(
    network: nn.Module, config: TrainingConfig, beside: nn.Module | None = None
) -> torch.optim.AdamW:
    """Return AdamW with weight decay on kernels only, not on biases and norms.

    What is trained `beside` the network, such as a loss's own weights, is treated alike.
    """
    parameters = [*network.parameters(), *(beside.parameters() if beside else ())]
    kernels = [p for p in parameters if p.ndim > 1]
    others = [p for p in parameters if p.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def one_cycle(step: int, steps: int, config: TrainingConfig) -> float:
    """Return the learning rate of a step, counted from 0 (Smith 2018, arXiv:1803.09820).

    Rises along a cosine from a 25th of the peak over the first `warm_up` of the steps, then falls
    along a cosine to a thousandth of it.
    """
    peak = config.learning_rate
    rising = config.warm_up * steps
    if step < rising:
        low, high, share = peak / _START_DIVISOR, peak, step / rising
    else:
        low, high = peak, peak / _END_DIVISOR
        share = (step - rising) / max(1.0, steps - 1 - rising)
    return low + (high - low) * (1.0 - math.cos(math.pi * min(1.0, share))) / 2.0


def update_average(
    average: dict[str, Tensor], network: nn.Module, *, decay: float, step: int
) -> None:
    """Move the averaged weights (batch-norm statistics too) towards the network's, in place.

    The first steps count more, ``(1 + step) / (10 + step)``, so that the start is forgotten.
    """
    decay = min(decay, (1.0 + step) / (10.0 + step))
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.dtype.is_floating_point:
                average[name].lerp_(value, 1.0 - decay)
            else:
                average[name].copy_(value)


def soft_targets(
    labels: NDArray[np.int64],
    votes: NDArray[np.float32] | None,
    classes: int,
    config: TrainingConfig,
    present: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Return target distributions, float32 [clips, classes], rows summing to 1.

    The label, mixed with the crowd's votes where asked for and where somebody voted, then smoothed:
    over the labels in `present`, bool [clips, classes], or over all.
    """
    targets = np.eye(classes, dtype=np.float32)[labels]
    if config.labels == "votes" and votes is not None:
        voted = votes.sum(axis=1, keepdims=True) > 0.0
        mixed = (1.0 - config.vote_share) * targets + config.vote_share * votes
        targets = np.where(voted, mixed, targets).astype(np.float32)
    smoothing = config.label_smoothing
    spread = 1 / classes if present is None else present / present.sum(axis=1, keepdims=True)
    smoothed = (1.0 - smoothing) * targets + smoothing * spread
    return np.asarray(smoothed, dtype=np.float32)


def mixed_targets(
    targets: NDArray[np.float32], mixtures: Mixtures | None, variants: int
) -> NDArray[np.float32]:
    """Return the targets of each variant, float32 [variants, clips, classes].

    ``(1 - share) target + share target of the partner``; those of the clip where nothing is mixed.
    """
    if mixtures is None:
        return np.broadcast_to(targets, (variants, *targets.shape))
    share = mixtures.shares[:, :, None]
    return np.asarray((1.0 - share) * targets + share * targets[mixtures.partners], np.float32)


def mixed_presence(
    present: NDArray[np.bool_] | None, mixtures: Mixtures | None, variants: int
) -> NDArray[np.bool_] | None:
    """Return which labels take part in a variant's loss, bool [variants, clips, classes].

    Those of the clip's corpus, and of its partner's where something is mixed; `None`: all.
    """
    if present is None:
        return None
    if mixtures is None:
        return np.broadcast_to(present, (variants, *present.shape))
    return present | (present[mixtures.partners] & (mixtures.shares > 0.0)[:, :, None])


def taught_targets(
    targets: NDArray[np.float32],
    answers: NDArray[np.float32],
    config: TrainingConfig,
    present: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Return targets that are mixed with what teachers answer (Hinton et al. 2015, distillation).

    Parameters
    ----------
    targets
        float32 [clips, classes] or [variants, clips, classes], distributions.
    answers
        float32 [variants, clips, classes], the teachers' logits, averaged. Each variant of a clip
        has its own: what is hard to hear in noise is taught as uncertain (Beyer et al. 2022).
    config
        The teachers' share.
    present
        bool, shaped as the targets: labels that take part in a clip's loss; `None`: all.

    Returns
    -------
    NDArray[np.float32]
        [variants, clips, classes], distributions.
    """
    if present is not None:
        answers = np.where(present, answers, -np.inf)
    powers = np.exp(answers - answers.max(axis=-1, keepdims=True))
    taught = powers / powers.sum(axis=-1, keepdims=True)
    share = config.teachers_share
    return np.asarray((1.0 - share) * targets + share * taught, dtype=np.float32)


def class_weights(
    labels: NDArray[np.int64], classes: int, draws: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Return weights inverse to the classes' counts, with mean 1 over the clips.

    With `draws`, float64 [clips], a clip counts as often as it is drawn.
    """
    counts = np.bincount(labels, draws, minlength=classes).astype(np.float64)
    weights = np.where(counts > 0.0, len(labels) / np.where(counts > 0.0, counts, 1.0), 0.0)
    return np.asarray(weights / np.average(weights[labels], weights=draws), dtype=np.float32)
