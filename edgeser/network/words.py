"""Words beside the voice: another network's trunk, frozen, over the whole window, fused late."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from edgeser.network.blocks import GlobalMean, PlaneSelection
from edgeser.network.branches import amplitude_branch
from edgeser.network.dsresnet import DsResNet
from edgeser.network.state import State, state_to_bytes
from edgeser.network.words_config import WordsConfig
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True, eq=False)
class FrozenEncoder:
    """What is known of an encoder, and the weights and statistics of its trunk, by name."""

    config: WordsConfig
    state: State

    @property
    def sha256(self) -> str:
        """Of all that an embedding depends on, in hexadecimal."""
        return encoder_hash(self.config, self.state)


def encoder_hash(config: WordsConfig, state: State) -> str:
    """Return SHA-256 of a trunk's weights and shape, of what it hears, and of its frontend."""
    shape = None if config.network is None else asdict(config.network)
    about = [shape, list(config.planes), config.frames, config.frontend]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    digest.update(state_to_bytes(state))
    return digest.hexdigest()


class WordEncoder(nn.Module):
    """A keyword network's trunk that never learns: features to an embedding of each moment.

    The trunk hears the window whole. A moment is as long as the encoder's own window: what it would
    say of that stretch, but for what lies beyond the stretch's ends.

    Parameters
    ----------
    config
        What is known of the encoder.
    planes, channels
        Of the input, the encoder's planes among them.

    Attributes
    ----------
    width
        Of an embedding.

    Raises
    ------
    BadInput
        When nothing is known of the encoder.
    """

    def __init__(self, config: WordsConfig, planes: tuple[str, ...], channels: int) -> None:
        super().__init__()
        if config.network is None:
            raise BadInput(
                "[words] names no encoder", hint="give --set words.encoder=PATH of a trained run"
            )
        chosen = [planes.index(name) for name in config.planes]
        same = config.planes == planes
        self.selection = nn.Identity() if same else PlaneSelection(len(planes), chosen)
        self.trunk = amplitude_branch(config.network, config.planes, channels).eval()
        self.requires_grad_(requires_grad=False)
        with torch.no_grad():
            own = torch.zeros(1, len(chosen), config.frames, channels)
            span = int(self.trunk.blocks(own).shape[2])
        self.moments = nn.AvgPool2d((span, 1), stride=1)
        deep = isinstance(self.trunk, DsResNet)
        self.width = self.trunk.outputs if deep else self.trunk.width

    def train(self, mode: bool = True) -> WordEncoder:
        """Stay as it is: statistics do not move, nothing is dropped out."""
        super().train(mode=False)
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Return embeddings [b, width, moments, 1] of features [b, planes, frames, channels]."""
        with torch.no_grad():
            maps = self.trunk.blocks(self.selection(x))
            moments: Tensor = self.moments(maps.mean(dim=3, keepdim=True))
            return self.trunk.dense(moments) if isinstance(self.trunk, DsResNet) else moments


class WordBranch(nn.Module):
    """Embeddings of moments to one vector: their mean, and their mean under a gate of each moment.

    The gate is a sigmoid, as in `edgeser.network.attention`: a softmax over moments would cost an
    Edge TPU more than the rest of the network.

    Attributes
    ----------
    width, outputs
        Of an embedding, and of the vector.
    """

    def __init__(self, config: WordsConfig, planes: tuple[str, ...], channels: int) -> None:
        super().__init__()
        self.encoder = WordEncoder(config, planes, channels)
        self.width = self.encoder.width
        self.score = nn.Conv2d(self.width, 1, 1)
        self.mean = GlobalMean()
        self.outputs = 2 * self.width

    def weights(self, moments: Tensor) -> Tensor:
        """Return how much each moment of [b, width, t, 1] counts: [b, 1, t, 1], in [0, 1]."""
        return torch.sigmoid(self.score(moments))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector [b, outputs, 1, 1], and the moments that it was pooled from."""
        moments = self.encoder(x)
        weighed = self.mean(moments * self.weights(moments))
        return torch.cat([self.mean(moments), weighed], dim=1), moments

    def load_encoder(self, encoder: FrozenEncoder) -> None:
        """Take an encoder's weights and statistics."""
        self.encoder.trunk.load_state_dict(encoder.state)

    def encoder_state(self) -> State:
        """Return the encoder's weights and statistics, as they are now."""
        return dict(self.encoder.trunk.state_dict())
