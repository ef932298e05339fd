"""Two vectors of a clip, of how it is said and of what is said, to one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeser.network.words_config import WordsConfig


class Concatenation(nn.Module):
    """One vector behind the other."""

    def __init__(self, voice: int, words: int) -> None:
        super().__init__()
        self.outputs = voice + words

    def forward(self, voice: Tensor, words: Tensor) -> Tensor:
        """[b, voice, 1, 1] and [b, words, 1, 1] to [b, outputs, 1, 1]."""
        return torch.cat([voice, words], dim=1)


class GatedFusion(nn.Module):
    """``z v + (1 - z) w``: a gate z of both says how much of each counts, value by value.

    The gated multimodal unit (Arevalo et al. 2017, arXiv:1702.01992), with ReLU6 in the place of
    its hyperbolic tangent, written ``w + z (v - w)``: no constant is multiplied.
    """

    def __init__(self, voice: int, words: int, width: int) -> None:
        super().__init__()
        self.voice = nn.Sequential(nn.Conv2d(voice, width, 1), nn.ReLU6())
        self.words = nn.Sequential(nn.Conv2d(words, width, 1), nn.ReLU6())
        self.gate = nn.Sequential(nn.Conv2d(voice + words, width, 1), nn.Sigmoid())
        self.outputs = width

    def forward(self, voice: Tensor, words: Tensor) -> Tensor:
        """[b, voice, 1, 1] and [b, words, 1, 1] to [b, outputs, 1, 1]."""
        gate = self.gate(torch.cat([voice, words], dim=1))
        said = self.words(words)
        fused: Tensor = said + gate * (self.voice(voice) - said)
        return fused


def fusion_of(config: WordsConfig, voice: int, words: int) -> Concatenation | GatedFusion:
    """Return the fusion that a recipe names, of vectors of so many values."""
    if config.fusion == "gated":
        return GatedFusion(voice, words, config.width)
    return Concatenation(voice, words)


def forget_one(voice: Tensor, words: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Set words to 0 in half of a share of clips, drawn at random, and voices in the other half."""
    drawn = torch.rand(len(voice), 1, 1, 1, device=voice.device)
    no_words, no_voice = drawn < share / 2, (drawn >= share / 2) & (drawn < share)
    return voice * ~no_voice, words * ~no_words
