"""`edgeser export --form`: one library of several models, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Edgeser

MODEL = Path(__file__).parents[2] / "vectors" / "amplitude_phase_int8.tflite"
FIRMWARE = ("export", MODEL, "--target", "firmware")


def test_two_models_become_one_library(edgeser: Edgeser, tmp_path: Path) -> None:
    names = ("--name", "one", "--name", "Two", "--library", "both")
    out = tmp_path / "there"
    ran = edgeser(*FIRMWARE, MODEL, "--form", "zephyr", *names, "--out", out, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["schema"] == "edgeser.export-library/1"
    assert (told["form"], told["library"]) == ("zephyr", "both")
    assert [model["prefix"] for model in told["models"]] == ["one", "Two"]
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == {
        *told["files"], "manifest.json"
    }  # fmt: skip
    assert (out / "src" / "both" / "Two.c").is_file()
    again = edgeser(*FIRMWARE, "--form", "cmake", cwd=tmp_path)
    assert again.code == 0, again.err
    assert "edgeser_amplitude_phase_int8" in again.out
    assert (tmp_path / "firmware-cmake" / "CMakeLists.txt").is_file()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((MODEL,), "more than one SOURCE or --name is for a library"),
        (("--library", "x"), "--library is for a library"),
        ((MODEL, "--form", "cmake", "--name", "x"), "2 models and 1 --name"),
        (("--form", "cmake", "--name", "int"), "--name 'int' cannot name a model"),
        (("--form", "cmake", "--library", "log"), "--library log cannot name a library"),
        (("--form", "cmake", "--board", "mps2-an386"), "leave out --board"),
        ((MODEL, "--form", "cmake"), "two of the models have amplitude_phase_int8"),
        (("--form", "makefile"), "'makefile' is not one of"),
    ],
)
def test_what_does_not_go_together_is_refused(
    given: tuple[object, ...], told: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    ran = edgeser(*FIRMWARE, *given, cwd=tmp_path)
    assert ran.code == 2
    assert told in ran.err
    assert not list(tmp_path.iterdir())


def test_a_form_is_for_firmware(edgeser: Edgeser) -> None:
    ran = edgeser("export", MODEL, "--form", "cmake")
    assert ran.code == 2
    assert "--form is for --target firmware" in ran.err
