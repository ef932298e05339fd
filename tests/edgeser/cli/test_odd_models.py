"""Models with something odd, unread or fatal, as a user meets them at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def case(shared: Path) -> Callable[[str], Path]:
    """The path of a model of the cases."""

    def path_of(name: str) -> Path:
        path = shared / "cases" / "models" / f"{name}.tflite"
        if not path.is_file():
            pytest.skip("this folder of real models holds no cases")
        return path

    return path_of


def test_an_abort_costs_the_arena_alone(edgeser: Any, case: Any) -> None:
    ran = edgeser("bench", case("F5_softmax_no_options"), "--json")
    (found,) = json.loads(ran.out)["results"]
    assert ran.code == 0
    assert found["figures"]["inference_p50_ms"]["value"] > 0
    assert "arena_bytes" not in found["figures"]
    assert "SIGABRT" in found["no_arena"]
    assert "operator 3 SOFTMAX" in found["no_arena"]
    assert found["oddities"][0]["what"].startswith("its beta is 0")


def test_a_model_that_every_runtime_dies_of_is_bad_input(edgeser: Any, case: Any) -> None:
    ran = edgeser("bench", case("AD_add_multiplier"))
    assert ran.code == 2
    assert "at operator 2 ADD (functional_1/add_1/Add)" in ran.err


def test_several_inputs_are_timed(edgeser: Any, case: Any) -> None:
    ran = edgeser("bench", case("R_two_inputs"), "--json")
    assert ran.code == 0
    (found,) = json.loads(ran.out)["results"]
    assert found["figures"]["arena_bytes"]["value"] > 0


def test_signatures_are_shown_apart_and_what_is_timed_is_said(edgeser: Any, case: Any) -> None:
    path = case("K_two_signatures")
    shown = edgeser("inspect", path).out
    assert "subgraph 0 of 2 (signature 'decode')" in shown
    assert "subgraph 1 of 2 (signature 'encode')" in shown
    assert "\n0.0  FULLY_CONNECTED" in shown
    assert "\n1.0  FULLY_CONNECTED" in shown
    graphs = json.loads(edgeser("inspect", path, "--json").out)["subgraphs"]
    assert [graph["macs"]["value"] for graph in graphs] == [128, 128]
    assert "timed: subgraph 0 of 2 (signature 'decode')" in edgeser("bench", path).out


def test_what_is_missing_for_int8_is_named(edgeser: Any, case: Any) -> None:
    shown = edgeser("inspect", case("FX_flex_add_int8")).out
    assert "fully int8: no" in shown
    assert "tensor 'serving_default_x:0' is int8 without a scale" in shown


@pytest.mark.parametrize(
    ("name", "said", "advice"),
    [
        ("SP2_sparse_float", "is sound, but edgeser does not read it", "without sparsity"),
        ("A_inf_scale", "cannot be used", "calibrate with other data"),
    ],
)
def test_what_is_not_read_is_shown_with_the_reason(
    edgeser: Any, case: Any, name: str, said: str, advice: str
) -> None:
    path = case(name)
    for verb in ("lint", "estimate", "bench"):
        ran = edgeser(verb, path)
        assert ran.code == 2
        assert said in ran.err
        assert advice in ran.err
    shown = edgeser("inspect", path)
    assert shown.code == 0
    assert advice in shown.out
    assert json.loads(edgeser("inspect", path, "--json").out)["not_read"]


def test_a_field_that_disagrees_stops_a_firmware(edgeser: Any, case: Any, tmp_path: Path) -> None:
    path = case("V_depth_multiplier0")
    ran = edgeser("export", path, "--target", "firmware", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "operator 1 DEPTHWISE_CONV_2D" in ran.err
    assert "its depth_multiplier is 0, where its weights imply 1" in ran.err
    assert "depth_multiplier is 0" in edgeser("lint", path).err
