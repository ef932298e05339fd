"""Attention over frames: pooling by softmax, and sigmoid self-attention."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig
from edgeser.network.attention import FrameSelfAttention
from edgeser.network.config import Inputs, Pooling
from edgeser.network.pooling import AttentionPooling, GatedPooling, MeanPooling, pooling_of
from quantize.foundation.errors import BadInput

PLANES = ("amplitude", "if_re", "if_im", "gd_re", "gd_im")


def test_attention_pooling_by_hand() -> None:
    """Two frames of two maps: scores 0 and ln 3, so that they count 1/4 and 3/4."""
    pooling = AttentionPooling(2)
    pooling.score.weight.data = torch.tensor([math.log(3.0), 0.0]).reshape(1, 2, 1, 1)
    pooling.score.bias = None
    x = torch.tensor([[[0.0, 1.0], [8.0, 4.0]]]).reshape(1, 2, 2, 1)
    frames = x.expand(1, 2, 2, 3) + torch.tensor([-1.0, 0.0, 1.0])  # their mean over frequency is x
    (pooled,) = pooling(frames)
    torch.testing.assert_close(pooled.flatten(), torch.tensor([0.75, 5.0]))
    assert pooling.weights(x).flatten().tolist() == pytest.approx([0.25, 0.75])


def test_attention_pooling_is_the_published_sum() -> None:
    torch.manual_seed(0)
    pooling, x = AttentionPooling(12), 3.0 * torch.randn(4, 12, 19, 5)
    frames = x.mean(dim=3).transpose(1, 2).double()  # [b, t, width]
    score = pooling.score
    assert score.bias is not None
    w, b = score.weight.reshape(12).double(), score.bias.double()
    alpha = torch.softmax(frames @ w + b, dim=1)
    expected = torch.einsum("bt,btc->bc", alpha, frames)
    (pooled,) = pooling(x)
    torch.testing.assert_close(pooled.flatten(1).double(), expected, rtol=1e-4, atol=1e-5)
    assert pooling.outputs == 12


def test_self_attention_is_sigmoid_attention_of_one_head() -> None:
    torch.manual_seed(1)
    block, x = FrameSelfAttention(12, 8), torch.randn(3, 12, 19, 5)
    frames = x.mean(dim=3).transpose(1, 2).double().detach().numpy()

    def linear(layer: torch.nn.Module, values: np.ndarray) -> np.ndarray:
        weight = layer.weight.detach().double().numpy().reshape(-1, values.shape[-1])
        return np.asarray(values @ weight.T + layer.bias.detach().double().numpy())

    q, k, v = (linear(layer, frames) for layer in (block.query, block.key, block.value))
    gates = 1.0 / (1.0 + np.exp(-(q @ k.transpose(0, 2, 1)) / math.sqrt(8)))
    said = linear(block.output, gates @ v / 19)  # [b, t, width]
    expected = x.detach().numpy() + said.transpose(0, 2, 1)[..., None]
    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_every_frame_hears_every_other() -> None:
    torch.manual_seed(2)
    block = FrameSelfAttention(8, 4)
    x = torch.randn(1, 8, 10, 3, requires_grad=True)
    torch.autograd.backward(block(x)[0, :, 2].square().sum())
    assert x.grad is not None
    assert bool((x.grad.abs().sum(dim=(0, 1, 3)) > 0).all())


@pytest.mark.parametrize("algebra", ["real", "quaternion"])
def test_gradients_reach_every_weight_of_attention(algebra: str) -> None:
    torch.manual_seed(3)
    block = FrameSelfAttention(8, 4, algebra)  # type: ignore[arg-type]
    pooling = AttentionPooling(8)
    (pooled,) = pooling(block(torch.randn(2, 8, 10, 3)))
    torch.autograd.backward(pooled.square().sum())
    for part in (block, pooling):
        for name, parameter in part.named_parameters():
            assert parameter.grad is not None
            if part is pooling and name == "score.bias":
                # A softmax does not know what is added to all frames: 0, but for rounding.
                assert float(parameter.grad.abs().max()) < 1e-5
            else:
                assert bool((parameter.grad != 0).any()), name


def test_poolings_by_name() -> None:
    kinds = {
        "mean": (MeanPooling, 16),
        "gated": (GatedPooling, 32),
        "attention": (AttentionPooling, 16),
    }
    x = torch.randn(2, 16, 19, 5)
    for name, (kind, outputs) in kinds.items():
        pooling = pooling_of(name, 16, "real")  # type: ignore[arg-type]
        assert type(pooling) is kind
        assert sum(int(part.shape[1]) for part in pooling(x)) == pooling.outputs == outputs


@pytest.mark.parametrize("inputs", ["amplitude", "both"])
@pytest.mark.parametrize("pooling", ["mean", "gated", "attention"])
def test_a_network_pools_its_trunk_as_it_is_told(inputs: Inputs, pooling: Pooling) -> None:
    torch.manual_seed(4)
    config = NetworkConfig(
        inputs=inputs, pooling=pooling, self_attention=12, widths=(8, 16), strides=(2, 1)
    )
    net = AmplitudePhaseNetwork(config, PLANES, 60, 40, 6).eval()
    found = net.embed(torch.randn(2, len(PLANES), 60, 40))
    assert found.amplitude is not None
    assert found.amplitude.shape == (2, 32 if pooling == "gated" else 16)
    attention = [m for m in net.modules() if isinstance(m, FrameSelfAttention)]
    assert len(attention) == 1


def test_what_follows_a_mean_begins_as_after_a_gate() -> None:
    """The phase's branch of one seed has the same first weights whatever the trunk's pooling."""
    first = []
    for pooling in ("mean", "gated"):
        torch.manual_seed(5)
        net = AmplitudePhaseNetwork(
            NetworkConfig(inputs="both", pooling=pooling), PLANES, 60, 40, 6
        )  # type: ignore[arg-type]
        assert net.phase is not None
        first.append(net.phase.blocks[0][0].weight)  # type: ignore[index]
    assert torch.equal(*first)


@pytest.mark.parametrize("wrong", [{"pooling": "attention"}, {"self_attention": 8}])
def test_the_phase_alone_has_no_trunk_for_attention(wrong: dict[str, object]) -> None:
    (key,) = wrong
    with pytest.raises(BadInput, match=f"^{key}.*inputs = 'phase'"):
        NetworkConfig(inputs="phase", **wrong)  # type: ignore[arg-type]
    NetworkConfig(inputs="both", **wrong)  # type: ignore[arg-type]
