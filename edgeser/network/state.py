"""Weights and statistics of a network, as safetensors bytes."""

from __future__ import annotations

import torch
from safetensors.numpy import save

State = dict[str, torch.Tensor]
"""Weights and statistics, by name."""


def state_to_bytes(state: State) -> bytes:
    """Return a state dict as safetensors bytes; the same tensors give the same bytes."""
    plain = {name: state[name].detach().cpu().contiguous().numpy() for name in sorted(state)}
    return bytes(save(plain))
