"""Augmentation of batches of features: shift, warp, gain, masks, mixup."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeser.training.config import AugmentationConfig

_GAIN_KNOTS = 5


def crop_window(
    features: NDArray[np.int8], frames: int, shift: int, rng: np.random.Generator | None
) -> NDArray[np.int8]:
    """Cut each clip's window, moved at random by up to `shift` frames either way.

    Parameters
    ----------
    features
        int8 [batch, stored frames, channels, planes].
    frames
        Frames of the window; what lies outside the stored frames is 0, the training mean.
    shift
        Largest move; 0, or no `rng`, cuts the middle.
    rng
        Draws the moves.

    Returns
    -------
    NDArray[np.int8]
        [batch, frames, channels, planes].
    """
    batch, stored = features.shape[:2]
    middle = (stored - frames) // 2
    if rng is None or shift == 0:
        return features[:, middle : middle + frames]
    starts = middle + rng.integers(-shift, shift + 1, size=batch)
    out = np.zeros((batch, frames, *features.shape[2:]), np.int8)
    for index, start in enumerate(starts):
        first, last = max(0, start), min(stored, start + frames)
        if last > first:
            out[index, first - start : last - start] = features[index, first:last]
    return out


def augment(x: Tensor, config: AugmentationConfig, rng: np.random.Generator) -> Tensor:
    """Warp, gain and mask a batch.

    Parameters
    ----------
    x
        float32 [batch, planes, frames, channels], plane 0 the amplitude in standard deviations.
        Warp and gain touch the amplitude only.
    config
        How much.
    rng
        The only source of chance.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    amplitude = x[:, :1]
    if config.warp > 0.0:
        amplitude = _warp_channels(amplitude, config.warp, rng)
    if config.gain > 0.0 or config.channel_gain > 0.0:
        amplitude = amplitude + _gains(amplitude, config, rng)
    x = torch.cat((amplitude, x[:, 1:]), dim=1)
    return x * _masks(x, config, rng)


def mix(
    x: Tensor,
    targets: Tensor,
    alpha: float,
    rng: np.random.Generator,
    present: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Mix each clip and its target with another of the batch (Zhang et al. 2018, mixup).

    One weight a clip, drawn from Beta(alpha, alpha); the heavier share stays with the clip. Labels
    in the loss of either, bool [clips, classes] in `present`, are in that of the mixture.
    """
    if alpha <= 0.0:
        return x, targets, present
    share = rng.beta(alpha, alpha, size=x.shape[0])
    weight = torch.from_numpy(np.maximum(share, 1.0 - share).astype(np.float32)).to(x.device)
    other = torch.from_numpy(rng.permutation(x.shape[0])).to(x.device)
    across = weight[:, None, None, None]
    mixed = across * x + (1.0 - across) * x[other]
    both = weight[:, None] * targets + (1.0 - weight[:, None]) * targets[other]
    return mixed, both, None if present is None else present | present[other]


def _warp_channels(amplitude: Tensor, warp: float, rng: np.random.Generator) -> Tensor:
    batch, _, frames, channels = amplitude.shape
    factors = 1.0 + rng.uniform(-warp, warp, size=(batch, 1))
    positions = np.clip(np.arange(channels)[None] * factors, 0.0, channels - 1.0)
    lower = np.minimum(positions.astype(np.int64), channels - 2)
    share = torch.from_numpy((positions - lower).astype(np.float32)).to(amplitude.device)
    index = torch.from_numpy(lower).to(amplitude.device)[:, None, None]
    index = index.expand(batch, 1, frames, channels)
    below, above = amplitude.gather(3, index), amplitude.gather(3, index + 1)
    return below + share[:, None, None] * (above - below)


def _gains(amplitude: Tensor, config: AugmentationConfig, rng: np.random.Generator) -> Tensor:
    batch, channels = amplitude.shape[0], amplitude.shape[3]
    level = rng.uniform(-config.gain, config.gain, size=(batch, 1))
    knots = rng.normal(0.0, config.channel_gain, size=(batch, _GAIN_KNOTS))
    grid = np.linspace(0.0, _GAIN_KNOTS - 1.0, channels)
    lower = np.minimum(grid.astype(np.int64), _GAIN_KNOTS - 2)
    smooth = knots[:, lower] + (grid - lower) * (knots[:, lower + 1] - knots[:, lower])
    gains = torch.from_numpy((level + smooth).astype(np.float32)).to(amplitude.device)
    return gains[:, None, None]


def _masks(x: Tensor, config: AugmentationConfig, rng: np.random.Generator) -> Tensor:
    """Return 0 where a clip is blanked and 1 elsewhere, [batch, 1, frames, channels]."""
    batch, _, frames, channels = x.shape
    times = _stretches(batch, frames, config.time_masks, config.time_mask_frames, rng)
    bands = _stretches(batch, channels, config.channel_masks, config.channel_mask_channels, rng)
    keep = ~(times[:, :, None] | bands[:, None, :])
    return torch.from_numpy(keep.astype(np.float32)).to(x.device)[:, None]


def _stretches(
    batch: int, size: int, count: int, longest: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    position = np.arange(size)
    blank = np.zeros((batch, size), np.bool_)
    for _ in range(count):
        length = rng.integers(0, min(longest, size) + 1, size=(batch, 1))
        start = rng.integers(0, size - length + 1, size=(batch, 1))
        blank |= (position >= start) & (position < start + length)
    return blank
