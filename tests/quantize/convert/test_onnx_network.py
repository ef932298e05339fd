"""An ONNX graph of others: opsets, axes, operators and weights that are not converted, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from quantize.convert.network_parts import SourceTensor
from quantize.convert.onnx_network import OnnxNetwork, channels_last
from quantize.foundation.errors import BadInput, CheckFailed, EdgeserError


def graph_of(
    *nodes: onnx.NodeProto, shape: Any = ("batch", 3, 8), opset: int = 17,
    kind: int = TensorProto.FLOAT, weights: float = 1.0,
) -> onnx.ModelProto:  # fmt: skip
    """x through the nodes, and a dense layer over the last axis."""
    last = nodes[-1].output[0] if nodes else "x"
    dense = helper.make_node("MatMul", [last, "w"], ["y"], name="/head/MatMul")
    w = numpy_helper.from_array(np.full((8, 2), weights, np.float32), "w")
    graph = helper.make_graph(
        [*nodes, dense], "g", [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (shape[0], 3, 2))], [w],
    )  # fmt: skip
    domains = sorted({each.domain for each in nodes if each.domain})
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(each, 1) for each in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def opened(model: onnx.ModelProto, folder: Path) -> OnnxNetwork:
    path = folder / "given.onnx"
    path.write_bytes(model.SerializeToString())
    return OnnxNetwork(path, limit_bytes=1 << 20)


def refusal(model: onnx.ModelProto, folder: Path) -> EdgeserError:
    with pytest.raises((BadInput, CheckFailed)) as caught:
        opened(model, folder)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("opset", [11, 13, 17, 21])
def test_a_dynamic_batch_is_one_in_every_opset(opset: int, tmp_path: Path) -> None:
    network = opened(graph_of(opset=opset), tmp_path)
    assert network.inputs == (SourceTensor("x", (1, 3, 8)),)
    assert network.outputs == ("y",)
    written = onnx.load(tmp_path / "network.onnx")
    shape = written.graph.output[0].type.tensor_type.shape
    assert [each.dim_value for each in shape.dim] == [1, 3, 2]


@pytest.mark.parametrize("version", [3, 99])
def test_formats_older_and_newer_are_read(version: int, tmp_path: Path) -> None:
    model = graph_of()
    model.ir_version = version
    model.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, (8, 2)))
    assert opened(model, tmp_path).inputs == (SourceTensor("x", (1, 3, 8)),)
    written = onnx.load(tmp_path / "network.onnx")
    assert written.ir_version == (4 if version == 3 else 10)
    shape = written.graph.output[0].type.tensor_type.shape
    assert [each.dim_value for each in shape.dim] == [1, 3, 2]


def test_what_is_neither_made_nor_taken_is_named(tmp_path: Path) -> None:
    model = graph_of()
    model.graph.input.append(helper.make_tensor_value_info("u", TensorProto.FLOAT, ("batch", 4)))
    assert "input u is taken by no layer" in refusal(model, tmp_path).message
    model = graph_of()
    model.graph.output.append(model.graph.input[0])
    assert "output x is made by no layer" in refusal(model, tmp_path).message


def test_sparse_weights_are_refused(tmp_path: Path) -> None:
    model = graph_of()
    values = numpy_helper.from_array(np.ones(2, np.float32), "few")
    places = numpy_helper.from_array(np.asarray([0, 3]), "places")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [8]))
    assert "the weights few are sparse" in refusal(model, tmp_path).message


def odd(kind: str, domain: str = "") -> onnx.NodeProto:
    return helper.make_node(kind, ["x"], ["z"], name="/encoder/odd", domain=domain)


@pytest.mark.parametrize(
    ("model", "said", "exit_code"),
    [
        (graph_of(opset=9), "is of opset 9, 11 to 21 are converted", 2),
        (graph_of(opset=23), "is of opset 23", 2),
        (graph_of(shape=("batch", 3, "frames")), "input x has a dynamic axis 2 ('frames')", 2),
        (graph_of(shape=(4, 3, 8)), "input x has a batch of 4", 2),
        (graph_of(kind=TensorProto.INT64), "input x takes int64, and only float32", 2),
        (graph_of(weights=np.nan), "the weights w hold NaN", 2),
        (graph_of(odd("Foo", "com.acme")), "layer encoder.odd, Foo is of the domain com.acme", 1),
        (graph_of(odd("DFT")), "layer encoder.odd, DFT has no form in", 1),
        (graph_of(odd("../../evil")), "layer encoder.odd, ../../evil has no form", 1),
        (graph_of(odd("Loop")), "layer encoder.odd, Loop is control flow", 1),
        (graph_of(odd("QuantizeLinear")), "the network is quantised already", 1),
        (graph_of(odd("TopK")), "layer encoder.odd, TopK: TFLite-Micro has no TopK", 1),
        (graph_of(odd("QLinearConv")), "the network is quantised already", 1),
    ],
)
def test_what_is_not_converted_is_named(
    model: onnx.ModelProto, said: str, exit_code: int, tmp_path: Path
) -> None:
    error = refusal(model, tmp_path)
    assert said in error.message
    assert error.exit_code == exit_code


def test_what_is_no_onnx_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "given.onnx"
    for data in (b"", b"\xff" * 40, b"<html>"):
        path.write_bytes(data)
        with pytest.raises(BadInput):
            OnnxNetwork(path, limit_bytes=1 << 20)
    path.write_bytes(bytes(100))
    with pytest.raises(BadInput, match="larger than 99 bytes"):
        OnnxNetwork(path, limit_bytes=99)


@pytest.mark.parametrize(
    ("order", "rank", "kept"),
    [([0, 3, 1, 2], 4, True), ([0, 2, 3, 1], 4, False), ([0, 2, 1], 3, True), ([1, 0], 2, False)],
)
def test_an_input_with_channels_last_already_is_kept_as_it_is(
    order: list[int], rank: int, kept: bool
) -> None:
    turn = helper.make_node("Transpose", ["x"], ["z"], perm=order)
    model = graph_of(turn, shape=("batch", 3, 8, 8)[:rank])
    assert channels_last(model.graph) == (["x"] if kept else [])
    model.graph.node.append(helper.make_node("Relu", ["x"], ["also"]))
    assert channels_last(model.graph) == []


def short(tensor: onnx.TensorProto) -> None:
    tensor.raw_data = tensor.raw_data[:7]


def vast(tensor: onnx.TensorProto) -> None:
    tensor.dims[0] = 1 << 40


def unknown(tensor: onnx.TensorProto) -> None:
    tensor.data_type = 99


@pytest.mark.parametrize("damage", [short, vast, unknown])
@pytest.mark.parametrize("place", ["initializer", "Constant"])
def test_damaged_weights_are_bad_input(damage: Any, place: str, tmp_path: Path) -> None:
    ones = numpy_helper.from_array(np.ones((3, 8), np.float32), "w" if place != "Constant" else "c")
    constant = helper.make_node("Constant", [], ["c"], value=ones, name="c")
    model = graph_of(constant, helper.make_node("Add", ["x", "c"], ["z"]))
    damage(
        model.graph.initializer[0] if place == "initializer" else model.graph.node[0].attribute[0].t
    )
    error = refusal(model, tmp_path)
    assert error.exit_code == 2
    assert f"the weights {'w' if place == 'initializer' else 'c'} are damaged: " in error.message


@pytest.mark.parametrize("kind", ["A" * 300, "../x", "", "a\0b"])
def test_an_operator_of_any_name_is_refused_by_it(kind: str, tmp_path: Path) -> None:
    error = refusal(graph_of(helper.make_node(kind, ["x"], ["z"])), tmp_path)
    assert "has no form in TensorFlow Lite" in error.message
    assert len(error.message) < 200
