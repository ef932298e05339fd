"""`edgeser lint` as a user runs it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Edgeser = Callable[..., Any]


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "edgetpu_models"


def test_a_model_that_maps_whole(edgeser: Edgeser, models: Path) -> None:
    ran = edgeser("lint", models / "mobilenet_v1_0.25_128_quant.tflite")
    assert (ran.code, ran.err) == (0, "")
    assert "all 31 operators map to the Edge TPU" in ran.out


def test_a_model_that_does_not(edgeser: Edgeser, models: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "models").mkdir(parents=True)
    (repository / ".git").mkdir()
    model = repository / "models" / "deeplab.tflite"
    shutil.copy(models / "deeplabv3_mnv2_dm05_pascal_quant.tflite", model)
    sarif, markdown = tmp_path / "x.sarif", tmp_path / "x.md"
    ran = edgeser("lint", model, "--json", "--sarif", sarif, "--markdown", markdown, cwd=tmp_path)
    assert ran.code == 1
    assert "edgeser: lint failed: 64 of 72 operators map to the Edge TPU" in ran.err
    assert json.loads(ran.out)["mapped"] == 64
    result = json.loads(sarif.read_text())["runs"][0]["results"][0]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "models/deeplab.tflite"
    assert "64 of 72" in markdown.read_text()


def test_the_rules_as_a_page(edgeser: Edgeser) -> None:
    ran = edgeser("lint", "--rules")
    assert ran.code == 0
    assert ran.out.startswith("# Rules of the Edge TPU\n")


def test_usage_and_bad_input(edgeser: Edgeser, models: Path) -> None:
    assert edgeser("lint").code == 2
    ran = edgeser("lint", models / "testconv1-edgetpu.tflite")
    assert (ran.code, ran.out) == (2, "")
    assert "compiled for the Edge TPU already" in ran.err
