"""The network's shapes, its branches, and the operators that it exports to."""

from __future__ import annotations

import io

import numpy as np
import onnx
import pytest
import torch

from edgeser.network import (
    AmplitudePhaseNetwork,
    NetworkConfig,
    blocks,
    load_network,
    save_weights,
)
from edgeser.network.centring import Centring, SpeechCentring
from edgeser.network.config import Centring as CentringKind
from edgeser.network.config import Inputs
from edgeser.network.convolution import SameConvolution
from quantize.foundation.errors import BadInput

PLANES = ("amplitude", "if_re", "if_im", "if_mod", "gd_mod")
FORBIDDEN = {"ReduceSum", "LSTM", "MatMul", "HardSwish", "Gelu", "LeakyRelu", "Softmax"}


def network(inputs: Inputs = "both", planes: tuple[str, ...] = PLANES) -> AmplitudePhaseNetwork:
    torch.manual_seed(0)
    return AmplitudePhaseNetwork(NetworkConfig(inputs=inputs), planes, 150, 40, 6).eval()


@pytest.mark.parametrize("inputs", ["amplitude", "phase", "both"])
def test_logits_of_a_batch(inputs: Inputs) -> None:
    logits = network(inputs)(torch.randn(3, len(PLANES), 150, 40))
    assert logits.shape == (3, 6)
    assert bool(torch.isfinite(logits).all())


@pytest.mark.parametrize(
    ("inputs", "deaf"), [("amplitude", slice(1, None)), ("phase", slice(0, 1))]
)
def test_each_branch_hears_its_own_planes_only(inputs: Inputs, deaf: slice) -> None:
    x = torch.randn(2, len(PLANES), 150, 40)
    changed = x.clone()
    changed[:, deaf] += 1.0
    heard = x.clone()
    heard[:, (1 if inputs == "phase" else 0)] += 1.0
    net = network(inputs)
    torch.testing.assert_close(net(x), net(changed))
    assert not torch.allclose(net(x), net(heard))


def change(net: AmplitudePhaseNetwork, x: torch.Tensor, other: torch.Tensor) -> float:
    """Return how far the logits move, in their spread over random inputs."""
    net.train()
    with torch.no_grad():
        for _ in range(20):  # gives the batch norms statistics, as a training would
            net(torch.randn(16, *x.shape[1:]))
        net.eval()
        return float((net(x) - net(other)).abs().max() / net(torch.randn_like(x)).std(dim=0).max())


@pytest.mark.parametrize(
    ("centring", "level", "colour"),
    [
        ("none", True, True),
        ("level", False, True),
        ("speech", False, True),
        ("channels", False, False),
    ],
)
def test_centring_takes_out_what_it_says(centring: CentringKind, level: bool, colour: bool) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(centring=centring, dropout=0.0)
    net = AmplitudePhaseNetwork(config, ("amplitude",), 150, 40, 6)
    x = torch.randn(8, 1, 150, 40)
    assert (change(net, x, x + 0.7) > 1e-2) == level
    assert (change(net, x, x + torch.randn(1, 1, 1, 40)) > 1e-2) == colour


def test_a_voice_keeps_its_place_over_a_rising_noise_floor() -> None:
    def place(centring: torch.nn.Module, floor: float) -> float:
        x = torch.full((1, 1, 100, 40), floor)
        x[:, :, 30:60] = 2.0
        return float(centring(x)[0, 0, 30, 0])

    level, speech = Centring(per_channel=False), SpeechCentring()
    moved = [abs(place(by, -2.0) - place(by, -1.0)) for by in (level, speech)]
    assert moved[0] == pytest.approx(0.7, abs=1e-5)
    assert moved[1] < 0.15 * moved[0]


def test_nothing_before_the_stem_learns() -> None:
    """A step then needs no gradient of the input, which was a seventh of its time."""
    centring = SpeechCentring()
    assert not centring(torch.randn(2, 1, 150, 40)).requires_grad
    assert blocks.ConvolutionNorm(1, 4, 5)(torch.randn(2, 1, 150, 40)).requires_grad


