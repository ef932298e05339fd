"""Building blocks whose every operator has an int8 kernel and maps to an Edge TPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edgeser.network.config import Algebra
from edgeser.network.convolution import SameConvolution
from edgeser.network.hamilton import HamiltonConvolution

_WAIST_BIAS = 3.0


class PlaneSelection(nn.Module):
    """Pick planes with a fixed 1 x 1 convolution of zeros and ones.

    A slice would do, but converters turn one along the channels into operators of their own.
    """

    weight: Tensor

    def __init__(self, planes: int, chosen: Sequence[int]) -> None:
        super().__init__()
        kernel = torch.eye(planes)[list(chosen)].reshape(len(chosen), planes, 1, 1)
        self.register_buffer("weight", kernel)

    def forward(self, x: Tensor) -> Tensor:
        """[b, planes, t, f] to [b, chosen, t, f]."""
        return nn.functional.conv2d(x, self.weight)


class GlobalMean(nn.Module):
    """Mean over frames and channels: [b, c, t, f] to [b, c, 1, 1] (one int8 MEAN)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of every map."""
        return x.mean(dim=(2, 3), keepdim=True)


class ConvolutionNorm(nn.Sequential):
    """Convolution without bias, batch norm (folds into it), and ReLU6 unless told otherwise.

    In quaternion algebra the convolution is Hamilton's, unless it is depthwise: that has one weight
    a map and tap as it is. Batch norm and ReLU6 go by single maps in either.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        depthwise: bool = False,
        activation: bool = True,
        algebra: Algebra = "real",
    ) -> None:
        convolution = (
            HamiltonConvolution(inputs, outputs, kernel, stride=stride)
            if algebra == "quaternion" and not depthwise
            else SameConvolution(
                inputs, outputs, kernel, stride=stride, groups=inputs if depthwise else 1
            )
        )
        layers: list[nn.Module] = [convolution, nn.BatchNorm2d(outputs)]
        if activation:
            layers.append(nn.ReLU6())
        super().__init__(*layers)


def pointwise(inputs: int, outputs: int, algebra: Algebra) -> nn.Conv2d | HamiltonConvolution:
    """Return a 1 x 1 convolution with bias that no ReLU has to follow."""
    if algebra == "quaternion":
        return HamiltonConvolution(inputs, outputs, 1, bias=True, criterion="glorot")
    return nn.Conv2d(inputs, outputs, 1)


def gate_layers(width: int, waist: int, algebra: Algebra = "real") -> list[nn.Module]:
    """Return 1 x 1 convolutions through a waist and a sigmoid: a gate of [0, 1] per map.

    The waist's bias begins in the middle of ReLU6's slope. A waist that begins below it may never
    wake up; it would then be 0 for every input, and LiteRT's XNNPACK refuses such a layer in int8.
    A waist of quaternions is rounded up to a multiple of 4.
    """
    if algebra == "quaternion":
        waist = -(-waist // 4) * 4
    squeeze = pointwise(width, waist, algebra)
    squeeze.bias = nn.Parameter(torch.full((waist,), _WAIST_BIAS))
    return [squeeze, nn.ReLU6(), pointwise(waist, width, algebra), nn.Sigmoid()]


class SqueezeExcite(nn.Module):
    """A gate per map, from the means of all maps (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(self, width: int, waist: int, algebra: Algebra = "real") -> None:
        super().__init__()
        self.gate = nn.Sequential(GlobalMean(), *gate_layers(width, waist, algebra))

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps, each multiplied by its gate; shape unchanged."""
        gated: Tensor = x * self.gate(x)
        return gated


class SeparableBlock(nn.Module):
    """Depthwise 3 x 3, squeeze-excite, pointwise; with a shortcut where the shape allows it."""

    def __init__(
        self, inputs: int, outputs: int, *, stride: int, squeeze: float, algebra: Algebra = "real"
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            ConvolutionNorm(inputs, inputs, 3, stride=stride, depthwise=True)
        ]
        if squeeze > 0.0:
            layers.append(SqueezeExcite(inputs, max(4, round(inputs * squeeze)), algebra))
        self.shortcut = stride == 1 and inputs == outputs
        layers.append(ConvolutionNorm(inputs, outputs, 1, algebra=algebra))
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[b, inputs, t, f] to [b, outputs, t / stride, f / stride]."""
        y: Tensor = self.body(x)
        return x + y if self.shortcut else y
