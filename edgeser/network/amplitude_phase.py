"""The amplitude-phase network: two branches of separable convolutions, fused after pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeser.network.blocks import (
    Centring,
    ConvolutionNorm,
    GatedPooling,
    PlaneSelection,
    SeparableBlock,
    SpeechCentring,
)
from edgeser.network.config import NetworkConfig
from edgeser.network.embeddings import Embeddings
from quantize.foundation.errors import BadInput


class AmplitudePhaseNetwork(nn.Module):
    """Speech features to emotion logits.

    Parameters
    ----------
    config
        Shape and dropouts.
    planes
        Names of the input's planes: ``"amplitude"`` first, then those of the phase.
    frames, channels
        Size of a plane.
    classes
        Number of logits.

    Raises
    ------
    BadInput
        When the network is to hear the phase and there are no phase planes.

    Notes
    -----
    The input is float32 [batch, planes, frames, channels]: int8 features times 1/32. The output
    is float32 [batch, classes], before any softmax.
    """

    def __init__(
        self,
        config: NetworkConfig,
        planes: tuple[str, ...],
        frames: int,
        channels: int,
        classes: int,
    ) -> None:
        super().__init__()
        self.config = config
        self.planes = planes
        self.input_shape = (len(planes), frames, channels)
        if config.inputs != "amplitude" and len(planes) < 2:
            raise BadInput(
                f"[network] inputs = '{config.inputs}' needs phase planes, the frontend has none",
                hint="name some in [frontend] phase_planes",
            )
        width = 0
        self.amplitude: AmplitudeBranch | None = None
        self.phase: PhaseBranch | None = None
        if config.inputs != "phase":
            self.amplitude = AmplitudeBranch(config, len(planes))
            width += self.amplitude.outputs
        if config.inputs != "amplitude":
            self.phase = PhaseBranch(config, len(planes))
            width += self.phase.outputs
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of features [batch, planes, frames, channels]."""
        return self.classify(self.embed(x).fused)

    def embed(self, x: Tensor) -> Embeddings:
        """Return the utterance vectors of features [batch, planes, frames, channels]."""
        amplitude = phase = None
        pooled: list[Tensor] = []
        if self.amplitude is not None:
            maps = self.amplitude(x)
            amplitude = _vector(maps)
            pooled += maps
        if self.phase is not None:
            maps = self.phase(x)
            phase = _vector(maps)
            pooled += [self.phase.dropout(item) for item in maps]
        return Embeddings(amplitude=amplitude, phase=phase, fused=_vector(pooled))

    def classify(self, fused: Tensor) -> Tensor:
        """Return logits [batch, classes] of fused vectors [batch, D]."""
        logits: Tensor = self.classifier(self.dropout(fused))
        return logits


def _vector(maps: list[Tensor]) -> Tensor:
    """Join pooled maps [b, width, 1, 1] to vectors [b, all widths]."""
    joined = torch.cat(maps, dim=1) if len(maps) > 1 else maps[0]
    return joined.flatten(1)


class AmplitudeBranch(nn.Module):
    """The log-mel amplitude: a strided stem, separable blocks, gated pooling."""

    def __init__(self, config: NetworkConfig, planes: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        if planes > 1:
            blocks.append(PlaneSelection(planes, range(1)))
        if config.centring == "speech":
            blocks.append(SpeechCentring())
        elif config.centring != "none":
            blocks.append(Centring(per_channel=config.centring == "channels"))
        blocks.append(ConvolutionNorm(1, config.stem_width, 5, stride=2))
        width = config.stem_width
        for outputs, stride in zip(config.widths, config.strides, strict=True):
            blocks.append(SeparableBlock(width, outputs, stride=stride, squeeze=config.squeeze))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.pooling = GatedPooling(width, gated=config.gated_pooling)
        self.outputs = self.pooling.outputs

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, planes, frames, channels] to pooled maps [b, width, 1, 1]."""
        pooled: list[Tensor] = self.pooling(self.blocks(x))
        return pooled


class PhaseBranch(nn.Module):
    """The phase planes, smoothed in time first: single angles are noisy, their means are not."""

    def __init__(self, config: NetworkConfig, planes: int) -> None:
        super().__init__()
        length = config.phase_smoothing_frames
        self.smoothing = nn.AvgPool2d((length, 1), stride=(2, 1)) if length > 1 else nn.Identity()
        width = config.phase_widths[0]
        self.selection = PlaneSelection(planes, range(1, planes))
        blocks: list[nn.Module] = [ConvolutionNorm(planes - 1, width, 3)]
        for outputs, stride in zip(config.phase_widths, config.phase_strides, strict=True):
            blocks.append(SeparableBlock(width, outputs, stride=stride, squeeze=config.squeeze))
            blocks.append(nn.Dropout2d(config.phase_dropout))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.pooling = GatedPooling(width, gated=False)
        self.dropout = nn.Dropout(config.phase_dropout)
        self.outputs = self.pooling.outputs

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, planes, frames, channels] to one pooled map [b, width, 1, 1], without dropout."""
        x = self.smoothing(self.selection(x))
        pooled: list[Tensor] = self.pooling(self.blocks(x))
        return pooled
