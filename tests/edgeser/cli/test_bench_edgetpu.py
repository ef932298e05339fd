"""`edgeser bench --device edgetpu` where there is none, as on most machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.cli import app
from quantize.edgetpu.device import EdgeTpuBench
from quantize.edgetpu.difference import OutputDifference, Tolerances
from quantize.edgetpu.hardware import Attachment, Backend, EdgeTpu, find_edge_tpus
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
def stand_in(monkeypatch: pytest.MonkeyPatch) -> OutputDifference:
    """A stand-in for an Edge TPU: 1 to 2 ms, one label of ten flips, up to five steps off."""
    usb = EdgeTpu(Attachment.USB, Path("/dev/bus/usb/001/002"), True, None)
    found = OutputDifference(10, 60, ((-5, 1), (0, 59)), 1, Tolerances())
    first = Measurement(3.0, "ms", Evidence.MEASURED, "a stand-in")

    def bench(data: bytes, *, name: str, **_: Any) -> EdgeTpuBench:
        times = np.linspace(1.0, 2.0, 11)
        return EdgeTpuBench(name, "a stand-in", Backend.LITERT, times, first, None, found)

    monkeypatch.setattr("quantize.edgetpu.hardware.find_edge_tpus", lambda: (usb,))
    monkeypatch.setattr("quantize.edgetpu.hardware.pick_backend", lambda: Backend.LITERT)
    monkeypatch.setattr("quantize.edgetpu.device.bench_on_edge_tpu", bench)
    return found


@pytest.mark.parametrize(("limit", "held"), [("1.95", True), ("1.85", False)])
def test_its_90th_percentile_is_held_to_the_budget_and_every_check_is_a_case(
    limit: str,
    held: bool,
    stand_in: OutputDifference,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, junit, markdown = (tmp_path / name for name in ("m.tflite", "x.xml", "x.md"))
    model.write_bytes(b"a model")
    command = ["bench", str(model), "--device", "edgetpu", "--max-latency", limit, "--json"]
    assert app._run([*command, "--junit", str(junit), "--markdown", str(markdown)]) == 1
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert result["passed"] is False
    assert result["budgets"][0]["value"]["value"] == pytest.approx(1.9)
    assert result["budgets"][0]["passed"] is held
    assert ("budget broken: latency is 1.9 ms" in shown.err) is not held
    text = junit.read_text()
    assert f'tests="4" failures="{2 if held else 3}"' in text
    assert "up to 5 steps" in text and "4 steps are allowed" in text and "5.0 % may flip" in text
    assert ("within" in markdown.read_text()) is held


def test_memory_is_no_budget_of_an_edge_tpu(
    stand_in: OutputDifference, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "m.tflite", "--device", "edgetpu", "--max-latency", "9"]
    assert app._run([*command, "--max-memory", "9"]) == 2
    assert "--max-memory is for --device host, not --device edgetpu" in capsys.readouterr().err
