"""What the network answers beside emotions: valence, arousal and dominance, pooled by style.

Style pooling is the nearest form that an Edge TPU maps of what EmoSphere-SER pools by (our reading
of arXiv:2505.19693: two linear layers with Mish, two gated 1-D convolutions of 5 with residuals,
two-head self-attention, a masked mean). It hears the maps of the network's trunk, each frame as its
mean over frequency. Part by part:

- two linear layers: as published, as 1 x 1 convolutions;
- Mish: nearest form, ``x * sigmoid(x)``, since an Edge TPU has no Mish and no softplus;
- two gated convolutions of 5 frames with residuals: as published;
- two-head self-attention with its residual: nearest form, two heads of sigmoid attention
  (`edgeser.network.attention` says why there is no softmax);
- masked mean: the mean over the whole window, since a device's window has no padding to mask.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from edgeser.network.attention import FrameAttentionHead
from edgeser.network.embeddings import Embeddings

DIMENSIONS = ("valence", "arousal", "dominance")
"""The values of the head, in their order; each from -1 to 1."""
OCTANTS = 8
_GATED_FRAMES = 5


class VadAnswers(NamedTuple):
    """What the head says in training.

    Parameters
    ----------
    vad
        [batch, 3], see `DIMENSIONS`.
    octants
        [batch, 8], logits of the signs of the three; for training only, a device has none of it.
    """

    vad: Tensor
    octants: Tensor


class VadHead(nn.Module):
    """Valence, arousal and dominance of the utterance's vector and of the style in its maps.

    Its weights are real numbers in every algebra, as the classifier's are.

    Parameters
    ----------
    fused
        Values of the utterance's vector.
    maps
        How many maps the style is pooled from.
    style_width
        Width of the style pooling; 0: none, the utterance's vector alone.
    dropout
        Of what the answers are taken from.
    """

    def __init__(self, fused: int, maps: int, *, style_width: int, dropout: float) -> None:
        super().__init__()
        self.style = StylePooling(maps, style_width) if style_width else None
        width = fused + style_width
        self.dropout = nn.Dropout(dropout)
        self.regression = nn.Linear(width, len(DIMENSIONS))
        self.octants = nn.Linear(width, OCTANTS)

    def forward(self, embeddings: Embeddings) -> Tensor:
        """Return valence, arousal and dominance, [b, 3]."""
        values: Tensor = self.regression(self._features(embeddings))
        return values

    def answers(self, embeddings: Embeddings) -> VadAnswers:
        """Return what is learnt: the values, and the octants."""
        features = self._features(embeddings)
        return VadAnswers(self.regression(features), self.octants(features))

    def _features(self, embeddings: Embeddings) -> Tensor:
        """Return what both are taken from, [b, width]."""
        whole = embeddings.fused
        if self.style is not None:
            whole = torch.cat([whole, self.style(embeddings.maps)], dim=1)
        dropped: Tensor = self.dropout(whole)
        return dropped


class StylePooling(nn.Module):
    """How something is said over the whole window: see the module's text."""

    def __init__(self, maps: int, width: int) -> None:
        super().__init__()
        self.spectral = nn.Sequential(
            nn.Conv2d(maps, width, 1), SelfGated(), nn.Conv2d(width, width, 1), SelfGated()
        )
        self.temporal = nn.Sequential(GatedFrames(width), GatedFrames(width))
        head = max(1, width // 2)
        self.first = FrameAttentionHead(width, head)
        self.second = FrameAttentionHead(width, head)

    def forward(self, maps: Tensor) -> Tensor:
        """[b, maps, t, f] to the style, [b, width]."""
        frames = self.temporal(self.spectral(maps.mean(dim=3, keepdim=True)))
        said = frames + self.first(frames) + self.second(frames)
        style: Tensor = said.mean(dim=(2, 3), keepdim=True).flatten(1)
        return style


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
