"""Whisper's encoder in plain PyTorch, by OpenAI's names (Radford et al. 2022, arXiv:2212.04356)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgeser.teacher.weights import HEAD_WIDTH, MELS, EncoderWeights

_NOT_HEARD = -1e4


class WhisperEncoder(nn.Module):
    """Log-mel frames to vectors, one each 20 ms.

    Whisper pads every clip to 30 s. Here a clip has as many positions as it has frames: what is
    padded in a batch is not attended to.

    Parameters
    ----------
    weights
        From `edgeser.teacher.weights.read_encoder`.
    dropout
        Of what each block adds, in training.
    """

    def __init__(self, weights: EncoderWeights, *, dropout: float = 0.0) -> None:
        super().__init__()
        width = weights.width
        self.conv1 = nn.Conv1d(MELS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.positional_embedding: Tensor
        self.register_buffer("positional_embedding", torch.zeros(weights.frames, width))
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(weights.blocks))
        self.ln_post = nn.LayerNorm(width)
        self.load_state_dict({name: torch.from_numpy(t) for name, t in weights.tensors.items()})

    def stem(self, mels: Tensor) -> Tensor:
        """Return [clips, frames / 2, width] of float [clips, frames, 80]."""
        x = functional.gelu(self.conv1(mels.transpose(1, 2)))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        return x + self.positional_embedding[: x.shape[1]]

    def states(self, mels: Tensor, heard: Tensor, *, fixed: int = 0) -> list[Tensor]:
        """Return what each block makes of the clips, from that below the first one not fixed on.

        Parameters
        ----------
        mels
            float [clips, frames, 80].
        heard
            bool [clips, (frames + 1) / 2]: which vectors are of the clip, not of its padding.
        fixed
            How many blocks, and with them all below, are not trained.

        Returns
        -------
        list[Tensor]
            ``blocks - fixed + 1`` times [clips, (frames + 1) / 2, width], the last one normalised.
        """
        mask = torch.zeros(heard.shape, device=mels.device).masked_fill(~heard, _NOT_HEARD)
        mask = mask[:, None, None]
        with torch.set_grad_enabled(torch.is_grad_enabled() and fixed == 0):
            x = self.stem(mels)
        found = []
        for number, block in enumerate(self.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number >= fixed):
                if number >= fixed:
                    found.append(x)
                x = block(x, mask)
        return [*found, self.ln_post(x)]


class _Block(nn.Module):
    """Attention and two layers, each beside a way past it."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.attn = _Attention(width)
        self.attn_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.mlp_ln = nn.LayerNorm(width)
        self.dropout = dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self._dropped(self.attn(self.attn_ln(x), mask))
        return x + self._dropped(self.mlp(self.mlp_ln(x)))

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)


class _Attention(nn.Module):
    """Every vector of a clip looks at every other, by several heads."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (
            layer(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        mask = mask.to(query.dtype)
        looked = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        found: Tensor = self.out(looked.transpose(1, 2).flatten(2))
        return found
