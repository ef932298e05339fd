"""A network of others from ONNX to int8, its report, and firmware; converted once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from quantize.runtimes import Runtime, run_outputs
from quantize.tflite import read_model
from tests.conftest import Edgeser

Arrays = dict[str, NDArray[np.float32]]


def _weights() -> Arrays:
    random = np.random.default_rng(1)
    shapes = {"left_w": (8, 4), "right_w": (8, 4), "map_w": (2, 8), "kind_w": (3, 8)}
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _network() -> onnx.ModelProto:
    """Two images of one shape, which only their weights tell apart; a map and a kind of them."""
    weights = [
        numpy_helper.from_array(w if name == "kind_w" else w[..., None, None], name)
        for name, w in _weights().items()
    ]
    nodes = [
        helper.make_node("Conv", ["left", "left_w"], ["a"], name="/left/Conv"),
        helper.make_node("Conv", ["right", "right_w"], ["b"], name="/right/Conv"),
        helper.make_node("Sub", ["a", "b"], ["d"], name="/apart/Sub"),
        helper.make_node("Relu", ["d"], ["e"], name="/apart/Relu"),
        helper.make_node("Conv", ["e", "map_w"], ["map"], name="/map/Conv"),
        helper.make_node("GlobalAveragePool", ["e"], ["p"], name="/pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="/flat"),
        helper.make_node("Gemm", ["f", "kind_w"], ["kind"], name="/kind/Gemm", transB=1),
        helper.make_node("ArgMax", ["kind"], ["place"], name="/place", axis=1, keepdims=0),
    ]
    inputs = {"left": ("N", 4, 4, 4), "right": ("N", 4, 4, 4)}
    outputs = {"kind": ("N", 3), "map": ("N", 2, 4, 4)}
    infos = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, s) for name, s in each.items()]
        for each in (inputs, outputs)
    ]
    infos[1].append(helper.make_tensor_value_info("place", TensorProto.INT64, ("N",)))
    graph = helper.make_graph(nodes, "two", *infos, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _by_hand(data: Arrays) -> Arrays:
    """What the network gives, by NumPy."""
    w = _weights()
    apart = np.einsum("oc,nchw->nohw", w["left_w"], data["left"])
    apart -= np.einsum("oc,nchw->nohw", w["right_w"], data["right"])
    apart = np.maximum(apart, 0)
    maps = np.einsum("oc,nchw->nohw", w["map_w"], apart)
    return {"kind": apart.mean((2, 3)) @ w["kind_w"].T, "map": maps}


@dataclass(frozen=True)
class Exported:
    folder: Path
    data: Arrays
    said: dict[str, Any]

    def device_outputs(self) -> Arrays:
        """What the int8 model gives for the data, fed by what its report says."""
        fed = []
        for each in self.said["inputs"]:
            steps = self.data[each["name"]].transpose(each["axes"]) / each["scale"]
            fed.append(np.clip(np.rint(steps) + each["zero_point"], -128, 127).astype(np.int8))
        model = (self.folder / "model-int8.tflite").read_bytes()
        given = run_outputs(model, fed, runtime=Runtime.TFLITE_MICRO)
        out = {}
        for each, values in zip(self.said["outputs"], given, strict=True):
            real = (values.astype(np.float32) - each["zero_point"]) * each["scale"]
            out[each["name"]] = real.transpose(np.argsort(each["axes"]))
        return out


@pytest.fixture(scope="module")
def exported(edgeser: Edgeser, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("own-network")
    random = np.random.default_rng(2)
    data = {
        "left": random.normal(size=(30, 4, 4, 4)).astype(np.float32),
        "right": random.normal(0.5, 2.0, size=(30, 4, 4, 4)).astype(np.float32),
    }
    np.savez(folder / "data.npz", right=data["right"], left=data["left"])
    (folder / "labels.txt").write_text("no\nyes\nperhaps\n")
    (folder / "two.onnx").write_bytes(_network().SerializeToString())
    ran = edgeser(
        "export", "two.onnx", "--calibration", "data.npz", "--labels", "labels.txt", "--max-flips",
        "0.2", "--json", cwd=folder, timeout_s=600,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "input left is [1, 4, 4, 4] in the network and [1, 4, 4, 4] on the device" in ran.err
    return Exported(folder / "two-int8", data, json.loads(ran.out))


def test_inputs_and_outputs_are_the_networks_in_its_order(exported: Exported) -> None:
    model = (exported.folder / "model-int8.tflite").read_bytes()
    graph = read_model(model).main
    assert [tensor.name for tensor in graph.input_tensors] == ["left", "right"]
    assert [tensor.name for tensor in graph.output_tensors] == ["kind", "map", "place"]
    scales = [tensor.quantisation.scale for tensor in graph.input_tensors if tensor.quantisation]
    assert scales[1] > 1.5 * scales[0]  # each was measured on its own data
    said = exported.said
    assert [each["axes"] for each in said["inputs"]] == [[0, 2, 3, 1], [0, 2, 3, 1]]
    assert said["outputs"][1]["device_shape"] == [1, 4, 4, 2]
    assert said["model_sha256"] == hashlib.sha256(model).hexdigest()


def test_int8_is_true_to_the_network_when_fed_as_the_report_says(exported: Exported) -> None:
    wanted, found = _by_hand(exported.data), exported.device_outputs()
    for name, values in wanted.items():
        noise = np.square(values - found[name]).sum() / np.square(values).sum()
        assert 10 * np.log10(1 / noise) > 20, name


def test_a_place_is_that_of_the_largest_int8_value(exported: Exported) -> None:
    found = exported.device_outputs()
    assert found["place"].tolist() == found["kind"].argmax(axis=1).tolist()
    changed = float(
        np.mean(_by_hand(exported.data)["kind"].argmax(axis=1)[4::5] != found["place"][4::5])
    )
    assert exported.said["outputs"][2]["flips"]["value"] == pytest.approx(changed)


def test_the_report_says_what_was_compared_and_how_far_it_is(exported: Exported) -> None:
    said = exported.said
    assert said["schema"] == "edgeser.export-network/1"
    assert said["framework"] == "ONNX Runtime"
    assert said["calibration"] == "24 samples of data.npz"
    assert said["parity"]["samples"] == 6
    assert said["parity"]["source"] == "every fifth sample of data.npz, not calibrated on"
    kind, maps, place = said["outputs"]
    assert kind["sqnr"]["value"] > 15
    assert kind["sqnr"]["evidence"] == "measured"
    assert (
        0
        < kind["max_error"]["value"]
        == pytest.approx(kind["max_lsb"]["value"] * kind["scale"], rel=1e-6)
    )
    assert maps["flips"] is None
    assert place["sqnr"] is None
    assert (place["shape"], place["scale"], place["zero_point"]) == ([1], 1.0, 0)
    assert json.loads((exported.folder / "report.json").read_text()) == said
    report = (exported.folder / "report.md").read_text()
    assert "| input 1 | right | 1 x 4 x 4 x 4 | 1 x 4 x 4 x 4 channels last |" in report
    assert (exported.folder / "labels.txt").read_text() == "no\nyes\nperhaps\n"
    float_model = read_model((exported.folder / "model-float.tflite").read_bytes())
    assert [tensor.name for tensor in float_model.main.input_tensors] == ["left", "right"]


def test_lint_and_firmware_take_it(exported: Exported, edgeser: Edgeser, tmp_path: Path) -> None:
    model = exported.folder / "model-int8.tflite"
    linted = edgeser("lint", model)  # a place is found on the CPU, and all else maps
    assert linted.code == 1
    assert (
        "7 of 9 operators map to the Edge TPU; the first on the CPU is operator 7 ARG_"
        in linted.err
    )
    ran = edgeser("export", model, "--target", "firmware", "--out", tmp_path / "firmware", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["operators"] > 0
