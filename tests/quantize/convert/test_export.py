"""A converted model is int8 throughout, exact at its input, and true to the network."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from quantize.convert import export_int8
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.onnx_runtime import NO_REPORTS
from quantize.runtimes import Runtime, run_model
from quantize.tflite import read_model
from quantize.tflite.schema import DType

Calibration = Callable[..., NDArray[np.float32]]


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stand in for every proxy, and note whoever tries to reach the network."""
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(200).decode("latin-1"))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        for name in NO_REPORTS:  # children are to be silenced by the conversion, not by the tests
            os.unsetenv(name)
        yield seen
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def test_the_int8_graph_has_no_float_tensor(exported: Any) -> None:
    graph = read_model(exported.model.int8_tflite).main
    used = {i for each in graph.operators for i in (*each.inputs, *each.outputs) if i >= 0}
    assert {graph.tensors[index].dtype for index in used} == {DType.INT8, DType.INT32}
    assert "DEQUANTIZE" not in {operator.name for operator in graph.operators}


def test_the_input_is_quantised_exactly_as_asked(exported: Any) -> None:
    assert exported.model.input.shape == (1, 32, 20, 5)
    assert exported.model.input.scale == exported.scale
    assert exported.model.input.zero_point == 0
    assert exported.model.output.shape == (1, 6)


def test_int8_answers_are_true_to_the_network(exported: Any) -> None:
    inputs = exported.features(64, seed=11)
    wanted = exported.float_logits(inputs)
    steps = run_model(exported.model.int8_tflite, inputs, runtime=Runtime.TFLITE_MICRO)
    output = exported.model.output
    got = (steps.astype(np.float32) - output.zero_point) * output.scale
    cosine = (wanted * got).sum(1) / np.linalg.norm(wanted, axis=1) / np.linalg.norm(got, axis=1)
    assert cosine.min() > 0.999
    assert (wanted.argmax(1) == got.argmax(1)).mean() > 0.9


def test_float_answers_are_those_of_the_network(exported: Any) -> None:
    inputs = exported.features(8, seed=12)
    real = inputs.astype(np.float32) * exported.scale
    got = run_model(exported.model.float_tflite, real, runtime=Runtime.LITERT_BUILTIN)
    np.testing.assert_allclose(got, exported.float_logits(inputs), rtol=1e-4, atol=1e-5)


def test_operators_are_listed_with_versions_that_old_runtimes_know(exported: Any) -> None:
    versions = {use.name: use.version for use in exported.model.operators}
    assert versions["CONV_2D"] <= 3
    assert versions["DEPTHWISE_CONV_2D"] <= 3
    graph = read_model(exported.model.int8_tflite).main
    assert sum(use.count for use in exported.model.operators) == len(graph.operators)


def test_the_converter_adds_no_operators_of_its_own_but_padding(exported: Any) -> None:
    counts = {use.name: use.count for use in exported.model.operators}
    assert counts.pop("PAD") == 3
    assert counts == {
        "STRIDED_SLICE": 2,
        "AVERAGE_POOL_2D": 1,
        "CONCATENATION": 1,
        "CONV_2D": 9,
        "DEPTHWISE_CONV_2D": 2,
        "MEAN": 3,
        "LOGISTIC": 2,
        "MUL": 2,
        "FULLY_CONNECTED": 1,
    }


def test_dense_weights_have_one_scale_and_convolutions_one_a_channel(exported: Any) -> None:
    graph = read_model(exported.model.int8_tflite).main
    per_axis = {}
    for operator in graph.operators:
        if operator.name in ("FULLY_CONNECTED", "CONV_2D"):
            weights = graph.tensors[operator.inputs[1]].quantisation
            assert weights is not None
            per_axis[operator.name] = weights.per_axis
    assert per_axis == {"FULLY_CONNECTED": False, "CONV_2D": True}


