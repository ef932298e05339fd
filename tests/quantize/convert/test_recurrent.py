"""Recurrent layers step by step, and error functions: by ONNX Runtime what the operators give."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from quantize.convert.error_function import without_error_functions
from quantize.convert.recurrent import MOST_STEPS, without_recurrence
from quantize.foundation.errors import CheckFailed
from quantize.foundation.onnx_runtime import onnx_runtime

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
INPUTS, SIZE = 3, 4
FLOAT = TensorProto.FLOAT


def layer(
    kind: str, *, steps: int = 5, bias: bool = True, extra: dict[int, NDArray[Any]] | None = None,
    **attributes: Any,
) -> onnx.ModelProto:  # fmt: skip
    """x through one recurrent operator, all of its outputs; `extra` by the place of an input."""
    random = np.random.default_rng(0)
    ways = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = GATES[kind] * SIZE
    weights = {
        1: random.normal(size=(ways, rows, INPUTS)),
        2: random.normal(size=(ways, rows, SIZE)),
    }
    weights |= {3: random.normal(size=(ways, 2 * rows))} if bias else {}
    given = {place: values.astype(np.float32) for place, values in weights.items()}
    given |= extra or {}
    names = ["x", *(f"w{i}" if i in given else "" for i in range(1, max(given) + 1))]
    outputs = ["y", "h", "c"] if kind == "LSTM" else ["y", "h"]
    node = helper.make_node(kind, names, outputs, name="/body/rnn", hidden_size=SIZE, **attributes)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", FLOAT, (steps, 1, INPUTS))],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [numpy_helper.from_array(values, f"w{place}") for place, values in given.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def ran(model: onnx.ModelProto, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return onnx_runtime().InferenceSession(model.SerializeToString()).run(None, {"x": x})


def kinds(model: onnx.ModelProto) -> set[str]:
    return {node.op_type for node in model.graph.node}


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("LSTM", {}),
        ("LSTM", {"direction": "reverse"}),
        ("LSTM", {"direction": "bidirectional"}),
        ("LSTM", {"bias": False, "steps": 1}),
        ("GRU", {}),
        ("GRU", {"linear_before_reset": 1}),
        ("GRU", {"linear_before_reset": 1, "direction": "bidirectional"}),
        ("GRU", {"bias": False, "direction": "reverse"}),
        ("RNN", {}),
        ("RNN", {"activations": ["Relu"]}),
        ("RNN", {"activations": ["Relu", "Relu"], "direction": "bidirectional"}),
    ],
)
def test_steps_give_what_the_operator_gives(kind: str, attributes: dict[str, Any]) -> None:
    model = layer(kind, **attributes)
    x = np.random.default_rng(1).normal(size=(attributes.get("steps", 5), 1, INPUTS))
    x = x.astype(np.float32)
    wanted = ran(model, x)
    without_recurrence(model, lambda node: node.name)
    assert kind not in kinds(model)
    for given, before in zip(ran(model, x), wanted, strict=True):
        np.testing.assert_allclose(given, before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (layer("LSTM", steps=MOST_STEPS + 1), f"has {MOST_STEPS + 1} steps, 1 to {MOST_STEPS}"),
        (layer("GRU", clip=1.0), "has activations of another form"),
        (layer("GRU", activations=["HardSigmoid", "Tanh"]), "has activations of another form"),
        (layer("LSTM", extra={5: np.ones((1, 1, SIZE), np.float32)}), "that is not zero"),
        (layer("LSTM", extra={7: np.ones((1, 3 * SIZE), np.float32)}), "has peepholes"),
        (layer("RNN", extra={4: np.asarray([3], np.int32)}), "sequences of several lengths"),
    ],
)
def test_an_unusual_layer_is_named(model: onnx.ModelProto, said: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        without_recurrence(model, lambda node: f"layer {node.name}")
    assert caught.value.message.startswith("layer /body/rnn: the recurrent layer ")
    assert said in caught.value.message and caught.value.hint


def test_a_state_that_is_given_as_zeros_is_none() -> None:
    model = layer("LSTM", extra={5: np.zeros((1, 1, SIZE), np.float32)})
    without_recurrence(model, lambda node: node.name)
    assert kinds(model) >= {"Gemm", "Sigmoid", "Tanh"}


@pytest.mark.parametrize(
    ("kind", "opset", "attributes", "apart"),
    [("Erf", 17, {}, 5e-4), ("Gelu", 20, {}, 5e-4), ("Gelu", 20, {"approximate": "tanh"}, 2e-6)],
)
def test_an_error_function_is_as_near_as_is_said(
    kind: str, opset: int, attributes: dict[str, str], apart: float
) -> None:
    nodes = [helper.make_node(kind, ["x"], ["y"], name="/a/b", **attributes)]
    values = [helper.make_tensor_value_info(name, FLOAT, [4001]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    x = np.linspace(-10, 10, 4001, dtype=np.float32)
    (wanted,) = ran(model, x)
    without_error_functions(model.graph)
    onnx.checker.check_model(model)
    assert kind not in kinds(model)
    (given,) = ran(model, x)
    assert np.abs(given - wanted).max() < apart
