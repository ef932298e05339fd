"""Saliency by occlusion: how far the label's log-odds fall when a patch of one plane is hidden.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014; for speech emotion
with patches of one channel, arXiv 2511.11691. It asks the model itself, in its own arithmetic, and
no gradient of another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.clip import HeardClip, Run, Scorer
from edgeser.explanation.config import Fill, Occlusion
from edgeser.progress import Progress

_WINDOWS_AT_A_TIME = 1024


@dataclass(frozen=True, slots=True)
class Patch:
    """A stretch of frames and channels of one plane."""

    plane: int
    channel: int
    frame: int
    channels: int
    frames: int

    @property
    def cells(self) -> tuple[slice, slice, int]:
        """Where it lies in ``[frames, channels, planes]``."""
        return (
            slice(self.frame, self.frame + self.frames),
            slice(self.channel, self.channel + self.channels),
            self.plane,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Saliency:
    """What occlusion found.

    Parameters
    ----------
    patches
        What was hidden.
    drops
        float64 ``[patches]``: how far the label's log-odds fell for each.
    cells
        float64 ``[frames, channels, planes]``: mean drop of the patches that cover a cell.
    inferences
        Windows that the model was run on.
    """

    patches: tuple[Patch, ...]
    drops: NDArray[np.float64]
    cells: NDArray[np.float64]
    inferences: int


def patches_of(shape: Sequence[int], occlusion: Occlusion) -> tuple[Patch, ...]:
    """Return the patches that cover features of ``[frames, channels, planes]``, none beyond."""
    frames, channels, planes = shape
    size = min(occlusion.frames, frames), min(occlusion.channels, channels)
    return tuple(
        Patch(plane, channel, frame, size[1], size[0])
        for plane in range(planes)
        for channel in _starts(channels, size[1], occlusion.channel_stride)
        for frame in _starts(frames, size[0], occlusion.frame_stride)
    )


def _starts(length: int, size: int, stride: int) -> list[int]:
    """Return where patches begin; the last one ends with what it covers."""
    return [*range(0, length - size, stride), length - size]


def filling(features: NDArray[np.int8], fill: Fill) -> NDArray[np.int8]:
    """Return what hides each channel and plane, int8 ``[channels, planes]``."""
    if fill is Fill.ZERO:
        return np.zeros(features.shape[1:], np.int8)
    return np.asarray(np.rint(features.mean(axis=0)), np.int8)


def occlude(
    run: Run,
    clip: HeardClip,
    occlusion: Occlusion,
    scorer: Scorer,
    *,
    base: NDArray[np.int8],
    progress: Progress | None = None,
) -> Saliency:
    """Hide one patch after another and see how far the label's log-odds fall.

    Windows that a patch does not touch keep what the model said of them: the sum over the windows
    is exact, and so is every drop.

    Parameters
    ----------
    run
        The model.
    clip
        What it hears.
    scorer
        Of its label.
    base
        int8 ``[windows, classes]``: what the model says of the clip as it is.
    progress
        Told of patches done.
    """
    patches = patches_of(clip.features.shape, occlusion)
    fill = filling(clip.features, occlusion.fill)
    whole = base.sum(axis=0, dtype=np.int64)
    sums = np.tile(whole, (len(patches), 1))
    inferences = 0
    for owners, numbers, windows in _batches(clip, patches, fill):
        said = run(windows)
        np.add.at(sums, owners, said.astype(np.int64) - base[numbers])
        inferences += len(windows)
        if progress is not None:
            progress(int(owners[-1]) + 1, len(patches))
    drops = scorer.log_odds(whole[None])[0] - scorer.log_odds(sums)
    return Saliency(patches, drops, spread_over(clip.features.shape, patches, drops), inferences)


def spread_over(
    shape: Sequence[int], patches: Sequence[Patch], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return, for each cell, the mean of the values of the patches that cover it."""
    total, count = np.zeros(shape), np.zeros(shape)
    for patch, value in zip(patches, values, strict=True):
        total[patch.cells] += value
        count[patch.cells] += 1
    return np.asarray(total / np.maximum(count, 1))


_Batch = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]


def _batches(clip: HeardClip, patches: Sequence[Patch], fill: NDArray[np.int8]) -> Iterator[_Batch]:
    """Yield patches' numbers, windows' numbers and the windows themselves, some at a time."""
    owners: list[int] = []
    numbers: list[int] = []
    windows: list[NDArray[np.int8]] = []
    plain = clip.windows
    for owner, patch in enumerate(patches):
        frames, channels, plane = patch.cells
        for number in clip.touched(patch.frame, patch.frames):
            window = plain[number].copy()
            at = clip.index[number]
            inside = (at >= frames.start) & (at < frames.stop)
            window[inside, channels, plane] = fill[channels, plane]
            owners.append(owner)
            numbers.append(int(number))
            windows.append(window)
        if len(windows) >= _WINDOWS_AT_A_TIME:
            yield np.array(owners), np.array(numbers), np.stack(windows)
            owners, numbers, windows = [], [], []
    if windows:
        yield np.array(owners), np.array(numbers), np.stack(windows)
