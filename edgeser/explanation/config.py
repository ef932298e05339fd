"""How a clip is explained: which patches are occluded, by what, and what is checked."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.foundation.errors import BadInput
from quantize.foundation.string_enum import StrEnum

_LARGEST = 4096


class Fill(StrEnum):
    """What stands in the place of what is occluded."""

    MEAN = "mean"
    """The clip's own mean of that channel and plane: nothing new is put in, a change is taken."""
    ZERO = "zero"
    """The training's mean: what the network sees as 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occlusion:
    """Patches of one plane that are occluded, one at a time.

    Parameters
    ----------
    channels, frames
        Size of a patch.
    channel_stride, frame_stride
        Steps from one to the next.
    fill
        What it is filled with.
    """

    channels: int = 1
    frames: int = 10
    channel_stride: int = 1
    frame_stride: int = 3
    fill: Fill = Fill.MEAN

    def __post_init__(self) -> None:
        sizes = (self.channels, self.frames, self.channel_stride, self.frame_stride)
        if not all(1 <= size <= _LARGEST for size in sizes):
            raise BadInput(
                f"a patch of {self.channels} x {self.frames} every {self.channel_stride} x "
                f"{self.frame_stride} cannot be used",
                hint=f"sizes and strides are 1 to {_LARGEST}",
            )
        if self.channel_stride > self.channels or self.frame_stride > self.frames:
            raise BadInput(
                f"a stride of {self.channel_stride} x {self.frame_stride} leaves gaps between "
                f"patches of {self.channels} x {self.frames}",
                hint="choose a stride that is no larger than the patch",
            )

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{_counted(self.channels, 'channel')} x {_counted(self.frames, 'frame')}, every "
            f"{_counted(self.channel_stride, 'channel')} and {_counted(self.frame_stride, 'frame')}"
            f", filled with {_FILLED[self.fill]}"
        )


_FILLED = {Fill.MEAN: "the channel's mean in the clip", Fill.ZERO: "the training's mean"}

PUBLISHED = Occlusion()
"""One channel x 10 frames, every third frame (arXiv 2511.11691)."""
COARSE = Occlusion(channels=4, frames=15, channel_stride=4, frame_stride=6)
"""About an eighth of the inferences."""


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done for an explanation.

    Parameters
    ----------
    occlusion
        Of each clip.
    checks
        Whether it is said what the map is worth: curves, shuffled weights, integrated gradients,
        stability.
    cues
        Whether the expert cues are looked at in the salient stretches.
    check_occlusion
        Patches of the checks that make a map anew.
    shuffle_stages
        How many times more layers are shuffled.
    seed
        Of random orders, shuffles and noise.
    """

    occlusion: Occlusion = PUBLISHED
    checks: bool = True
    cues: bool = True
    check_occlusion: Occlusion = COARSE
    shuffle_stages: int = 6
    seed: int = 0
