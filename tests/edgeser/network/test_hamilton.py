"""Quaternion convolutions: Hamilton's product, as an ordinary convolution, with a quarter of it."""

from __future__ import annotations

import io
import math

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig, load_network, save_weights
from edgeser.network.blocks import ConvolutionNorm, SeparableBlock, gate_layers
from edgeser.network.config import QUATERNION_PLANES
from edgeser.network.convolution import SameConvolution
from edgeser.network.hamilton import (
    Criterion,
    HamiltonConvolution,
    expand,
    hamilton_kernel,
    quaternion_weights,
)
from quantize.foundation.errors import BadInput

SHAPE = {"frames": 60, "channels": 40, "classes": 6}
SMALL = {"stem_width": 8, "widths": (12, 16, 16), "strides": (2, 1, 1)}


def quaternion_network(**changes: object) -> AmplitudePhaseNetwork:
    torch.manual_seed(0)
    chosen = {"inputs": "quaternion", "algebra": "quaternion"} | SMALL | changes
    config = NetworkConfig(**chosen)  # type: ignore[arg-type]
    return AmplitudePhaseNetwork(config, QUATERNION_PLANES, **SHAPE)


def test_the_kernel_is_the_block_matrix() -> None:
    weight = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1, 1)
    expected = [[1, -2, -3, -4], [2, 1, -4, 3], [3, 4, 1, -2], [4, -3, 2, 1]]
    assert hamilton_kernel(weight)[..., 0, 0].tolist() == expected


def test_a_product_worked_out_by_hand() -> None:
    """(1 + 2i + 3j + 4k)(5 + 6i + 7j + 8k) = -60 + 12i + 30j + 24k; the other order is another."""
    layer = HamiltonConvolution(4, 4, 1)
    layer.weight.data = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1, 1)
    x = torch.tensor([5.0, 6.0, 7.0, 8.0]).reshape(1, 4, 1, 1)
    assert layer(x).flatten().tolist() == [-60.0, 12.0, 30.0, 24.0]
    layer.weight.data, x = x.reshape(4, 1, 1, 1), layer.weight.data.reshape(1, 4, 1, 1)
    assert layer(x).flatten().tolist() == [-60.0, 20.0, 14.0, 32.0]


def product(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply two quaternions by Hamilton's rules for i, j and k, term by term."""
    signs = {
        (0, 0): (0, 1), (0, 1): (1, 1), (0, 2): (2, 1), (0, 3): (3, 1),
        (1, 0): (1, 1), (1, 1): (0, -1), (1, 2): (3, 1), (1, 3): (2, -1),
        (2, 0): (2, 1), (2, 1): (3, -1), (2, 2): (0, -1), (2, 3): (1, 1),
        (3, 0): (3, 1), (3, 1): (2, 1), (3, 2): (1, -1), (3, 3): (0, -1),
    }  # fmt: skip
    result = np.zeros(4)
    for (left, right), (part, sign) in signs.items():
        result[part] += sign * w[left] * x[right]
    return result


def test_a_convolution_is_the_sum_of_its_taps_products() -> None:
    torch.manual_seed(1)
    layer = HamiltonConvolution(8, 12, 3, stride=2)
    x = torch.randn(1, 8, 7, 5)
    weights = layer.weight.detach().double().numpy().reshape(4, 3, 2, 3, 3)
    values = x.double().numpy().reshape(4, 2, 7, 5)
    out = layer(x).detach().double().numpy().reshape(4, 3, 4, 3)
    for t, f in ((1, 1), (2, 1)):  # places where the window is inside: one row of padding is left
        expected = np.zeros((4, 3))
        for o in range(3):
            for i in range(2):
                for a in range(3):
                    for b in range(3):
                        place = values[:, i, 2 * t - 1 + a, 2 * f - 1 + b]
                        expected[:, o] += product(weights[:, o, i, a, b], place)
        np.testing.assert_allclose(out[:, :, t, f], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "bias"), [(1, 1, True), (3, 1, False), (5, 2, False)])
