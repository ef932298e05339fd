"""Weights that lie in other files: those beside the network are read, no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from quantize.convert.onnx_network import OnnxNetwork
from quantize.convert.onnx_weights import check_weights, with_weights_inside
from quantize.foundation.errors import BadInput, EdgeserError
from tests.quantize.convert.test_onnx_network import graph_of

WEIGHTS = np.arange(16, dtype=np.float32).reshape(8, 2)


def elsewhere(**said: str) -> onnx.ModelProto:
    """A network whose only weights lie where `said` says."""
    model = graph_of()
    _put(model.graph.initializer[0], said)
    return model


def _put(tensor: onnx.TensorProto, said: dict[str, str]) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in said.items():
        tensor.external_data.add(key=key, value=value)


def refusal(model: onnx.ModelProto, folder: Path | None, limit: int = 1 << 20) -> EdgeserError:
    with pytest.raises(BadInput) as caught:
        with_weights_inside(model, folder, limit_bytes=limit)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "said", [{}, {"offset": "0"}, {"offset": "0", "length": "64"}, {"length": "64"}]
)
def test_weights_beside_the_network_are_read(said: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "given.onnx.data").write_bytes(WEIGHTS.tobytes())
    path = tmp_path / "given.onnx"
    path.write_bytes(elsewhere(location="given.onnx.data", **said).SerializeToString())
    network = OnnxNetwork(path, limit_bytes=1 << 20, beside=tmp_path)
    (given,) = network.outputs_of(iter([[np.eye(8, dtype=np.float32)[None, :3]]]))
    np.testing.assert_array_equal(given[0][0], WEIGHTS[:3])


def test_a_file_is_read_as_onnx_itself_writes_it(tmp_path: Path) -> None:
    model = graph_of()
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(WEIGHTS, "w"))
    second = numpy_helper.from_array(np.full((1, 3, 8), 2.0, np.float32), "twos")
    model.graph.initializer.append(second)
    model.graph.node.insert(0, helper.make_node("Mul", ["x", "twos"], ["z"]))
    model.graph.node[1].input[0] = "z"
    onnx.save(model, tmp_path / "n.onnx", save_as_external_data=True, size_threshold=0)
    (data,) = {each.name for each in tmp_path.iterdir()} - {"n.onnx"}
    assert len((tmp_path / data).read_bytes()) >= 160  # not in the graph
    loaded = onnx.load(tmp_path / "n.onnx", load_external_data=False)
    with_weights_inside(loaded, tmp_path, limit_bytes=1 << 20)
    check_weights(loaded.graph)
    found = {each.name: numpy_helper.to_array(each) for each in loaded.graph.initializer}
    np.testing.assert_array_equal(found["w"], WEIGHTS)
    np.testing.assert_array_equal(found["twos"], np.full((1, 3, 8), 2.0))


def test_weights_of_constants_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(WEIGHTS.tobytes())
    constant = helper.make_node(
        "Constant", [], ["c"], value=numpy_helper.from_array(WEIGHTS, "of it")
    )
    _put(constant.attribute[0].t, {"location": "w"})
    model = graph_of()
    model.graph.node.insert(0, constant)
    with_weights_inside(model, tmp_path, limit_bytes=1 << 20)
    read = numpy_helper.to_array(model.graph.node[0].attribute[0].t)
    np.testing.assert_array_equal(read, WEIGHTS)


@pytest.mark.parametrize(
    "location", ["../secret", "/etc/passwd", "a/b", "..", ".", "", "a\\b", "secret\0.data"]
)
def test_no_other_folder_is_read(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(64))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(bytes(64))
    inner = tmp_path / "network"
    inner.mkdir()
    for folder in (inner, tmp_path):
        said = refusal(elsewhere(location=location), folder).message
        assert said.startswith("the weights w lie in ")
        assert "only files beside the network" in said
    assert "only files beside" in refusal(elsewhere(location="secret"), None).message


def test_links_pointers_and_what_is_missing_are_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(64))
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    assert "lie in link, which is a link" in refusal(elsewhere(location="link"), tmp_path).message
    missing = refusal(elsewhere(location="n.onnx.data"), tmp_path)
    assert missing.message == ("the weights w lie in n.onnx.data, which is not beside the network")
    (tmp_path / "lfs").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "Git-LFS pointer" in refusal(elsewhere(location="lfs"), tmp_path).message


@pytest.mark.parametrize(
    "said",
    [
        {"length": "65"}, {"offset": "8", "length": "60"}, {"offset": "65"}, {"offset": "-8"},
        {"offset": "x"}, {"length": ""}, {"length": "9" * 5000},
    ],
)  # fmt: skip
def test_what_ends_beyond_its_file_is_refused(said: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(bytes(64))
    message = refusal(elsewhere(location="w", **said), tmp_path).message
    assert message == "the weights w end beyond w, which has 64 bytes"


def test_too_few_bytes_are_damaged_and_all_files_count_together(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(bytes(60))
    model = elsewhere(location="w")
    with_weights_inside(model, tmp_path, limit_bytes=60)
    with pytest.raises(BadInput, match="the weights w are damaged"):
        check_weights(model.graph)
    assert "larger than 59 bytes" in refusal(elsewhere(location="w"), tmp_path, 59).message


@pytest.mark.parametrize("name", ["n" * 300, "\u00e9" * 200])
def test_a_name_that_no_file_can_have_is_refused(name: str, tmp_path: Path) -> None:
    assert "not beside the network" in str(refusal(elsewhere(location=name), tmp_path))


def test_weights_that_name_the_same_bytes_again_and_again_have_an_end(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(bytes(1000))
    model = elsewhere(location="w", length="64")
    for place in range(20):
        many = TensorProto(name=f"copy {place}", data_type=TensorProto.FLOAT, dims=[250])
        model.graph.initializer.append(many)
        _put(model.graph.initializer[-1], {"location": "w"})
    assert "name the same bytes" in str(refusal(model, tmp_path, limit=10_000))
    with_weights_inside(model, tmp_path, limit_bytes=30_000)
