"""What is subtracted from the amplitude before anything else, inside the network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeser.network.config import Centring as CentringKind

_SLOPE, _LEVEL, _SHARE = 1.15, -0.5, 2.75


class Centring(nn.Module):
    """Subtract the mean of the window, or of each channel over the window's frames.

    A MEAN has a scale of its own in int8, finer than its input's; an average pool has not.
    """

    def __init__(self, *, per_channel: bool) -> None:
        super().__init__()
        self.axes = (2,) if per_channel else (2, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, 1, frames, channels] with a mean of 0."""
        return x - x.mean(dim=self.axes, keepdim=True)


class SpeechCentring(Centring):
    """Subtract the mean of the window, then a share of what lies above a level.

    The mean follows pauses and noise as much as it follows the voice. What lies well above it is
    the voice: with a share of that taken out too, loud voiced sounds keep their place when a
    noise floor rises or is gated away.

    Slope, level and share are what trainings on CREMA-D came to; they moved little from where they
    began (1, -0.75 and 3), and fixed they score the same. Nothing before the stem learns then, and
    a step without the gradient of its input is a seventh shorter.
    """

    def __init__(self) -> None:
        super().__init__(per_channel=False)
        self.above = FixedScale(_SLOPE, _LEVEL)
        self.share = FixedScale(_SHARE, 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, 1, frames, channels]."""
        centred = super().forward(x)
        voiced = nn.functional.relu6(self.above(centred))
        place: Tensor = self.share(voiced.mean(dim=self.axes, keepdim=True))
        return centred - place


class FixedScale(nn.Conv2d):
    """Multiply one map and add to it, by numbers that never learn.

    A convolution of one map to one is the form that converts to int8, but on a CPU it is slow: two
    of them took a fifth of a training's step.
    """

    def __init__(self, weight: float, bias: float) -> None:
        super().__init__(1, 1, 1)
        nn.init.constant_(self.weight, weight)
        self.bias = nn.Parameter(torch.full((1,), bias))
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, 1, frames, channels]."""
        if self.bias is None or torch.onnx.is_in_onnx_export():
            return super().forward(x)
        return x * self.weight + self.bias


class FirstPlaneCentring(nn.Module):
    """Centre the first of several planes as `Centring` and `SpeechCentring` do; others stay.

    The planes stay one tensor: what is subtracted has one value a plane, 0 for all but the first,
    by fixed 1 x 1 convolutions of means.
    """

    first: Tensor
    above: Tensor
    level: Tensor
    share: Tensor

    def __init__(self, planes: int, kind: CentringKind) -> None:
        super().__init__()
        self.axes = (2,) if kind == "channels" else (2, 3)
        self.speech = kind == "speech"
        unit = torch.zeros(planes)
        unit[0] = 1.0
        fixed = {
            "first": torch.diag(unit).reshape(planes, planes, 1, 1),
            "above": _SLOPE * unit.reshape(1, planes, 1, 1),
            "level": torch.tensor([_LEVEL]),
            "share": _SHARE * unit.reshape(planes, 1, 1, 1),
        }
        for name, values in fixed.items():
            self.register_buffer(name, values, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, planes, frames, channels]."""
        mean = x.mean(dim=self.axes, keepdim=True)
        place = nn.functional.conv2d(mean, self.first)
        if self.speech:
            # As SpeechCentring does, in another order: one subtraction from all planes, not two.
            raised = nn.functional.conv2d(x, self.above, self.level)
            voiced = nn.functional.relu6(raised - nn.functional.conv2d(mean, self.above))
            place = place + nn.functional.conv2d(voiced.mean(dim=(2, 3), keepdim=True), self.share)
        return x - place


def centring_layers(kind: CentringKind, planes: int) -> list[nn.Module]:
    """Return what centres the first of `planes` planes: one layer, or none."""
    if kind == "none":
        return []
    if planes > 1:
        return [FirstPlaneCentring(planes, kind)]
    return [SpeechCentring() if kind == "speech" else Centring(per_channel=kind == "channels")]
