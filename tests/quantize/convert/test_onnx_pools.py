"""Padded windows without infinity: by ONNX Runtime they give what was there before."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from quantize.convert.onnx_pools import without_infinite_padding
from quantize.foundation.onnx_runtime import onnx_runtime


def pool_of(shape: tuple[int, ...], before: tuple[str, ...], said: dict[str, Any]) -> Any:
    names = ["x", *(f"a{place}" for place in range(len(before)))]
    nodes = [
        helper.make_node(kind, [names[place]], [names[place + 1]], name=f"/n{place}")
        for place, kind in enumerate(before)
    ]
    nodes.append(helper.make_node("MaxPool", [names[-1]], ["y"], name="/pool", **said))
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def ran(model: onnx.ModelProto, x: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnx_runtime().InferenceSession(model.SerializeToString())
    return np.asarray(session.run(None, {"x": x})[0])


STEM = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
FLAT = ["Slice", "Concat", "MaxPool"]


@pytest.mark.parametrize(
    ("shape", "before", "said", "left"),
    [
        ((1, 4, 10, 8), (), STEM, ["Slice", "Concat", "Slice", "Concat", "MaxPool"]),
        ((1, 4, 10, 8), ("Relu",), STEM, ["Relu", "Pad", "MaxPool"]),
        ((1, 4, 10, 8), ("Relu", "Identity"), STEM, ["Relu", "Identity", "Pad", "MaxPool"]),
        ((1, 4, 10, 8), ("Relu", "Neg"), STEM, None),
        ((1, 4, 9, 7), (), {**STEM, "ceil_mode": 1}, ["MaxPool"]),  # as TensorFlow pads
        ((1, 4, 10, 8), (), {**STEM, "ceil_mode": 1}, None),
        ((1, 4, 11), (), {"kernel_shape": [2], "strides": [2], "ceil_mode": 1}, ["MaxPool"]),
        ((1, 4, 11), (), {"kernel_shape": [4], "strides": [3], "pads": [2, 2]}, FLAT),
        ((1, 4, 11), (), {"kernel_shape": [5], "pads": [2, 2]}, ["MaxPool"]),
        ((1, 4, 11), (), {"kernel_shape": [3], "dilations": [3], "pads": [1, 1]}, ["MaxPool"]),
        ((1, 4, 10), (), {"kernel_shape": [2], "strides": [2]}, ["MaxPool"]),
        ((1, 4, 10), (), {"kernel_shape": [2], "auto_pad": "SAME_LOWER"}, ["MaxPool"]),
    ],
)
def test_the_largest_values_stay(
    shape: tuple[int, ...], before: tuple[str, ...], said: dict[str, Any], left: list[str] | None
) -> None:
    model = pool_of(shape, before, said)
    x = np.random.default_rng(1).normal(-3, 1, shape).astype(np.float32)
    wanted = ran(model, x)
    without_infinite_padding(model.graph)
    kinds = [node.op_type for node in model.graph.node]
    assert left is None or kinds == left
    assert "Pad" not in kinds or "Relu" in kinds
    np.testing.assert_array_equal(ran(model, x), wanted)
