"""The shape of the network, as a frozen record that a recipe's TOML fills in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Inputs = Literal["amplitude", "phase", "both"]
Centring = Literal["none", "level", "channels", "speech"]
Head = Literal["emotion", "vad"]
HEADS: tuple[tuple[Head, ...], ...] = (("emotion",), ("emotion", "vad"))
"""What a network can answer: each is an output of the model, in this order."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What the network listens to, how wide and how deep it is, and what it forgets in training.

    Parameters
    ----------
    inputs
        ``"amplitude"``, ``"phase"`` or ``"both"`` (two branches, fused after pooling).
    centring
        What is subtracted from the amplitude first, inside the network, so that a device does it
        too: ``"level"`` the mean of the whole window, which takes out the recording level;
        ``"speech"`` that, and then a share of what lies above it, so that the voice keeps
        its place when pauses become noisier or quieter; ``"channels"`` the mean of each channel
        over time, which takes out the microphone's frequency response as well.
    stem_width
        Channels of the amplitude branch's first convolution (5 x 5, stride 2).
    widths
        Channels of its depthwise-separable blocks, one number a block.
    strides
        1 or 2 a block: how much it shrinks frames and channels.
    phase_widths, phase_strides
        The same for the blocks of the phase branch.
    phase_smoothing_frames
        Frames that the phase planes are averaged over before anything else.
    squeeze
        Share of a block's channels in the waist of its squeeze-excite gate; 0: no gate.
    gated_pooling
        Pool the frames under a learned sigmoid gate beside the plain mean.
    dropout
        Of the pooled embedding before the classifier.
    phase_dropout
        Of whole feature maps inside the phase branch, and of its embedding.
    heads
        ``["emotion"]``, or ``["emotion", "vad"]``: valence, arousal and dominance as well, as an
        output of their own.
    style_width
        Width of the style pooling of the second head (`edgeser.network.heads`); 0: none.
    """

    inputs: Inputs = "amplitude"
    centring: Centring = "none"
    stem_width: int = 16
    widths: tuple[int, ...] = (32, 48, 64, 96, 96, 128)
    strides: tuple[int, ...] = (1, 2, 1, 2, 1, 1)
    phase_widths: tuple[int, ...] = (16, 24, 32)
    phase_strides: tuple[int, ...] = (2, 2, 1)
    phase_smoothing_frames: int = 6
    squeeze: float = 0.25
    gated_pooling: bool = True
    dropout: float = 0.3
    phase_dropout: float = 0.3
    heads: tuple[Head, ...] = ("emotion",)
    style_width: int = 24

    def __post_init__(self) -> None:
        if self.inputs not in ("amplitude", "phase", "both"):
            raise BadInput(f"inputs = {self.inputs!r} is unknown", hint="amplitude, phase or both")
        if self.centring not in ("none", "level", "channels", "speech"):
            raise BadInput(
                f"centring = {self.centring!r} is unknown", hint="none, level, speech or channels"
            )
        if self.heads not in HEADS:
            named = ", ".join(map(str, self.heads))
            raise BadInput(
                f"heads = [{printable(named)}] is unknown",
                hint='["emotion"] or ["emotion", "vad"], in this order',
            )
        if not 0 <= self.style_width <= 512:
            raise BadInput(f"style_width is {self.style_width}", hint="choose 0 to 512")
        _check_blocks("widths", self.widths, "strides", self.strides)
        _check_blocks("phase_widths", self.phase_widths, "phase_strides", self.phase_strides)
        if not 1 <= self.stem_width <= 512:
            raise BadInput(f"stem_width is {self.stem_width}", hint="choose 1 to 512")
        if not 1 <= self.phase_smoothing_frames <= 32:
            raise BadInput(
                f"phase_smoothing_frames is {self.phase_smoothing_frames}",
                hint="choose 1 to 32",
            )
        for name in ("squeeze", "dropout", "phase_dropout"):
            value = float(getattr(self, name))
            if not (math.isfinite(value) and 0.0 <= value < 1.0):
                raise BadInput(f"{name} is {value}", hint="choose 0 <= value < 1")


def _check_blocks(
    widths_name: str, widths: tuple[int, ...], strides_name: str, strides: tuple[int, ...]
) -> None:
    if not 1 <= len(widths) <= 32 or len(widths) != len(strides):
        raise BadInput(
            f"{widths_name} has {len(widths)} numbers, {strides_name} {len(strides)}",
            hint="give one of each a block, 1 to 32 blocks",
        )
    if not all(1 <= width <= 1024 for width in widths):
        raise BadInput(f"{widths_name} = {list(widths)}", hint="choose 1 to 1024 each")
    if not all(stride in (1, 2) for stride in strides):
        raise BadInput(f"{strides_name} = {list(strides)}", hint="choose 1 or 2 each")
