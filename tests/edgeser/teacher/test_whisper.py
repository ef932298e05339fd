"""The encoder against the same formulas in NumPy, and padding that nobody hears."""

from __future__ import annotations

import math

import numpy as np
import torch
from encoders import Tensors, small_encoder

from edgeser.teacher.weights import EncoderWeights
from edgeser.teacher.whisper import WhisperEncoder

_GELU = np.vectorize(lambda v: v * 0.5 * (1.0 + math.erf(v / math.sqrt(2.0))))


def encoder(tensors: Tensors) -> WhisperEncoder:
    return WhisperEncoder(EncoderWeights(tensors, "0" * 64)).eval()


def _convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    padded = np.pad(x, ((1, 1), (0, 0)))
    rows = [
        np.einsum("kc,ock->o", padded[at : at + 3], kernel) + bias
        for at in range(0, len(x), stride)
    ]
    return np.stack(rows)


def _normed(x: np.ndarray, t: Tensors, name: str) -> np.ndarray:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * t[f"{name}.weight"] + t[f"{name}.bias"]


def _dense(x: np.ndarray, t: Tensors, name: str) -> np.ndarray:
    return x @ t[f"{name}.weight"].T + t.get(f"{name}.bias", 0.0)


def by_hand(mels: np.ndarray, t: Tensors) -> list[np.ndarray]:
    t = {name: values.astype(np.float64) for name, values in t.items()}
    x = _GELU(_convolved(mels.astype(np.float64), t["conv1.weight"], t["conv1.bias"], 1))
    x = _GELU(_convolved(x, t["conv2.weight"], t["conv2.bias"], 2))
    x = x + t["positional_embedding"][: len(x)]
    states = [x]
    for number in range(sum(name.endswith("attn_ln.bias") for name in t)):
        block = f"blocks.{number}"
        y = _normed(x, t, f"{block}.attn_ln")
        query, key, value = (_dense(y, t, f"{block}.attn.{p}") for p in ("query", "key", "value"))
        heads = []
        for first in range(0, x.shape[1], 64):
            part = slice(first, first + 64)
            scores = query[:, part] @ key[:, part].T / 8.0
            powers = np.exp(scores - scores.max(1, keepdims=True))
            heads.append(powers / powers.sum(1, keepdims=True) @ value[:, part])
        x = x + _dense(np.concatenate(heads, 1), t, f"{block}.attn.out")
        y = _GELU(_dense(_normed(x, t, f"{block}.mlp_ln"), t, f"{block}.mlp.0"))
        x = x + _dense(y, t, f"{block}.mlp.2")
        states.append(x)
    states[-1] = _normed(states[-1], t, "ln_post")
    return states


def test_every_layer_is_what_the_formulas_give() -> None:
    tensors = small_encoder(width=128)
    mels = np.random.default_rng(1).normal(0, 0.5, (2, 30, 80)).astype(np.float32)
    with torch.inference_mode():
        found = encoder(tensors).states(torch.from_numpy(mels), torch.ones(2, 15, dtype=torch.bool))
    for clip in range(2):
        expected = by_hand(mels[clip], tensors)
        assert len(found) == len(expected) == 3
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine[clip].numpy(), theirs, atol=2e-4, rtol=1e-4)


def test_padding_changes_only_what_its_edge_touches() -> None:
    """The convolutions see one padded frame; attention sees none."""
    tensors = small_encoder()
    mels = torch.randn(1, 40, 80, generator=torch.Generator().manual_seed(0))
    padded = torch.cat([mels, torch.zeros(1, 60, 80)], dim=1)
    heard = torch.arange(50)[None] < 20
    model = encoder(tensors)
    with torch.inference_mode():
        alone = model.states(mels, heard[:, :20])[-1]
        beside = model.states(padded, heard)[-1][:, :20]
        unheard = model.states(padded, torch.ones_like(heard))[-1][:, :20]
    assert float((alone - beside).abs().max()) < 0.2 * float((alone - unheard).abs().max())


def test_fixed_blocks_get_no_gradient() -> None:
    model = encoder(small_encoder(blocks=3))
    mels, heard = torch.randn(2, 20, 80), torch.ones(2, 10, dtype=torch.bool)
    states = model.states(mels, heard, fixed=2)
    assert len(states) == 2
    torch.autograd.backward(sum(state.square().sum() for state in states))
    touched = {name.split(".")[1] for name, p in model.blocks.named_parameters(prefix="blocks")
               if p.grad is not None}  # fmt: skip
    assert touched == {"2"}
    assert model.conv1.weight.grad is None
    assert len(model.states(mels, heard)) == 4
