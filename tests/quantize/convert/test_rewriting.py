"""Graphs of TensorFlow written anew: they give the same, by operators that have an int8 form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = Path(__file__).with_name("rewritten_program.py")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program says: TensorFlow is loaded once, in a process of its own."""
    command = [sys.executable, "-P", str(_PROGRAM), str(tmp_path_factory.mktemp("rewritten"))]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    out: dict[str, Any] = json.loads(ran.stdout)
    return out


@pytest.mark.parametrize(
    ("name", "gone", "apart"),
    [
        ("loop", "While TensorListFromTensor TensorListStack StatelessWhile", 1e-6),
        ("tile", "Tile", 0),
        ("softplus", "Softplus Log", 5.5e-4),
        ("selu", "Selu", 1e-5),
        ("softsign", "Softsign RealDiv", 1e-5),
        ("erf", "Erf", 5e-4),
        ("erfc", "Erfc", 5e-4),
        ("clipped", "", 2e-7),
        ("length", "RealDiv Sqrt", 1e-5),
        ("positive", "RealDiv", 1e-5),
        ("log sigmoid", "Log Sigmoid", 5.5e-4),
        ("split", "Split", 0),
        ("normalised", "Neg", 1e-4),
        ("log of a sum", "", 1e-6),
        ("log1p", "Log1p", 1e-6),
        ("log of a maximum", "", 1e-6),
        ("sliced deeply", "", 0),
    ],
)
def test_what_has_no_int8_form_is_written_by_others(
    name: str, gone: str, apart: float, said: dict[str, Any]
) -> None:
    found = said[name]
    assert not set(gone.split()) & set(found["kinds"])
    assert found["apart"] <= apart
    assert not found["same"]


def test_a_graph_that_needs_nothing_stays_what_it_is(said: dict[str, Any]) -> None:
    assert said["plain"]["same"]
    assert "RealDiv" in said["any division"]["kinds"]
    assert said["any division"]["apart"] == 0


def test_places_are_int32(said: dict[str, Any]) -> None:
    assert said["gathered"]["places"] == ["int32"]
    assert said["gathered"]["apart"] == 0


def test_a_loop_that_cannot_be_unrolled_is_named(said: dict[str, Any]) -> None:
    assert "turns as often as its input says" in said["turns"]
    assert said["long"].startswith("layer ") and said["long"].endswith("more than 128 turns")


def test_slices_of_many_axes_are_slices_of_three(said: dict[str, Any]) -> None:
    assert said["sliced deeply"]["sliced"] == [3, 4]
    assert said["plain"]["sliced"] == []


@pytest.mark.parametrize("name", ["log of a sum", "log1p", "log of a maximum"])
def test_what_a_logarithm_is_taken_of_is_in_its_table(name: str, said: dict[str, Any]) -> None:
    assert said[name]["within"] == 1


def test_a_range_is_the_tensors_own(said: dict[str, Any]) -> None:
    assert said["measured"]["found"] == pytest.approx(said["measured"]["wanted"], rel=1e-6)
    assert said["measured"]["taken"] == pytest.approx(said["measured"]["given"], rel=1e-6)


def test_a_function_takes_rows_where_it_looked_them_up(said: dict[str, Any]) -> None:
    found = said["looked up"]
    assert found["shapes"] == [[1, 5, 4], [1, 5, 4]]
    assert found["table"]
    assert found["same"]
    assert set(found["others"].values()) == {0}
