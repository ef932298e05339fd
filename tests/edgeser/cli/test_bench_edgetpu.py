"""`edgeser bench --device edgetpu` where there is none, as on most machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.cli import app
from edgeser.targets.host import OnHost
from quantize.edgetpu.hardware import Attachment, Backend, EdgeTpu, find_edge_tpus
from quantize.edgetpu.on_edge_tpu import EdgeTpuTimes
from quantize.foundation.measurement import Evidence, Measurement

Edgeser = Callable[..., Any]


def test_without_an_edge_tpu_it_says_what_to_do(edgeser: Edgeser, shared: Path) -> None:
    if find_edge_tpus():
        pytest.skip("there is an Edge TPU here")
    model = shared / "edgetpu_models" / "testconv1-edgetpu.tflite"
    ran = edgeser("bench", model, "--device", "edgetpu")
    assert (ran.code, ran.out) == (3, "")
    assert "no Edge TPU is attached" in ran.err
    assert "edgeser estimate" in ran.err


def test_parity_without_an_edge_tpu_says_so_before_it_reads_anything(
    edgeser: Edgeser, tmp_path: Path
) -> None:
    if find_edge_tpus():
        pytest.skip("there is an Edge TPU here")
    ran = edgeser("parity", tmp_path, "--device", "edgetpu")
    assert (ran.code, ran.out) == (3, "")
    assert "no Edge TPU is attached" in ran.err


def test_against_is_for_the_edge_tpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert app._run(["bench", "x.tflite", "--against", "y.tflite"]) == 2
    assert "--against is for --device edgetpu" in capsys.readouterr().err


@pytest.fixture
def mlperf(shared: Path) -> Path:
    return shared / "mlperf_tiny" / "kws_ref_model.tflite"


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for an Edge TPU: 1 to 2 ms, one label of ten flips, up to five steps off."""
    model = np.zeros((10, 6), np.int8)
    model[:, 0] = 9
    outputs = model.copy()
    outputs[0, :2] = (4, 5)
    usb = EdgeTpu(Attachment.USB, Path("/dev/bus/usb/001/002"), True, None)
    first = Measurement(3.0, "ms", Evidence.MEASURED, "a stand-in")

    def time(data: bytes, **_: Any) -> EdgeTpuTimes:
        return EdgeTpuTimes(np.linspace(1.0, 2.0, 11), first, None)

    monkeypatch.setattr("quantize.edgetpu.hardware.find_edge_tpus", lambda: (usb,))
    monkeypatch.setattr("quantize.edgetpu.hardware.pick_backend", lambda: Backend.LITERT)
    monkeypatch.setattr("quantize.edgetpu.on_edge_tpu.time_on_edge_tpu", time)
    monkeypatch.setattr(
        "quantize.edgetpu.on_edge_tpu.outputs_of_edge_tpu", lambda *_, **__: outputs
    )
    monkeypatch.setattr(OnHost, "outputs", lambda *_: model)


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(("limit", "held"), [("1.95", True), ("1.85", False)])
def test_its_90th_percentile_is_held_to_the_budget_and_every_check_is_a_case(
    limit: str,
    held: bool,
    mlperf: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, junit, markdown = (tmp_path / name for name in ("m.tflite", "x.xml", "x.md"))
    model.write_bytes(mlperf.read_bytes())
    plain = mlperf
    command = ["bench", str(model), "--against", str(plain), "--device", "edgetpu", "--json"]
    command += ["--max-latency", limit]
    assert app._run([*command, "--junit", str(junit), "--markdown", str(markdown)]) == 1
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert result["passed"] is False
    (result,) = result["results"]
    assert result["target"]["kind"] == "edgetpu"
    assert result["parity"]["within_tolerances"]["max_lsb"]["value"] == 5
    assert result["parity"]["within_tolerances"]["label_flip_rate"]["value"] == 0.1
    assert result["budgets"][0]["value"]["value"] == pytest.approx(1.9)
    assert result["budgets"][0]["passed"] is held
    assert ("budget broken: latency is 1.9 ms" in shown.err) is not held
    text = junit.read_text()
    assert f'tests="4" failures="{2 if held else 3}"' in text
    assert "up to 5 steps" in text and "4 steps are allowed" in text and "5.0 % may flip" in text
    assert ("within" in markdown.read_text()) is held


@pytest.mark.usefixtures("stand_in")
def test_memory_is_no_budget_of_an_edge_tpu(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "m.tflite", "--device", "edgetpu", "--max-latency", "9"]
    assert app._run([*command, "--max-memory", "9"]) == 2
    assert "--max-memory is for --device host, not --device edgetpu" in capsys.readouterr().err
