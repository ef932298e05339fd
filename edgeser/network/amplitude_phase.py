"""The amplitude-phase network: one or two branches, fused after pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeser.network.branches import AmplitudeBranch, PhaseBranch, QuaternionBranch
from edgeser.network.config import NetworkConfig, check_planes
from edgeser.network.embeddings import Embeddings
from edgeser.network.encoders import Encoders


class AmplitudePhaseNetwork(nn.Module):
    """Speech features to emotion logits.

    Parameters
    ----------
    config
        Shape and dropouts.
    planes
        Names of the input's planes: ``"amplitude"`` first, then its difference where there is one,
        and those of the phase; for quaternions `QUATERNION_PLANES`, in any order.
    frames, channels
        Size of a plane.
    classes
        Number of logits.

    Raises
    ------
    BadInput
        When the planes are not those that the network is to hear.

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
        check_planes(config.inputs, planes)
        width = 0
        self.amplitude: AmplitudeBranch | None = None
        self.phase: PhaseBranch | None = None
        self.quaternion: QuaternionBranch | None = None
        if config.inputs in ("amplitude", "both"):
            self.amplitude = AmplitudeBranch(config, planes)
            width += self.amplitude.outputs
        if config.inputs == "quaternion":
            self.quaternion = QuaternionBranch(config, planes)
            width += self.quaternion.outputs
        if config.inputs in ("phase", "both"):
            self.phase = PhaseBranch(config, planes)
            width += self.phase.outputs
        self.dropout = nn.Dropout(config.dropout)
        self.encoders: Encoders | None = None
        if config.classifier == "pls":
            self.encoders = Encoders(width, classes, config.encoder_width)
            width = self.encoders.outputs
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
        if self.quaternion is not None:
            pooled += self.quaternion(x)
        if self.phase is not None:
            maps = self.phase(x)
            phase = _vector(maps)
            pooled += [self.phase.dropout(item) for item in maps]
        return Embeddings(amplitude=amplitude, phase=phase, fused=_vector(pooled))

    def classify(self, fused: Tensor) -> Tensor:
        """Return logits [batch, classes] of fused vectors [batch, D]."""
        logits: Tensor = self.classifier(self.encode(fused))
        return logits

    def encode(self, fused: Tensor) -> Tensor:
        """Return what the classifier is given of fused vectors [batch, D]: in training dropped out.

        With encoders it is what they make of it, else the vectors themselves.
        """
        dropped: Tensor = self.dropout(fused)
        return dropped if self.encoders is None else self.encoders(dropped)


def _vector(maps: list[Tensor]) -> Tensor:
    """Join pooled maps [b, width, 1, 1] to vectors [b, all widths]."""
    joined = torch.cat(maps, dim=1) if len(maps) > 1 else maps[0]
    return joined.flatten(1)
