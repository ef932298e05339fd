"""`edgeser export --target firmware`: the names that it gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OWN = Path(__file__).parents[2] / "vectors" / "amplitude_phase_int8.tflite"

Edgeser = Callable[..., Any]


def export(edgeser: Edgeser, folder: Path, *more: object, source: Path = OWN) -> Any:
    return edgeser("export", source, "--target", "firmware", "--out", folder, "--json", *more)


def test_a_name_is_prefix_model_and_device(edgeser: Edgeser, tmp_path: Path) -> None:
    ran = export(edgeser, tmp_path / "p", "--name", "kws01")
    assert ran.code == 0, ran.err
    value = json.loads(ran.out)
    assert (value["name"], value["prefix"]) == ("kws01", "kws01")
    assert {"model/kws01.h", "model/kws01.c", "runtime/include/model.h"} <= set(value["files"])
    header = (tmp_path / "p" / "model" / "kws01.h").read_text()
    assert '#define KWS01_NAME "kws01"\n' in header
    assert (
        '#define APP_NAME "kws01"\n'
        in (tmp_path / "p" / "runtime" / "include" / "app_config.h").read_text()
    )
    readme = (tmp_path / "p" / "README.md").read_text()
    assert "KWS01_ARENA_BYTES" in readme and "PREFIX" not in readme and "MACRO" not in readme


@pytest.mark.parametrize(
    ("file", "prefix"),
    [("my model-2.tflite", "my_model_2"), ("float.tflite", "model_float"), ("m.tflite", "m")],
)
def test_the_files_name_is_the_default(
    file: str, prefix: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    source = tmp_path / file
    source.write_bytes(OWN.read_bytes())
    value = json.loads(export(edgeser, tmp_path / "p", source=source).out)
    assert value["prefix"] == prefix
    assert f"model/{prefix}.h" in value["files"]
    config = (tmp_path / "p" / "runtime" / "include" / "app_config.h").read_text()
    assert "#define APP_NAME port_board\n" in config


@pytest.mark.parametrize(
    ("name", "reason"),
    [("9a", "no identifier"), ("class", "keyword"), ("", "empty"), ("i8_x", "belong"),
     ("\x1b[1m", "no identifier")],
)  # fmt: skip
def test_a_bad_name_is_a_usage_error_that_says_why(
    name: str, reason: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    ran = export(edgeser, tmp_path / "p", f"--name={name}")
    assert ran.code == 2
    assert "--name" in ran.err and reason in ran.err and "\x1b" not in ran.err
    assert not (tmp_path / "p").exists()
