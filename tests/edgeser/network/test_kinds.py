"""Trunks by name: the published widths, their blocks, and operators that an Edge TPU maps."""

from __future__ import annotations

import io

import onnx
import pytest
import torch
from torch import nn

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig
from edgeser.network.config import Kind
from edgeser.network.dsresnet import DsResNet, ResidualBlock
from edgeser.network.transformer import FrameTransformer, TransformerBlock
from edgeser.network.trunk_config import DsResNetConfig, Size, TransformerConfig
from quantize.foundation.errors import BadInput

TINY = {
    "dsresnet": DsResNetConfig(widths=(8, 12, 16), dense=(12, 8)),
    "transformer": TransformerConfig(stem=(8,), width=12, blocks=2, head=4, feed_forward=16),
}
KINDS: tuple[Kind, ...] = ("dsresnet-se", "transformer")
ADDED = {"Add", "Transpose", "Concat"}
"""What they have beside the operators of the first kind; each has an int8 kernel and maps."""


def network(kind: Kind, **more: object) -> AmplitudePhaseNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(kind=kind, **{**TINY, **more})  # type: ignore[arg-type]
    return AmplitudePhaseNetwork(config, ("amplitude",), 49, 40, 5).eval()


def graph_of(net: AmplitudePhaseNetwork) -> onnx.GraphProto:
    buffer = io.BytesIO()
    torch.onnx.export(net, (torch.zeros(1, 1, 49, 40),), buffer, dynamo=False, opset_version=17)
    return onnx.shape_inference.infer_shapes(onnx.load_from_string(buffer.getvalue())).graph


@pytest.mark.parametrize(("size", "published"), [("full", 370_000), ("small", 96_000)])
def test_as_many_weights_as_published(size: Size, published: int) -> None:
    config = NetworkConfig(kind="dsresnet-se", dsresnet=DsResNetConfig(size=size))
    net = AmplitudePhaseNetwork(config, ("amplitude",), 49, 40, 12)
    count = sum(weights.numel() for weights in net.parameters())
    assert abs(count - published) < 0.03 * published
    assert config.dsresnet.convolutions == (
        (32, 64, 128, 192, 256) if size == "full" else (16, 32, 64, 96, 128)
    )


def test_a_residual_block_is_what_the_notes_say() -> None:
    torch.manual_seed(0)
    block = ResidualBlock(4, 8, squeeze=8).eval()
    x = torch.randn(2, 4, 9, 6)
    first, second, third, fourth, gate = block.body
    assert (first.groups, first.stride, first.kernel_size) == (4, (2, 2), (3, 3))
    assert (third.groups, third.stride, third.kernel_size) == (8, (1, 1), (3, 3))
    assert [layer.__class__ for layer in second] == [type(fourth[0]), nn.BatchNorm2d, nn.ReLU6]
    assert len(fourth) == 2  # no ReLU before the gate
    maps = fourth(third(second(first(x))))
    by_hand = torch.clamp(maps * gate.gate(maps) + block.shortcut(x), 0.0, 6.0)
    torch.testing.assert_close(block(x), by_hand)
    assert block(x).shape == (2, 8, 5, 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [49, 250])
def test_one_vector_of_any_window(kind: Kind, frames: int) -> None:
    net = network(kind)
    embeddings = net.embed(torch.randn(3, 1, frames, 40))
    assert net.classify(embeddings.fused).shape == (3, 5)
    assert embeddings.maps.shape[0] == 3


def test_the_embedding_is_that_of_the_mean_of_maps() -> None:
    net = network("dsresnet-se")
    assert isinstance(net.amplitude, DsResNet)
    x = torch.randn(2, 1, 49, 40)
    mean = net.amplitude.blocks(x).mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(net.embed(x).fused, net.amplitude.dense(mean).flatten(1))


def test_the_transformer_s_frames_hear_each_other_and_their_place() -> None:
    net = network("transformer")
    assert isinstance(net.amplitude, FrameTransformer)
    x = torch.randn(1, 1, 49, 40)
    changed = x.clone()
    changed[:, :, :4] += 1.0
    before, after = net.amplitude.blocks(x), net.amplitude.blocks(changed)
    assert before.shape == (1, 12, 25, 1)
    assert (before - after)[..., -1, :].abs().max() > 1e-6  # the last frame hears the first ones
    block = TransformerBlock(TINY["transformer"]).eval()  # type: ignore[arg-type]
    frames = torch.randn(1, 12, 25, 1)
    turned = block(frames.flip(2)).flip(2)
    assert (turned - block(frames)).abs().max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("centring", ["none", "level"])
def test_every_operator_is_one_that_maps(kind: Kind, centring: str) -> None:
    graph = graph_of(network(kind, centring=centring))
    mapped = {node.op_type for node in graph_of(network("amplitude-phase")).node} | ADDED
    subtracted = {"Sub"} if centring == "level" else set()
    assert {node.op_type for node in graph.node} <= mapped | subtracted
    (dense,) = [node for node in graph.node if node.op_type == "Gemm"]
    (known,) = [info for info in graph.value_info if info.name == dense.input[0]]
    assert len(known.type.tensor_type.shape.dim) == 2  # batch and values, no axis more


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"inputs": "phase"}, "has no inputs = 'phase'"),
        ({"inputs": "quaternion"}, "has no inputs = 'quaternion'"),
        ({"algebra": "quaternion"}, "has no algebra = 'quaternion'"),
        ({"self_attention": 8}, "has no self_attention = 8"),
        ({"pooling": "attention"}, "has no pooling = 'attention'"),
    ],
)
def test_what_a_kind_has_no_place_for_is_refused(settings: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        NetworkConfig(kind="dsresnet-se", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "build",
    [
        lambda: NetworkConfig(kind="resnet"),  # type: ignore[arg-type]
        lambda: DsResNetConfig(size="tiny"),  # type: ignore[arg-type]
        lambda: DsResNetConfig(widths=(8,)),
        lambda: DsResNetConfig(widths=(8, 0)),
        lambda: DsResNetConfig(squeeze=0),
        lambda: TransformerConfig(stem=()),
        lambda: TransformerConfig(blocks=0),
        lambda: TransformerConfig(head=4096),
    ],
)
def test_shapes_that_are_none(build: object) -> None:
    with pytest.raises(BadInput):
        build()  # type: ignore[operator]