def test_the_expanded_layer_gives_the_same_with_four_times_the_weights(
    kernel: int, stride: int, bias: bool
) -> None:
    torch.manual_seed(2)
    layer = HamiltonConvolution(8, 16, kernel, stride=stride, bias=bias)
    if layer.bias is not None:
        layer.bias.data = torch.randn(16)
    plain, x = layer.expanded(), torch.randn(2, 8, 31, 20)
    assert isinstance(plain, torch.nn.Conv2d)
    assert torch.equal(plain.weight, hamilton_kernel(layer.weight))
    assert torch.equal(plain(x), layer(x))
    assert plain.weight.numel() == 4 * layer.weight.numel()


def test_gradients_reach_every_weight_and_are_those_of_finite_differences() -> None:
    torch.manual_seed(3)
    layer = HamiltonConvolution(4, 8, 3, bias=True).double()
    x = torch.randn(2, 4, 5, 5, dtype=torch.float64)
    assert layer.bias is not None
    wanted = [layer.weight, layer.bias]

    def loss(*_: Tensor) -> Tensor:
        return torch.tanh(layer(x)).square().sum()

    assert torch.autograd.gradcheck(loss, wanted)
    net = quaternion_network().train()
    torch.autograd.backward(net(torch.randn(4, 4, 60, 40)).square().sum())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert bool((parameter.grad != 0).any()), name


def variance_of(criterion: Criterion) -> tuple[float, Tensor]:
    torch.manual_seed(4)
    weights = quaternion_weights(128, 256, 3, criterion).reshape(4, 64, 32, 3, 3).double()
    return float(weights.square().sum(dim=0).mean()), weights


def test_first_weights_have_the_published_spread() -> None:
    """The mean of |w|^2 is 4 s^2, s = 1 / sqrt(2 n); the real part has half, each other a sixth."""
    he, weights = variance_of("he")
    assert he == pytest.approx(4 / (2 * 32 * 9), rel=0.02)
    glorot, _ = variance_of("glorot")
    assert glorot == pytest.approx(4 / (2 * (32 + 64) * 9), rel=0.02)
    shares = weights.square().mean(dim=(1, 2, 3, 4)) / he
    np.testing.assert_allclose(shares.numpy(), [1 / 2, 1 / 6, 1 / 6, 1 / 6], rtol=0.05)
    assert float(weights.mean().abs()) < 0.01 * math.sqrt(he)


def test_depthwise_convolutions_norms_and_the_classifier_stay_real() -> None:
    real, hamilton = quaternion_network(algebra="real"), quaternion_network()
    kinds = {type(m).__name__ for m in hamilton.modules()}
    assert "HamiltonConvolution" in kinds
    assert isinstance(
        ConvolutionNorm(8, 8, 3, depthwise=True, algebra="quaternion")[0], SameConvolution
    )
    for mine, other in zip(_convolutions(hamilton), _convolutions(real), strict=True):
        full = other.weight.numel()
        free = mine.weight.numel()
        depthwise = isinstance(other, torch.nn.Conv2d) and other.groups > 1
        assert free == (full if depthwise else full // 4), other
    assert hamilton.classifier.weight.shape == real.classifier.weight.shape


def _convolutions(network: AmplitudePhaseNetwork) -> list[torch.nn.Conv2d | HamiltonConvolution]:
    return [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | HamiltonConvolution)]


def test_the_planes_of_other_inputs_are_no_quaternions() -> None:
    planes = ("amplitude", "if_re", "if_im", "gd_re", "gd_im")
    net = AmplitudePhaseNetwork(
        NetworkConfig(inputs="both", algebra="quaternion"), planes, 60, 40, 6
    )
    assert net.amplitude is not None and net.phase is not None
    first = next(layer for layer in net.amplitude.blocks if isinstance(layer, ConvolutionNorm))
    assert isinstance(first[0], SameConvolution)
    assert isinstance(net.phase.blocks[0][0], SameConvolution)  # type: ignore[index]
    for branch in (net.amplitude, net.phase):
        pointwise = [b.body[-1][0] for b in branch.blocks if isinstance(b, SeparableBlock)]  # type: ignore[index]
        assert all(isinstance(layer, HamiltonConvolution) for layer in pointwise)


