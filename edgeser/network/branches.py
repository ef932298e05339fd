"""The branches of the network: separable convolutions over planes, pooled to one vector."""

from __future__ import annotations

from torch import Tensor, nn

from edgeser.network.attention import FrameSelfAttention
from edgeser.network.blocks import ConvolutionNorm, PlaneSelection, SeparableBlock
from edgeser.network.centring import centring_layers
from edgeser.network.config import AMPLITUDE_PLANES, QUATERNION_PLANES, Algebra, NetworkConfig
from edgeser.network.dsresnet import DsResNet
from edgeser.network.heard import Heard
from edgeser.network.pooling import MeanPooling, pooling_of
from edgeser.network.transformer import FrameTransformer


class Trunk(nn.Module):
    """A strided stem, separable blocks, self-attention where asked for, and pooling.

    Parameters
    ----------
    config
        Shape of the network.
    first
        Layers before the stem.
    planes
        How many planes they give.
    stem
        Algebra of the stem.
    """

    def __init__(
        self, config: NetworkConfig, first: list[nn.Module], planes: int, *, stem: Algebra
    ) -> None:
        super().__init__()
        width = config.stem_width
        blocks = [*first, ConvolutionNorm(planes, width, 5, stride=2, algebra=stem)]
        for outputs, stride in zip(config.widths, config.strides, strict=True):
            blocks.append(_block(config, width, outputs, stride))
            width = outputs
        if config.self_attention:
            blocks.append(FrameSelfAttention(width, config.self_attention, config.algebra))
        self.blocks = nn.Sequential(*blocks)
        self.pooling = pooling_of(config.pooling, width, config.algebra)
        self.width, self.outputs = width, self.pooling.outputs

    def forward(self, x: Tensor) -> Heard:
        """Return what it makes of features [b, planes, frames, channels]."""
        maps = self.blocks(x)
        return Heard(self.pooling(maps), maps)


AmplitudeBranch = Trunk | DsResNet | FrameTransformer
"""What hears the amplitude: a trunk of the recipe's kind."""


def amplitude_branch(
    config: NetworkConfig, planes: tuple[str, ...], channels: int
) -> AmplitudeBranch:
    """Return what hears the log-mel amplitude, and its difference in time where there is one.

    Parameters
    ----------
    config
        Shape of the network; its kind is that of the branch.
    planes, channels
        Of the input.
    """
    chosen = [index for index, name in enumerate(planes) if name in AMPLITUDE_PLANES]
    first: list[nn.Module] = []
    if len(chosen) < len(planes):
        first.append(PlaneSelection(len(planes), chosen))
    first += centring_layers(config.centring, len(chosen))
    if config.kind == "dsresnet-se":
        return DsResNet(config.dsresnet, first, len(chosen))
    if config.kind == "transformer":
        shape, pooling = config.transformer, config.pooling
        return FrameTransformer(shape, first, len(chosen), channels, pooling)
    return Trunk(config, first, len(chosen), stem="real")


class QuaternionBranch(Trunk):
    """Amplitude, its difference in time and two angles of the phase: one quaternion a place."""

    def __init__(self, config: NetworkConfig, planes: tuple[str, ...]) -> None:
        order = [planes.index(name) for name in QUATERNION_PLANES]
        count = len(order)
        in_order = order == list(range(count))
        first: list[nn.Module] = [] if in_order else [PlaneSelection(count, order)]
        first += centring_layers(config.centring, count)
        super().__init__(config, first, count, stem=config.algebra)


class PhaseBranch(nn.Module):
    """The phase planes, smoothed in time first: single angles are noisy, their means are not."""

    def __init__(self, config: NetworkConfig, planes: tuple[str, ...]) -> None:
        super().__init__()
        length = config.phase_smoothing_frames
        self.smoothing = nn.AvgPool2d((length, 1), stride=(2, 1)) if length > 1 else nn.Identity()
        width = config.phase_widths[0]
        chosen = [index for index, name in enumerate(planes) if name not in AMPLITUDE_PLANES]
        self.selection = PlaneSelection(len(planes), chosen)
        blocks: list[nn.Module] = [ConvolutionNorm(len(chosen), width, 3)]
        for outputs, stride in zip(config.phase_widths, config.phase_strides, strict=True):
            blocks.append(_block(config, width, outputs, stride))
            blocks.append(nn.Dropout2d(config.phase_dropout))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.pooling = MeanPooling(width)
        self.dropout = nn.Dropout(config.phase_dropout)
        self.width, self.outputs = width, self.pooling.outputs

    def forward(self, x: Tensor) -> Heard:
        """Return what it makes of features [b, planes, frames, channels]; not dropped out yet."""
        maps = self.blocks(self.smoothing(self.selection(x)))
        return Heard(self.pooling(maps), maps)


def _block(config: NetworkConfig, inputs: int, outputs: int, stride: int) -> SeparableBlock:
    return SeparableBlock(
        inputs, outputs, stride=stride, squeeze=config.squeeze, algebra=config.algebra
    )
