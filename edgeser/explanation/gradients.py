"""Integrated gradients of the float network: another way to ask, of a twin of the int8 model.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017: the gradient of the
answer's log-odds along the line from the hidden clip to the clip, times the difference. They add up
to how far the log-odds rise from the one to the other; `residual` is what the steps miss of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.agreement import rank_correlation
from edgeser.explanation.clip import HeardClip
from edgeser.explanation.occlusion import Patch, Saliency

if TYPE_CHECKING:
    from torch import Tensor, nn

STEPS = 32


@dataclass(frozen=True, slots=True, eq=False)
class IntegratedGradients:
    """What they say of a clip.

    Parameters
    ----------
    cells
        float64 ``[frames, channels, planes]``, in log-odds.
    correlation
        Spearman's, over the patches of occlusion: its drops against the sums in each patch; `None`
        where one is flat.
    rise
        How far the log-odds rise from the hidden clip to the clip.
    residual
        What the sum of the cells misses of that.
    steps
        Points on the line.
    """

    cells: NDArray[np.float64]
    correlation: float | None
    rise: float
    residual: float
    steps: int


def integrated_gradients(
    network: nn.Module,
    clip: HeardClip,
    fill: NDArray[np.int8],
    label: int,
    saliency: Saliency,
    *,
    scale: float,
    steps: int = STEPS,
) -> IntegratedGradients:
    """Integrate the gradients of a float network that stands for the int8 model.

    Parameters
    ----------
    network
        Float input ``[n, planes, frames, channels]``; logits, or a tuple that begins with them.
    clip
        The features, and their windows.
    fill
        int8 ``[channels, planes]``: what the line begins with.
    label
        The class.
    saliency
        Of occlusion, to compare with.
    scale
        What a step of the int8 features stands for.
    steps
        Points on the line, at the middle of as many parts.
    """
    import torch

    base = np.broadcast_to(fill, clip.features.shape)
    difference = (clip.features.astype(np.float64) - base) * scale
    start, end = (_input(clip, values * scale) for values in (base, clip.features))
    total = np.zeros(clip.features.shape)
    for step in range(steps):
        x = (start + (end - start) * ((step + 0.5) / steps)).requires_grad_(True)
        (gradient,) = torch.autograd.grad(_log_odds(network, x, label), x)
        windows = gradient.detach().numpy().transpose(0, 2, 3, 1)
        np.add.at(total, clip.index, windows)
    cells = total * difference / steps
    with torch.no_grad():
        rise = float(_log_odds(network, end, label) - _log_odds(network, start, label))
    return IntegratedGradients(
        cells=cells,
        correlation=rank_correlation(sums_in(cells, saliency.patches), saliency.drops),
        rise=rise,
        residual=rise - float(cells.sum()),
        steps=steps,
    )


def sums_in(cells: NDArray[np.float64], patches: Sequence[Patch]) -> NDArray[np.float64]:
    """Return the sum of the cells in each patch, float64 ``[patches]``."""
    return np.array([cells[patch.cells].sum() for patch in patches])


def _input(clip: HeardClip, features: NDArray[np.floating]) -> Tensor:
    import torch

    windows = np.ascontiguousarray(features[clip.index].transpose(0, 3, 1, 2))
    return torch.from_numpy(windows).to(torch.float32)


def _log_odds(network: nn.Module, x: Tensor, label: int) -> Tensor:
    """Return the label's log-odds of the mean logits over the windows."""
    import torch

    said = network(x)
    logits = (said[0] if isinstance(said, tuple) else said).mean(dim=0)
    others = torch.cat([logits[:label], logits[label + 1 :]])
    odds: Tensor = logits[label] - torch.logsumexp(others, dim=0)
    return odds