def test_fixed_scales_are_convolutions_where_they_are_exported() -> None:
    centring, x = SpeechCentring(), torch.randn(4, 1, 150, 40)
    by_convolution = torch.nn.functional.conv2d(x, centring.above.weight, centring.above.bias)
    assert torch.allclose(centring.above(x), by_convolution, atol=1e-6)
    buffer = io.BytesIO()
    torch.onnx.export(centring, (x[:1],), buffer, dynamo=False, opset_version=17)
    nodes = [node.op_type for node in onnx.load_from_string(buffer.getvalue()).graph.node]
    assert nodes.count("Conv") == 2 and not {"Mul", "Add"} & set(nodes)


def test_maps_are_channels_last_in_memory() -> None:
    layer = SameConvolution(1, 8, 5, stride=2)
    for height in (150, 151):
        maps = layer(torch.zeros(2, 1, height, 40))
        assert maps.is_contiguous(memory_format=torch.channels_last)


def test_phase_needs_planes() -> None:
    with pytest.raises(BadInput, match="phase planes"):
        network("both", ("amplitude",))


@pytest.mark.parametrize("inputs", ["amplitude", "phase", "both"])
def test_exports_without_operators_that_int8_or_the_edge_tpu_refuse(inputs: Inputs) -> None:
    buffer = io.BytesIO()
    example = torch.zeros(1, len(PLANES), 150, 40)
    torch.onnx.export(network(inputs), (example,), buffer, dynamo=False, opset_version=17)
    graph = onnx.load_from_string(buffer.getvalue()).graph
    assert not {node.op_type for node in graph.node} & FORBIDDEN
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        assert set(attributes["dilations"]) == {1}
        assert len(attributes["kernel_shape"]) == 2


def test_a_preset_size_network_is_small() -> None:
    weights = sum(parameter.numel() for parameter in network("both").parameters())
    assert weights < 300_000


def test_weights_come_back_bit_for_bit() -> None:
    net = network()
    data = save_weights(net)
    shape = {"planes": PLANES, "frames": 150, "channels": 40, "classes": 6}
    again = load_network(NetworkConfig(inputs="both"), data, **shape)
    assert save_weights(again) == data
    x = torch.randn(1, len(PLANES), 150, 40)
    torch.testing.assert_close(net(x), again(x), rtol=0, atol=0)


def test_weights_that_do_not_fit_are_refused() -> None:
    data = save_weights(network())
    shape = {"planes": PLANES, "frames": 150, "channels": 40, "classes": 6}
    config = NetworkConfig(inputs="both")
    with pytest.raises(BadInput, match="not those of this network"):
        load_network(NetworkConfig(inputs="both", stem_width=8), data, **shape)
    for broken in (b"", data[:100], data[: len(data) // 2], b"\xff" * 64):
        with pytest.raises(BadInput, match="cannot read the weights"):
            load_network(config, broken, **shape)
    spoilt = network()
    with torch.no_grad():
        spoilt.classifier.bias[0] = float("nan")
    with pytest.raises(BadInput, match="NaN"):
        load_network(config, save_weights(spoilt), **shape)


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": "sound"},
        {"widths": (8, 8), "strides": (1,)},
        {"strides": (1, 2, 1, 2, 1, 3)},
        {"stem_width": 0},
        {"dropout": 1.0},
        {"dropout": float("nan")},
        {"phase_smoothing_frames": 0},
        {"phase_widths": (0, 1, 2)},
    ],
)
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        NetworkConfig(**wrong)  # type: ignore[arg-type]


def test_float_input_is_int8_over_32() -> None:
    from edgeser.training.fit import to_input

    features = np.array([[[[32, -64]]]], np.int8)
    np.testing.assert_array_equal(to_input(features).numpy().ravel(), [1.0, -2.0])
