"""`edgeser bench --device edgetpu` where there is none, as on most machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.cli import app
from quantize.edgetpu.hardware import find_edge_tpus

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
