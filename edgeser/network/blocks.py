"""Building blocks whose every operator has an int8 kernel and maps to an Edge TPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
    """Subtract the mean of the window, or of each channel over the window's frames."""

    def __init__(self, frames: int, *, per_channel: bool) -> None:
        super().__init__()
        self.mean: nn.Module = nn.AvgPool2d((frames, 1)) if per_channel else GlobalMean()

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, 1, frames, channels] with a mean of 0."""
        centred: Tensor = x - self.mean(x)
        return centred


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
            nn.Conv2d(
                inputs,
                outputs,
                kernel,
                stride=stride,
                padding=kernel // 2,
                groups=inputs if depthwise else 1,
                bias=False,
            ),
            nn.BatchNorm2d(outputs),
        ]
        if activation:
            layers.append(nn.ReLU6())
        super().__init__(*layers)


class SqueezeExcite(nn.Module):
    """A gate per map, from the means of all maps (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(self, width: int, waist: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            GlobalMean(),
            nn.Conv2d(width, waist, 1),
            nn.ReLU6(),
            nn.Conv2d(waist, width, 1),
            nn.Sigmoid(),
        )

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

    The gate is a 1 x 1 convolution and a sigmoid per map: attention without a softmax, which
    would cost an Edge TPU more than the rest of the network.
    """

    def __init__(self, width: int, *, gated: bool) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.gate = nn.Sequential(nn.Conv2d(width, width, 1), nn.Sigmoid()) if gated else None
        self.outputs = 2 * width if gated else width

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, width, t, f] to one or two [b, width, 1, 1]."""
        if self.gate is None:
            return [self.mean(x)]
        return [self.mean(x), self.mean(x * self.gate(x))]
