"""The amplitude-phase network: branches of voice and words, fused after pooling."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from edgeser.network.branches import (
    AmplitudeBranch,
    PhaseBranch,
    QuaternionBranch,
    amplitude_branch,
)
from edgeser.network.config import NetworkConfig, check_planes
from edgeser.network.embeddings import Embeddings
from edgeser.network.encoders import Encoders
from edgeser.network.fusion import Concatenation, GatedFusion, forget_one, fusion_of
from edgeser.network.heads import VadAnswers, VadHead
from edgeser.network.heard import Heard
from edgeser.network.words import WordBranch
from edgeser.network.words_config import WordsConfig
from quantize.foundation.errors import BadInput


class BranchVectors(NamedTuple):
    """What the branches make of a batch; `None` of a branch that there is not.

    Parameters
    ----------
    amplitude, phase
        As in `Embeddings`.
    voice
        Pooled maps of all acoustic branches, [batch, width, 1, 1].
    words
        Pooled embeddings of words, [batch, width, 1, 1].
    maps
        As in `Embeddings`.
    """

    amplitude: Tensor | None
    phase: Tensor | None
    voice: Tensor | None
    words: Tensor | None
    maps: Tensor


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
    words
        The encoder whose trunk, frozen, is a branch too, and how it is fused; `None`: none.

    Raises
    ------
    BadInput
        When the planes are not those that the network is to hear.

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
        *,
        words: WordsConfig | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.planes = planes
        self.input_shape = (len(planes), frames, channels)
        check_planes(config.inputs, planes)
        width = 0
        acoustic = words is None or words.branches == "both"
        self.amplitude: AmplitudeBranch | None = None
        self.phase: PhaseBranch | None = None
        self.quaternion: QuaternionBranch | None = None
        if acoustic and config.inputs in ("amplitude", "both"):
            self.amplitude = amplitude_branch(config, planes, channels)
            width += self.amplitude.outputs
        if acoustic and config.inputs == "quaternion":
            self.quaternion = QuaternionBranch(config, planes)
            width += self.quaternion.outputs
        if acoustic and config.inputs in ("phase", "both"):
            self.phase = PhaseBranch(config, planes)
            width += self.phase.outputs
        self.words: WordBranch | None = None
        self.fusion: Concatenation | GatedFusion | None = None
        if words is not None:
            self.words = WordBranch(words, planes, channels)
            self.word_dropout = words.dropout
            if width:
                self.fusion = fusion_of(words, width, self.words.outputs)
            width = self.words.outputs if self.fusion is None else self.fusion.outputs
        self.dropout = nn.Dropout(config.dropout)
        self.encoders: Encoders | None = None
        if config.classifier == "pls":
            self.encoders = Encoders(width, classes, config.encoder_width)
        encoded = width if self.encoders is None else self.encoders.outputs
        self.classifier = nn.Linear(encoded, classes)
        self.vad: VadHead | None = None
        if "vad" in config.heads:  # made last: what is before it begins as it does without
            trunk = self.amplitude or self.quaternion or self.phase or self.words
            self.vad = VadHead(
                width,
                0 if trunk is None else trunk.width,
                style_width=config.style_width,
                dropout=config.dropout,
            )

    @property
    def output_widths(self) -> tuple[int, ...]:
        """How many values each output has."""
        classes = self.classifier.out_features
        return (classes,) if self.vad is None else (classes, self.vad.regression.out_features)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return logits [batch, classes] of features [batch, planes, frames, channels]."""
        embeddings = self.embed(x)
        logits = self.classify(embeddings.fused)
        return logits if self.vad is None else (logits, self.vad(embeddings))

    def embed(self, x: Tensor) -> Embeddings:
        """Return the utterance vectors of features [batch, planes, frames, channels]."""
        heard = self.hear(x)
        return Embeddings(
            amplitude=heard.amplitude,
            phase=heard.phase,
            fused=self.fuse(heard.voice, heard.words),
            maps=heard.maps,
        )

    def hear(self, x: Tensor) -> BranchVectors:
        """Return what the branches make of features, before it is fused."""
        amplitude = phase = None
        pooled: list[Tensor] = []
        heard: list[Heard] = []
        if self.amplitude is not None:
            heard.append(self.amplitude(x))
            amplitude = _vector(heard[-1].pooled)
            pooled += heard[-1].pooled
        if self.quaternion is not None:
            heard.append(self.quaternion(x))
            pooled += heard[-1].pooled
        if self.phase is not None:
            heard.append(self.phase(x))
            phase = _vector(heard[-1].pooled)
            pooled += [self.phase.dropout(item) for item in heard[-1].pooled]
        words = None
        if self.words is not None:
            words, moments = self.words(x)
            heard.append(Heard([words], moments))
        voice = _joined(pooled) if pooled else None
        return BranchVectors(amplitude, phase, voice, words, heard[0].maps)

    def fuse(self, voice: Tensor | None, words: Tensor | None) -> Tensor:
        """Return fused vectors [batch, D] of maps [batch, width, 1, 1]: words, voice or both.

        In training a clip may lose one of the two.
        """
        if voice is None or words is None or self.fusion is None:
            one = words if voice is None else voice
            if one is None:
                raise BadInput("the network hears neither words nor a voice")
            return one.flatten(1)
        if self.training and self.word_dropout > 0.0:
            voice, words = forget_one(voice, words, self.word_dropout)
        fused: Tensor = self.fusion(voice, words)
        return fused.flatten(1)

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

    def rate(self, embeddings: Embeddings) -> VadAnswers:
        """Return what the second head says in training, its octants too.

        Raises
        ------
        BadInput
            When the network has no such head.
        """
        if self.vad is None:
            raise BadInput("the network has no head of valence, arousal and dominance")
        return self.vad.answers(embeddings)


def _joined(maps: list[Tensor]) -> Tensor:
    """Join pooled maps [b, width, 1, 1] to [b, all widths, 1, 1]."""
    return torch.cat(maps, dim=1) if len(maps) > 1 else maps[0]


def _vector(maps: list[Tensor]) -> Tensor:
    """Join pooled maps [b, width, 1, 1] to vectors [b, all widths]."""
    return _joined(maps).flatten(1)
