"""Building blocks whose every operator has an int8 kernel and maps to an Edge TPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_WAIST_BIAS = 3.0


class GlobalMean(nn.Module):
    """Mean over frames and channels: [b, c, t, f] to [b, c, 1, 1] (one int8 MEAN)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of every map."""
        return x.mean(dim=(2, 3), keepdim=True)


class PlaneSelection(nn.Module):
    """Pick planes with a fixed 1 x 1 convolution of zeros and ones.

    A slice would do, but converters turn one along the channels into operators of their own.
    """

    weight: Tensor

    def __init__(self, planes: int, chosen: range) -> None:
        super().__init__()
        kernel = torch.eye(planes)[list(chosen)].reshape(len(chosen), planes, 1, 1)
        self.register_buffer("weight", kernel)

    def forward(self, x: Tensor) -> Tensor:
        """[b, planes, t, f] to [b, chosen, t, f]."""
        return nn.functional.conv2d(x, self.weight)


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
        self.above = FixedScale(1.15, -0.5)
        self.share = FixedScale(2.75, 0.0)

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


class SameConvolution(nn.Conv2d):
    """Convolution without bias that gives ceil(n / stride) of n, padded as TensorFlow pads.

    With an even size and stride 2 the padding is one-sided. PyTorch's even padding would become a
    PAD operator before each such convolution, and its copy of the map takes arena.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[b, inputs, t, f] to [b, outputs, ceil(t / stride), ceil(f / stride)]."""
        top, bottom = self._padding_of(int(x.shape[2]), axis=0)
        left, right = self._padding_of(int(x.shape[3]), axis=1)
        if top == bottom and left == right:
            maps = nn.functional.conv2d(
                x, self.weight, None, self.stride, (top, left), groups=self.groups
            )
        else:
            maps = super().forward(nn.functional.pad(x, (left, right, top, bottom)))
        # One plane is in both memory formats at once, and PyTorch goes on in the slower one.
        return maps.contiguous(memory_format=torch.channels_last) if x.shape[1] == 1 else maps

    def _padding_of(self, size: int, *, axis: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[axis], self.stride[axis]
        outputs = -(-size // stride)
        total = max(0, (outputs - 1) * stride + kernel - size)
        return total // 2, total - total // 2


class ConvolutionNorm(nn.Sequential):
    """Convolution without bias, batch norm (folds into it), and ReLU6 unless told otherwise."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        depthwise: bool = False,
        activation: bool = True,
    ) -> None:
        layers: list[nn.Module] = [
            SameConvolution(
                inputs, outputs, kernel, stride=stride, groups=inputs if depthwise else 1
            ),
            nn.BatchNorm2d(outputs),
        ]
        if activation:
            layers.append(nn.ReLU6())
        super().__init__(*layers)


def gate_layers(width: int, waist: int) -> list[nn.Module]:
    """Return 1 x 1 convolutions through a waist and a sigmoid: a gate of [0, 1] per map.

    The waist's bias begins in the middle of ReLU6's slope. A waist that begins below it may never
    wake up; it would then be 0 for every input, and LiteRT's XNNPACK refuses such a layer in int8.
    """
    squeeze = nn.Conv2d(width, waist, 1)
    squeeze.bias = nn.Parameter(torch.full((waist,), _WAIST_BIAS))
    return [squeeze, nn.ReLU6(), nn.Conv2d(waist, width, 1), nn.Sigmoid()]


class SqueezeExcite(nn.Module):
    """A gate per map, from the means of all maps (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(self, width: int, waist: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(GlobalMean(), *gate_layers(width, waist))

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps, each multiplied by its gate; shape unchanged."""
        gated: Tensor = x * self.gate(x)
        return gated


class SeparableBlock(nn.Module):
    """Depthwise 3 x 3, squeeze-excite, pointwise; with a shortcut where the shape allows it."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, squeeze: float) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            ConvolutionNorm(inputs, inputs, 3, stride=stride, depthwise=True)
        ]
        if squeeze > 0.0:
            layers.append(SqueezeExcite(inputs, max(4, round(inputs * squeeze))))
        self.shortcut = stride == 1 and inputs == outputs
        layers.append(ConvolutionNorm(inputs, outputs, 1))
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[b, inputs, t, f] to [b, outputs, t / stride, f / stride]."""
        y: Tensor = self.body(x)
        return x + y if self.shortcut else y


class GatedPooling(nn.Module):
    """Mean of the maps beside their mean under a learned gate of each time and frequency.

    The gate is two 1 x 1 convolutions with a waist of an eighth, and a sigmoid per map: attention
    without a softmax, which would cost an Edge TPU more than the rest of the network.
    """

    def __init__(self, width: int, *, gated: bool) -> None:
        super().__init__()
        self.mean = GlobalMean()
        layers = gate_layers(width, max(4, width // 8))
        self.gate = nn.Sequential(*layers) if gated else None
        self.outputs = 2 * width if gated else width

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, width, t, f] to one or two [b, width, 1, 1]."""
        if self.gate is None:
            return [self.mean(x)]
        return [self.mean(x), self.mean(x * self.gate(x))]
