"""A network that is built wrongly is built in another way, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from quantize.convert.network import export_network

N = 16


def encoder() -> onnx.ModelProto:
    """Frames first, a dense layer, frames second again and a mean: as many frames as values."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.normal(size=(N, N)) / 4, "v": rng.normal(size=(N, N)) / 4,
        "b": rng.normal(size=N), "h": rng.normal(size=(N, 3)) / 4,
    }  # fmt: skip
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[1, 0, 2], name="/turn"),
        helper.make_node("MatMul", ["first", "w"], ["dense"], name="/dense"),
        helper.make_node("Relu", ["dense"], ["bent"], name="/relu"),
        helper.make_node("Transpose", ["bent"], ["second"], perm=[1, 0, 2], name="/back"),
        helper.make_node("MatMul", ["second", "v"], ["mixed"], name="/mix"),
        helper.make_node("Add", ["mixed", "b"], ["moved"], name="/bias"),
        helper.make_node("Tanh", ["moved"], ["tanh"], name="/tanh"),
        helper.make_node("ReduceMean", ["tanh"], ["mean"], axes=[1], keepdims=0, name="/mean"),
        helper.make_node("MatMul", ["mean", "h"], ["y"], name="/head"),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, N, N))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 3))],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_frames_and_values_of_one_number_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(encoder().SerializeToString())
    samples = np.random.default_rng(1).normal(size=(24, N, N)).astype(np.float32)
    made = export_network(path, calibration={"x": samples[:16]}, parity={"x": samples[16:]})
    assert [each.shape for each in made.inputs] == [(1, N, N)]
    assert made.inputs[0].axes == (0, 1, 2)
    assert made.reference[0].shape == (8, 3)
