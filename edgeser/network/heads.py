"""What the network answers beside emotions: valence, arousal and dominance, pooled by style.

Style pooling is the nearest form that an Edge TPU maps of what EmoSphere-SER pools by (our reading
of arXiv:2505.19693: two linear layers with Mish, two gated 1-D convolutions of 5 with residuals,
two-head self-attention, a masked mean):

- the linear layers are 1 x 1 convolutions, and Mish is ``x * sigmoid(x)``: it has no Mish;
- the gated convolutions are convolutions of 5 frames, gated by the sigmoid of their twins;
- self-attention of two heads, which needs products of maps, is left out: what it would weigh is
  pooled twice, plainly and under a learned gate (`GatedPooling`);
- the mean is over the whole window: a device's window has no padding to mask.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from edgeser.network.blocks import GatedPooling

DIMENSIONS = ("valence", "arousal", "dominance")
"""The values of the head, in their order; each from -1 to 1."""
OCTANTS = 8
_GATED_FRAMES = 5


class Answers(NamedTuple):
    """What a network with both heads says in training.

    Parameters
    ----------
    logits
        [batch, classes], of emotions.
    vad
        [batch, 3], see `DIMENSIONS`.
    octants
        [batch, 8], logits of the signs of the three; for training only, a device has none of it.
    """

    logits: Tensor
    vad: Tensor
    octants: Tensor


class VadHead(nn.Module):
    """Valence, arousal and dominance of the utterance's embedding and of the style in its maps.

    Parameters
    ----------
    embedding
        Values of the embedding.
    maps
        How many maps the style is pooled from.
    style_width
        Width of the style pooling; 0: none, the embedding alone.
    dropout
        Of what the answers are taken from.
    """

    def __init__(self, embedding: int, maps: int, *, style_width: int, dropout: float) -> None:
        super().__init__()
        self.style = StylePooling(maps, style_width) if style_width else None
        width = embedding + (self.style.outputs if self.style is not None else 0)
        self.dropout = nn.Dropout(dropout)
        self.regression = nn.Linear(width, len(DIMENSIONS))
        self.octants = nn.Linear(width, OCTANTS)

    def features(self, embedding: Tensor, maps: Tensor) -> Tensor:
        """[b, embedding] and [b, maps, t, f] to what both answers are taken from, [b, width]."""
        if self.style is None:
            whole = embedding
        else:
            whole = torch.cat([embedding, *self.style(maps)], dim=1)
        dropped: Tensor = self.dropout(whole)
        return dropped

    def forward(self, embedding: Tensor, maps: Tensor) -> Tensor:
        """Return valence, arousal and dominance, [b, 3]."""
        values: Tensor = self.regression(self.features(embedding, maps))
        return values


class StylePooling(nn.Module):
    """How something is said over the whole window: see the module's text."""

    def __init__(self, maps: int, width: int) -> None:
        super().__init__()
        self.spectral = nn.Sequential(
            nn.Conv2d(maps, width, 1), SelfGated(), nn.Conv2d(width, width, 1), SelfGated()
        )
        self.temporal = nn.Sequential(GatedFrames(width), GatedFrames(width))
        self.pooling = GatedPooling(width, gated=True)
        self.outputs = self.pooling.outputs

    def forward(self, maps: Tensor) -> list[Tensor]:
        """[b, maps, t, f] to the plain and the gated mean of the style, [b, width] each."""
        frames = maps.mean(dim=3, keepdim=True)
        return [p.flatten(1) for p in self.pooling(self.temporal(self.spectral(frames)))]


class SelfGated(nn.Module):
    """``x * sigmoid(x)``: near to Mish, of operators that an Edge TPU has."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape."""
        return x * torch.sigmoid(x)


class GatedFrames(nn.Module):
    """A convolution over 5 frames under the sigmoid of another one, added to what went in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        size, padding = (_GATED_FRAMES, 1), (_GATED_FRAMES // 2, 0)
        self.values = nn.Conv2d(width, width, size, padding=padding)
        self.gates = nn.Conv2d(width, width, size, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """[b, width, t, 1] to the same shape."""
        gated: Tensor = self.values(x) * torch.sigmoid(self.gates(x))
        return x + gated
