"""Forms of an ONNX graph for onnx2tf: by ONNX Runtime they give what was there before."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from quantize.convert.onnx_forms import readable
from quantize.foundation.onnx_runtime import onnx_runtime

X = np.random.default_rng(4).normal(size=(1, 8, 3, 5)).astype(np.float32)


def graph_of(
    *nodes: onnx.NodeProto, weights: dict[str, NDArray[Any]] | None = None
) -> onnx.ModelProto:
    named = [numpy_helper.from_array(values, name) for name, values in (weights or {}).items()]
    graph = helper.make_graph(
        list(nodes), "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], named,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def ran(model: onnx.ModelProto) -> NDArray[np.float32]:
    session = onnx_runtime().InferenceSession(model.SerializeToString())
    return np.asarray(session.run(None, {"x": X})[0])


@pytest.mark.parametrize(
    ("kind", "attributes", "left"),
    [
        ("Elu", {}, ["Elu"]),
        ("Elu", {"alpha": 0.5}, ["Elu", "Mul", "Relu", "Mul", "Add"]),
        ("Celu", {"alpha": 2.0}, ["Mul", "Elu", "Mul"]),
        ("Selu", {}, ["Elu", "Mul", "Relu", "Mul", "Add"]),
        ("DepthToSpace", {"blocksize": 2, "mode": "CRD"}, ["Gather", "DepthToSpace"]),
        ("DepthToSpace", {"blocksize": 2}, ["DepthToSpace"]),
    ],
)
def test_an_operator_in_another_form_gives_the_same(
    kind: str, attributes: dict[str, Any], left: list[str]
) -> None:
    model = graph_of(helper.make_node(kind, ["x"], ["y"], name="/a/b", **attributes))
    wanted = ran(model)
    readable(model.graph)
    assert [node.op_type for node in model.graph.node] == left
    np.testing.assert_allclose(ran(model), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("order", "left"),
    [([0, 2, 1, 3, 4], ["Gather"]), ([0, 1, 2, 4, 3], ["Reshape", "Transpose", "Reshape"])],
)
def test_a_shuffle_of_channels_is_a_gather(order: list[int], left: list[str]) -> None:
    model = graph_of(
        helper.make_node("Reshape", ["x", "groups"], ["a"]),
        helper.make_node("Transpose", ["a"], ["b"], perm=order),
        helper.make_node("Reshape", ["b", "whole"], ["y"], name="/a/b"),
        weights={"groups": np.asarray([1, 2, 4, 3, 5]), "whole": np.asarray(X.shape)},
    )
    wanted = ran(model)
    readable(model.graph)
    assert [node.op_type for node in model.graph.node] == left
    np.testing.assert_array_equal(ran(model), wanted)


SLOPES = np.linspace(-0.5, 0.9, 8, dtype=np.float32).reshape(8, 1, 1)


@pytest.mark.parametrize(
    ("between", "left"),
    [
        (["Mul"], ["Relu", "Min", "Mul", "Add"]),
        ([], ["Relu", "Min", "Mul", "Add"]),
        (["MaxPool"], ["PRelu"]),
    ],
)
def test_prelu_has_another_form_after_a_reshape_alone(between: list[str], left: list[str]) -> None:
    """Of the channels of a GroupNorm onnx2tf does not know where they are."""
    nodes = [
        helper.make_node("Reshape", ["x", "flat"], ["flattened"]),
        helper.make_node("Reshape", ["flattened", "full"], ["a0"]),
    ]
    for place, kind in enumerate(between):
        given = [f"a{place}", "gain"] if kind == "Mul" else [f"a{place}"]
        said = {"kernel_shape": [1, 1]} if kind == "MaxPool" else {}
        nodes.append(helper.make_node(kind, given, [f"a{place + 1}"], **said))
    nodes.append(helper.make_node("PRelu", [f"a{len(between)}", "slopes"], ["y"], name="/a/b"))
    model = graph_of(
        *nodes,
        weights={
            "flat": np.asarray([0, 4, -1]), "full": np.asarray(X.shape), "slopes": SLOPES,
            "gain": np.full((8, 1, 1), 1.5, np.float32),
        },
    )  # fmt: skip
    wanted = ran(model)
    readable(model.graph)
    assert [node.op_type for node in model.graph.node][-len(left) :] == left
    np.testing.assert_allclose(ran(model), wanted, rtol=1e-5, atol=1e-6)


def test_prelu_of_what_goes_in_stays() -> None:
    model = graph_of(helper.make_node("PRelu", ["x", "s"], ["y"]), weights={"s": SLOPES})
    readable(model.graph)
    assert [node.op_type for node in model.graph.node] == ["PRelu"]


def test_constants_are_weights_of_full_rank() -> None:
    scale = np.asarray([1, 2, 3, 4, 5], np.float32)
    constant = helper.make_node(
        "Constant", [], ["c"], value=numpy_helper.from_array(np.float32(2.5).reshape(()), "")
    )
    model = graph_of(
        constant, helper.make_node("Mul", ["s", "x"], ["a"]),
        helper.make_node("Add", ["a", "c"], ["y"]),
        weights={"s": scale},
    )  # fmt: skip
    readable(model.graph)
    shapes = {each.name: list(each.dims) for each in model.graph.initializer}
    assert [node.op_type for node in model.graph.node] == ["Mul", "Add"]
    assert shapes[model.graph.node[0].input[0]] == [1, 1, 1, 5]
    assert shapes["c"] == []
    np.testing.assert_allclose(ran(model), X * scale + 2.5, rtol=1e-6)


def test_names_that_tensorflow_takes_none_of_are_others() -> None:
    model = graph_of(
        helper.make_node("Relu", ["my \x1b[31m"], ["z" * 300], name="\u5165"),
        helper.make_node("Neg", ["z" * 300], ["/head/y"], name="/head/Neg"),
    )
    model.graph.input[0].name, model.graph.output[0].name = "my \x1b[31m", "/head/y"
    readable(model.graph)
    relu, neg = model.graph.node
    assert relu.input[0] == model.graph.input[0].name == "n1_my___31m"
    assert (neg.name, neg.output[0]) == ("/head/Neg", "/head/y")
    names = [relu.name, *relu.output, *neg.input]
    assert all(name.isascii() and len(name) < 120 for name in names)
    assert neg.input[0] == relu.output[0]


def test_constants_of_plain_numbers_are_weights_too() -> None:
    model = graph_of(
        helper.make_node("Constant", [], ["shape"], value_ints=[1, 24, 5]),
        helper.make_node("Reshape", ["x", "shape"], ["a"]),
        helper.make_node("Constant", [], ["c"], value_float=0.5),
        helper.make_node("Mul", ["a", "c"], ["y"]),
    )
    readable(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Reshape", "Mul"]
    assert np.array_equal(ran(model), X.reshape(1, 24, 5) / 2)
