"""The second head: its shapes, what it may be made of, and that the first is as it was without."""

from __future__ import annotations

import io

import onnx
import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig, load_network, save_weights
from edgeser.network.config import Inputs
from edgeser.network.heads import StylePooling
from quantize.foundation.errors import BadInput

PLANES = ("amplitude", "if_re", "gd_re")
ADDED = {"Conv", "Sigmoid", "Mul", "Add", "ReduceMean", "Concat", "Gemm", "Flatten", "Transpose"}
"""Each has an int8 kernel and maps to an Edge TPU."""


def network(inputs: Inputs = "both", *, style: int = 24, vad: bool = True) -> AmplitudePhaseNetwork:
    heads = ("emotion", "vad") if vad else ("emotion",)
    config = NetworkConfig(inputs=inputs, heads=heads, style_width=style)
    torch.manual_seed(0)
    return AmplitudePhaseNetwork(config, PLANES, 64, 40, 6).eval()


@pytest.mark.parametrize("inputs", ["amplitude", "phase", "both"])
@pytest.mark.parametrize("style", [0, 12])
def test_two_outputs(inputs: Inputs, style: int) -> None:
    net = network(inputs, style=style)
    logits, vad = net(torch.randn(3, 3, 64, 40))
    assert (logits.shape, vad.shape) == ((3, 6), (3, 3))
    assert net.output_widths == (6, 3)
    answers = net.rate(net.embed(torch.randn(3, 3, 64, 40)))
    assert [tuple(a.shape) for a in answers] == [(3, 3), (3, 8)]


def test_training_and_device_say_the_same() -> None:
    net, x = network(), torch.randn(2, 3, 64, 40)
    embeddings, (logits, vad) = net.embed(x), net(x)
    torch.testing.assert_close(net.classify(embeddings.fused), logits)
    torch.testing.assert_close(net.rate(embeddings).vad, vad)


def test_the_first_head_begins_as_without_the_second() -> None:
    one, two = network(vad=False), network()
    state = two.state_dict()
    for name, value in one.state_dict().items():
        assert torch.equal(state[name], value), name
    assert all(name.startswith("vad.") for name in state.keys() - one.state_dict().keys())
    x = torch.randn(2, 3, 64, 40)
    assert torch.equal(one(x), two(x)[0])


def test_weights_come_back() -> None:
    net, x = network(), torch.randn(2, 3, 64, 40)
    sizes = {"planes": PLANES, "frames": 64, "channels": 40, "classes": 6}
    again = load_network(net.config, save_weights(net), **sizes)
    torch.testing.assert_close(again(x)[1], net(x)[1])
    with pytest.raises(BadInput, match="not those of this network"):
        load_network(network(vad=False).config, save_weights(net), **sizes)


def graph_of(net: AmplitudePhaseNetwork) -> onnx.GraphProto:
    buffer = io.BytesIO()
    torch.onnx.export(net, (torch.zeros(1, 3, 64, 40),), buffer, dynamo=False, opset_version=17)
    return onnx.load_from_string(buffer.getvalue()).graph


def test_what_the_second_head_adds_is_mapped_and_octants_are_left_behind() -> None:
    one, two = graph_of(network("amplitude", vad=False)), graph_of(network("amplitude"))
    assert {n.op_type for n in two.node} <= {n.op_type for n in one.node} | ADDED
    assert [len(graph.output) for graph in (one, two)] == [1, 2]
    assert not [i.name for i in two.initializer if "octants" in i.name]


def test_style_is_pooled_over_time_and_hears_its_order() -> None:
    """Convolutions of five frames: turned round in time the maps give another style."""
    torch.manual_seed(1)
    pooling = StylePooling(6, 8).eval()
    maps = torch.randn(2, 6, 16, 5)
    style = pooling(maps)
    assert style.shape == (2, 8)
    assert not torch.allclose(style, pooling(maps.flip(2)), atol=1e-4)
    torch.testing.assert_close(style, pooling(maps.flip(3)))


@pytest.mark.parametrize("heads", [(), ("vad",), ("vad", "emotion"), ("emotion", "emotion")])
def test_other_heads_are_refused(heads: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="heads = ") as caught:
        NetworkConfig(heads=heads)  # type: ignore[arg-type]
    assert "in this order" in caught.value.hint


def test_a_style_beyond_reason_is_refused() -> None:
    with pytest.raises(BadInput, match="style_width is 513"):
        NetworkConfig(style_width=513)
