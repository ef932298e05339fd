"""DS-ResNet-SE: a residual network of depthwise-separable convolutions that recognises keywords.

The block as it is known (arXiv:2510.18036, from notes): depthwise 3 x 3, pointwise, batch norm,
ReLU, depthwise 3 x 3, pointwise, batch norm, squeeze-excite, added to what went in, ReLU; a stem of
32 maps, blocks of 64, 128, 192 and 256, each with stride 2; the mean of all; dense layers of 128
and 64. What is not known is read so: the stem is 3 x 3; what went in is brought to the block's
shape by a 1 x 1 convolution of stride 2 with batch norm (with it the network has the published
number of weights); the gate is two 1 x 1 convolutions and a sigmoid, which an Edge TPU maps as it
is; and each ReLU is a ReLU6, whose range int8 knows beforehand.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from edgeser.network.blocks import ConvolutionNorm, GlobalMean, SqueezeExcite
from edgeser.network.convolution import SameConvolution
from edgeser.network.heard import Heard
from edgeser.network.trunk_config import DsResNetConfig


class DsResNet(nn.Module):
    """Planes to an embedding.

    Parameters
    ----------
    config
        Its shape.
    first
        Layers before the stem.
    planes
        How many planes they give.

    Attributes
    ----------
    blocks
        From features to maps, [b, width, t, f].
    dense
        From the maps' mean to the embedding, by 1 x 1 convolutions: of a clip or of each frame.
    width, outputs
        Of the maps, and of the embedding.
    """

    def __init__(self, config: DsResNetConfig, first: list[nn.Module], planes: int) -> None:
        super().__init__()
        stem, *_ = widths = config.convolutions
        blocks = [*first, ConvolutionNorm(planes, stem, 3, stride=2)]
        blocks += [ResidualBlock(*pair, squeeze=config.squeeze) for pair in pairwise(widths)]
        self.blocks = nn.Sequential(*blocks)
        self.width, self.outputs = widths[-1], config.layers[-1]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((self.width, *config.layers)):
            layers += [nn.Conv2d(inputs, outputs, 1), nn.ReLU6()]
        self.mean = GlobalMean()
        self.dense = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Heard:
        """Return what it makes of features [b, planes, frames, channels]."""
        maps = self.blocks(x)
        return Heard([self.dense(self.mean(maps))], maps)


class ResidualBlock(nn.Module):
    """[b, inputs, t, f] to [b, outputs, t / 2, f / 2], see the module's text."""

    def __init__(self, inputs: int, outputs: int, *, squeeze: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            SameConvolution(inputs, inputs, 3, stride=2, groups=inputs),
            ConvolutionNorm(inputs, outputs, 1),
            SameConvolution(outputs, outputs, 3, groups=outputs),
            ConvolutionNorm(outputs, outputs, 1, activation=False),
            SqueezeExcite(outputs, max(1, outputs // squeeze)),
        )
        self.shortcut = ConvolutionNorm(inputs, outputs, 1, stride=2, activation=False)
        self.activation = nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of the block."""
        y: Tensor = self.activation(self.body(x) + self.shortcut(x))
        return y