def test_a_gates_waist_is_of_whole_quaternions() -> None:
    squeeze = gate_layers(40, 10, "quaternion")[0]
    assert isinstance(squeeze, HamiltonConvolution)
    assert squeeze.weight.shape == (12, 10, 1, 1)
    assert squeeze.bias is not None and squeeze.bias.tolist() == [3.0] * 12


def test_an_expanded_network_is_ordinary_and_gives_the_same() -> None:
    net = quaternion_network(self_attention=8, pooling="attention").eval()
    before = save_weights(net)
    plain, x = expand(net), torch.randn(2, 4, 60, 40)
    assert not any(isinstance(module, HamiltonConvolution) for module in plain.modules())
    torch.testing.assert_close(plain(x), net(x), rtol=0, atol=0)
    assert save_weights(net) == before
    assert sum(p.numel() for p in net.parameters()) < sum(p.numel() for p in plain.parameters())


def test_what_is_exported_are_convolutions_of_constants() -> None:
    buffer = io.BytesIO()
    net = expand(quaternion_network().eval())
    torch.onnx.export(net, (torch.zeros(1, 4, 60, 40),), buffer, dynamo=False, opset_version=17)
    graph = onnx.load_from_string(buffer.getvalue()).graph
    constants = {item.name for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            assert node.input[1] in constants
    kinds = {node.op_type for node in graph.node}
    assert not kinds & {"Neg", "Split", "MatMul"}


def test_only_the_free_weights_are_kept() -> None:
    net = quaternion_network()
    data = save_weights(net)
    again = load_network(net.config, data, planes=QUATERNION_PLANES, **SHAPE)
    assert save_weights(again) == data
    with pytest.raises(BadInput, match="not those of this network"):
        load_network(
            NetworkConfig(inputs="quaternion", **SMALL),  # type: ignore[arg-type]
            data,
            planes=QUATERNION_PLANES,
            **SHAPE,
        )


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"stem_width": 10}, "stem_width = 10"),
        ({"widths": (8, 18), "strides": (1, 1)}, r"widths = \[8, 18\]"),
        ({"self_attention": 6}, "self_attention = 6"),
        ({"inputs": "both", "phase_widths": (8, 10, 12)}, r"phase_widths = \[8, 10, 12\]"),
        ({"inputs": "phase", "phase_widths": (8, 10, 12)}, r"phase_widths = \[8, 10, 12\]"),
    ],
)
def test_channels_that_are_no_whole_quaternions_are_refused(
    wrong: dict[str, object], key: str
) -> None:
    with pytest.raises(BadInput, match=f"^{key} cannot be quaternions") as caught:
        NetworkConfig(algebra="quaternion", **wrong)  # type: ignore[arg-type]
    assert "multiples of 4" in caught.value.hint
    assert "\n" not in caught.value.message
    NetworkConfig(algebra="real", **wrong)  # type: ignore[arg-type]


def test_what_a_network_has_not_need_be_no_quaternions() -> None:
    NetworkConfig(algebra="quaternion", inputs="amplitude", phase_widths=(5, 6, 7))
    NetworkConfig(algebra="quaternion", inputs="phase", stem_width=9)


@pytest.mark.parametrize("kernel", [1, 5])
def test_maps_are_channels_last_in_memory(kernel: int) -> None:
    """Else a step of a network of quaternions takes two fifths more time than one of reals."""
    x = torch.randn(2, 4, 30, 20).contiguous(memory_format=torch.channels_last)
    maps = HamiltonConvolution(4, 8, kernel)(x)
    assert maps.is_contiguous(memory_format=torch.channels_last)
