"""What the prediction's page and its JSON say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.report.estimate import fit_page
from edgeser.report.schemas.estimate import ESTIMATE_SCHEMA, estimate_json
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.package import read_compiled
from quantize.tflite import read_model

DOCS = Path(__file__).resolve().parents[3] / "docs"
Edgeser = Callable[..., Any]


def test_the_page_is_in_step() -> None:
    written = (DOCS / "edgetpu-estimate.md").read_text("utf-8")
    assert written == fit_page(), "run: edgeser estimate --fit > docs/edgetpu-estimate.md"


def test_the_page_tells_the_truth_of_the_pairs(shared: Path) -> None:
    rows = re.findall(r"^\| (\w[\w.]*) \| ([\d,| ]+) \|$", fit_page(), re.MULTILINE)
    assert len(rows) == 4
    for name, cells in rows:
        found = estimate(read_model(shared / "edgetpu_models" / f"{name}.tflite"))
        file = read_compiled(read_model(shared / "edgetpu_models" / f"{name}_edgetpu.tflite"))
        numbers = [int(cell.replace(",", "")) for cell in cells.split("|")]
        assert numbers == [
            found.parameter_bytes.value,
            file.cached_bytes + file.streamed_bytes,
            found.instruction_bytes.value,
            file.instruction_bytes,
        ]


def test_json_is_documented(shared: Path) -> None:
    model = read_model(shared / "edgetpu_models" / "split_concat.tflite")
    value = estimate_json(estimate(model))
    lines = (DOCS / "command-json.md").read_text("utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{ESTIMATE_SCHEMA}` |")]
    for key in {*value, *value["fit"]} - {"schema"}:
        assert f"`{key}`" in row or f"`{key}[]`" in row, key


def test_the_command(edgeser: Edgeser, shared: Path) -> None:
    model = shared / "edgetpu_models" / "mobilenet_v1_0.25_128_quant.tflite"
    ran = edgeser("estimate", model, "--link", "micro")
    assert (ran.code, ran.err) == (0, "")
    assert "over micro: 31 of 31 operators map" in ran.out
    assert "predicted" in ran.out
    assert edgeser("estimate", model.with_name("model_invoking_error.tflite")).code == 1
    assert edgeser("estimate").code == 2


def test_the_command_prints_the_page(edgeser: Edgeser) -> None:
    assert edgeser("estimate", "--fit").out == fit_page()


@pytest.mark.parametrize("link", ["usb3", "usb2", "micro"])
def test_compiled_files_too(edgeser: Edgeser, shared: Path, link: str) -> None:
    model = shared / "edgetpu_models" / "testconv1-edgetpu.tflite"
    ran = edgeser("estimate", model, "--link", link)
    assert ran.code == 0
    assert "not counted: compute" in ran.out