def test_layers_carry_the_paths_of_the_torch_modules(exported: Any) -> None:
    graph = read_model(exported.model.int8_tflite).main
    names = dict(exported.model.layer_names)
    modules = dict(exported.module.named_modules())
    weighted = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    found = {
        names[graph.tensors[operator.outputs[0]].name]: operator.name
        for operator in graph.operators
        if operator.name in weighted
    }
    convolutions = {
        name for name, each in modules.items() if isinstance(each, nn.Conv2d | nn.Linear)
    }
    assert set(found) == convolutions
    assert found["blocks.0.depthwise.0"] == "DEPTHWISE_CONV_2D"
    assert found["classifier"] == "FULLY_CONNECTED"


def test_the_record_tells_how_it_was_made(exported: Any) -> None:
    model = exported.model
    assert model.sha256 == hashlib.sha256(model.int8_tflite).hexdigest()
    assert model.calibration_samples == 48
    assert {"torch", "onnx2tf", "tensorflow"} <= dict(model.versions).keys()
    assert exported.stages == ["ONNX graph", "TensorFlow Lite", "verification"]
    assert sum(seconds for _, seconds in model.seconds) < 60.0


def test_a_second_export_gives_the_same_bytes_and_leaves_nothing_behind(
    exported: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    visits: list[str],
) -> None:
    here, work, home = (tmp_path / name for name in ("here", "work", "home"))
    for folder in (here, work, home):
        folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))
    monkeypatch.chdir(here)
    # onnxruntime leaves a device's identity at home when it reports to its makers.
    monkeypatch.setenv("HOME", str(home))
    for name in ("CI", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    exported.module.train()
    before = {name: value.clone() for name, value in exported.module.state_dict().items()}
    again = export_int8(
        exported.module,
        input_shape_nchw=exported.shape,
        representative=exported.calibration,
        input_scale=exported.scale,
        work_dir=work,
    )
    assert again.int8_tflite == exported.model.int8_tflite
    assert again.float_tflite == exported.model.float_tflite
    assert visits == []
    assert list(here.iterdir()) == []
    assert [path for path in home.rglob("*") if path.is_file()] == []
    assert list(work.iterdir()) == []
    assert capfd.readouterr().out == ""
    assert exported.module.training
    for name, value in exported.module.state_dict().items():
        assert torch.equal(value, before[name])


class _Sine(nn.Module):
    """TFLite has SIN in float only."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.convolution(x)).mean((2, 3))


class _ErrorFunction(nn.Module):
    """TFLite has no ERF at all."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.erf(x.mean((2, 3)))


@pytest.mark.parametrize(("network", "names"), [(_Sine, "Sin"), (_ErrorFunction, "FlexErf")])
def test_a_layer_without_int8_form_is_refused_by_name_and_nothing_is_fetched(
    network: type[nn.Module],
    names: str,
    calibration: Calibration,
    visits: list[str],
    tmp_path: Path,
) -> None:
    # Three planes look like a picture to onnx2tf, which would fetch some to try the graph on.
    shape = (1, 3, 12, 10)
    with pytest.raises(CheckFailed, match=names):
        export_int8(
            network(),
            input_shape_nchw=shape,
            representative=calibration(8, shape, seed=3),
            work_dir=tmp_path,
        )
    assert visits == []
    assert list(tmp_path.iterdir()) == []


class _Unexportable(nn.Module):
    """ONNX has no singular values."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.svdvals(x[0, 0])[None]


def test_what_onnx_cannot_express_is_refused_without_a_word_on_stdout(
    calibration: Calibration, capfd: pytest.CaptureFixture[str]
) -> None:
    shape = (1, 1, 6, 6)
    with pytest.raises(CheckFailed, match="svd"):
        export_int8(
            _Unexportable(), input_shape_nchw=shape, representative=calibration(4, shape, seed=4)
        )
    assert capfd.readouterr().out == ""


def test_an_unusable_work_folder_is_named(calibration: Calibration, tmp_path: Path) -> None:
    shape = (1, 3, 12, 10)
    with pytest.raises(BadInput, match="nowhere"):
        export_int8(
            _Sine(),
            input_shape_nchw=shape,
            representative=calibration(4, shape, seed=5),
            work_dir=tmp_path / "nowhere",
        )
