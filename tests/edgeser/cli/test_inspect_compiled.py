"""`edgeser inspect` on files that are compiled for the Edge TPU."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeser.report.schemas.compiled import compiled_json
from quantize.edgetpu.package import read_compiled
from quantize.tflite import read_model

Edgeser = Callable[..., Any]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "command-json.md"


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "edgetpu_models"


def test_a_compiled_file_for_people(edgeser: Edgeser, models: Path) -> None:
    ran = edgeser("inspect", models / "deeplabv3_mnv2_dm05_pascal_quant_edgetpu.tflite")
    assert ran.code == 0
    assert "runtime 12 at least" in ran.out
    assert "766,720 bytes of parameters cached, 0 streamed; 160,672 bytes" in ran.out
    assert "operators on the CPU: 8" in ran.out
    assert "Coral Dev Board Micro: can run it" in ran.out


def test_why_the_micro_cannot_run_it(edgeser: Edgeser, models: Path) -> None:
    ran = edgeser("inspect", models / "keras_lstm_mnist_ptq_edgetpu.tflite")
    assert "Coral Dev Board Micro: cannot run it" in ran.out
    assert "DMA hints are not deterministic" in ran.out


def test_json_of_a_compiled_file(edgeser: Edgeser, models: Path) -> None:
    ran = edgeser("inspect", "--json", models / "voice_commands_v0.7_edgetpu.tflite")
    value = json.loads(ran.out)
    assert value["schema"] == "edgeser.inspect/1"
    (package,) = value["edgetpu"]["packages"]
    assert package["min_runtime_version"] == 10
    assert package["executables"][0]["estimated_cycles"] == 170_853
    plain = edgeser("inspect", "--json", models / "split_concat.tflite")
    assert "edgetpu" not in json.loads(plain.out)


def paths(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict) and "evidence" not in value:
        for key, member in value.items():
            yield from paths(member, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and value:
        for member in value:
            yield from paths(member, f"{at}[]")
    elif not isinstance(value, list):
        yield at


def test_every_key_is_documented_and_every_documented_key_is_there(models: Path) -> None:
    found: set[str] = set()
    for path in models.glob("*edgetpu.tflite"):
        found |= set(paths(compiled_json(read_compiled(read_model(path)))))
    found = {path.replace("outputs[]", "inputs[]") for path in found}
    section = DOCS.read_text("utf-8").partition("## `edgetpu`")[2]
    assert found == set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))
