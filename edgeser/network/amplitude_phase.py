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
from edgeser.network.heads import Answers, VadHead
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
    is float32 [batch, classes], before any softmax; with the head ``"vad"`` a pair of that and
    float32 [batch, 3]: valence, arousal and dominance.
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
        self.vad: VadHead | None = None
        if "vad" in config.heads:
            maps = config.phase_widths[-1] if self.amplitude is None else config.widths[-1]
            self.vad = VadHead(width, maps, style_width=config.style_width, dropout=config.dropout)

    @property
    def output_widths(self) -> tuple[int, ...]:
        """How many values each output has."""
        classes = self.classifier.out_features
        return (classes,) if self.vad is None else (classes, self.vad.regression.out_features)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return logits [batch, classes] of features [batch, planes, frames, channels]."""
        embedding, maps = self._embedded(x)
        logits: Tensor = self.classifier(self.dropout(embedding))
        return logits if self.vad is None else (logits, self.vad(embedding, maps))

    def answers(self, x: Tensor) -> Answers:
        """Return what a network with both heads says in training, its octants too."""
        assert self.vad is not None  # noqa: S101  a programming error, not an input
        embedding, maps = self._embedded(x)
        features = self.vad.features(embedding, maps)
        return Answers(
            logits=self.classifier(self.dropout(embedding)),
            vad=self.vad.regression(features),
            octants=self.vad.octants(features),
        )

    def _embedded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embedding [b, width], and the maps of the branch that style is heard in."""
        pooled: list[Tensor] = []
        maps: list[Tensor] = []
        for branch in (self.amplitude, self.phase):
            if branch is not None:
                maps.append(branch.maps(x))
                pooled += branch.pooled(maps[-1])
        embedding = torch.cat(pooled, dim=1) if len(pooled) > 1 else pooled[0]
        return embedding.flatten(1), maps[0]


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

    def maps(self, x: Tensor) -> Tensor:
        """[b, planes, frames, channels] to maps [b, width, t, f]."""
        maps: Tensor = self.blocks(x)
        return maps

    def pooled(self, maps: Tensor) -> list[Tensor]:
        """[b, width, t, f] to pooled maps [b, width, 1, 1]."""
        pooled: list[Tensor] = self.pooling(maps)
        return pooled

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, planes, frames, channels] to pooled maps [b, width, 1, 1]."""
        return self.pooled(self.maps(x))


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

    def maps(self, x: Tensor) -> Tensor:
        """[b, planes, frames, channels] to maps [b, width, t, f]."""
        maps: Tensor = self.blocks(self.smoothing(self.selection(x)))
        return maps

    def pooled(self, maps: Tensor) -> list[Tensor]:
        """[b, width, t, f] to one pooled map [b, width, 1, 1]."""
        return [self.dropout(item) for item in self.pooling(maps)]

    def forward(self, x: Tensor) -> list[Tensor]:
        """[b, planes, frames, channels] to one pooled map [b, width, 1, 1]."""
        return self.pooled(self.maps(x))
