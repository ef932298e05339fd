"""A transformer over frames, redesigned so that an Edge TPU maps the whole of it.

The idea is that of arXiv:2510.18036, of which notes are known: a stem of convolutions, attention of
one head by 1 x 1 convolutions, no GELU, and no tensor of more axes than batch and values into a
fully connected layer. The rest is our reading:

- the stem is two convolutions of stride 2, and one that takes all channels that are left of a
  frame: from there a frame is a vector;
- where a frame is, a depthwise convolution over 5 frames says (Chu et al. 2021, arXiv:2102.10882):
  a table of places would tie the weights to a window's length;
- attention is of sigmoids, `edgeser.network.attention` says why;
- feed-forward layers are 1 x 1 convolutions with ReLU6 in GELU's place;
- batch norm behind convolutions, which folds into them, is in the place of layer norm, which has no
  int8 kernel.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from edgeser.network.attention import FrameAttentionHead
from edgeser.network.blocks import ConvolutionNorm
from edgeser.network.config import Pooling
from edgeser.network.heard import Heard
from edgeser.network.pooling import pooling_of
from edgeser.network.trunk_config import TransformerConfig

_PLACE_FRAMES = 5


class FrameTransformer(nn.Module):
    """Planes to pooled vectors of frames.

    Parameters
    ----------
    config
        Its shape.
    first
        Layers before the stem.
    planes
        How many planes they give.
    channels
        Of a plane.
    pooling
        How frames become one vector.

    Attributes
    ----------
    blocks
        From features to frames, [b, width, t, 1].
    width, outputs
        Of a frame, and of what is pooled.
    """

    def __init__(
        self,
        config: TransformerConfig,
        first: list[nn.Module],
        planes: int,
        channels: int,
        pooling: Pooling,
    ) -> None:
        super().__init__()
        layers = [*first]
        for inputs, outputs in pairwise((planes, *config.stem)):
            layers.append(ConvolutionNorm(inputs, outputs, 3, stride=2))
            channels = -(-channels // 2)
        layers.append(FramesNorm(config.stem[-1], config.width, channels))
        layers += [TransformerBlock(config) for _ in range(config.blocks)]
        self.blocks = nn.Sequential(*layers)
        self.pooling = pooling_of(pooling, config.width, "real")
        self.width, self.outputs = config.width, self.pooling.outputs

    def forward(self, x: Tensor) -> Heard:
        """Return what it makes of features [b, planes, frames, channels]."""
        frames = self.blocks(x)
        return Heard(self.pooling(frames), frames)


class FramesNorm(nn.Sequential):
    """All channels of a frame to one vector: [b, inputs, t, channels] to [b, outputs, t, 1]."""

    def __init__(self, inputs: int, outputs: int, channels: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, (1, channels), bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(),
        )


class TransformerBlock(nn.Module):
    """Its place, what it hears of all frames, and a feed-forward layer: each added to a frame."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        width, middle = config.width, config.feed_forward
        size, padding = (_PLACE_FRAMES, 1), (_PLACE_FRAMES // 2, 0)
        self.place = nn.Sequential(
            nn.Conv2d(width, width, size, padding=padding, groups=width, bias=False),
            nn.BatchNorm2d(width),
        )
        self.attention = FrameAttentionHead(width, config.head)
        self.feed_forward = nn.Sequential(
            ConvolutionNorm(width, middle, 1), ConvolutionNorm(middle, width, 1, activation=False)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """[b, width, t, 1] to the same shape."""
        placed = frames + self.place(frames)
        heard = placed + self.attention(placed)
        said: Tensor = heard + self.feed_forward(heard)
        return said
