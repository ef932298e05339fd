"""`parity` and `bench` of a .tflite by itself: several inputs, state over a sequence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.pipeline.exports.firmware import program_of
from edgeser.pipeline.parity.outputs import compare_outputs_with_host, random_inputs
from edgeser.targets import EMULATOR
from edgeser.targets.attached import AttachedDevice
from firmware_bridge.boards import HOST
from firmware_bridge.compiler import compile_model
from firmware_bridge.emulator import build_firmware, running_on_host
from firmware_bridge.link import Device, Session
from firmware_bridge.project import ModelSources, write_project
from tests.firmware_bridge.compiler.state_models import StateBuilder, with_first_values

Edgeser = Callable[..., Any]

emulated = pytest.mark.skipif(
    not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm", "make"))),
    reason="needs gcc-arm-none-eabi, qemu-system-arm and make",
)


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "cases" / "models"


@emulated
def test_bench_of_a_wake_word_is_over_a_sequence(edgeser: Edgeser, models: Path) -> None:
    ran = edgeser("bench", models / "mww2_okay_nabu.tflite", "--device", "emulator", "--json")
    assert ran.code == 0, ran.err
    value = result(ran)
    assert value["parity"]["passed"] is True
    assert value["parity"]["source"] == "random inputs, one after another from a reset,"
    sizes = {part["name"]: part["size"]["value"] for part in value["memory"]}
    assert (sizes["state"], sizes["arena"]) == (3472, 3008)


@emulated
def test_parity_of_two_inputs_holds_the_device_to_the_host(edgeser: Edgeser, models: Path) -> None:
    model = models / "R_two_inputs.tflite"
    ran = edgeser("parity", model, "--device", "emulator", "--clips", 12)
    assert ran.code == 0, ran.err
    said = "12 random inputs went in on both sides: 0 of 48 output values differ from the host."
    assert " ".join(ran.out.split()) == said


def test_the_host_times_both_kinds(edgeser: Edgeser, models: Path) -> None:
    for name in ("mww2_okay_nabu", "R_two_inputs"):
        ran = edgeser("bench", models / f"{name}.tflite", "--json")
        assert ran.code == 0, ran.err
        assert result(ran)["figures"]["inference_p50_ms"]["value"] > 0


def test_a_tflite_has_no_parity_of_its_own(edgeser: Edgeser, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(b"")
    ran = edgeser("parity", model)
    assert ran.code == 2
    assert "give a bundle or run, or --device emulator" in " ".join(ran.err.split())
    ran = edgeser("parity", model, "--device", "emulator", "--corpus", "synthetic:x")
    assert ran.code == 2
    assert "--corpus is for bundles and runs" in ran.err


def result(ran: Any) -> dict[str, Any]:
    (found,) = json.loads(ran.out)["results"]
    assert isinstance(found, dict)
    return found


def doubled(factor: int) -> bytes:
    """The sum of what went in, times a factor, and what came before."""
    builder = StateBuilder()
    handles = with_first_values(builder, {"sum": np.zeros((1, 4), np.int8)}, scale=1.0)
    x = builder.tensor((1, 4), scale=1.0)
    weights = np.array([[factor]], np.int8) * np.eye(4, dtype=np.int8)
    y, total = (builder.tensor((1, 4), scale=1.0) for _ in range(2))
    fixed = builder.tensor((4, 4), scale=0.01, data=weights)
    builder.operator("FULLY_CONNECTED", (x, fixed), (y,), "FullyConnected")
    builder.operator("ADD", (y, builder.read(handles["sum"], x)), (total,), "Add")
    builder.assign(handles["sum"], total)
    return builder.build((x,), (total,))


def test_what_differs_is_named_by_step_and_layer(tmp_path: Path) -> None:
    """A device that runs another model of the same kind: weights of 100 for 60."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    other = compile_model(doubled(100), "m")
    write_project(
        tmp_path / "p",
        board=HOST,
        model=ModelSources(name="m", hash=other.sha256, header=other.header, source=other.source),
    )
    program = build_firmware(tmp_path / "p", HOST).emulated_elf
    ours = compile_model(doubled(60), "m")
    with running_on_host(program) as transport:
        found = AttachedDevice(Device(Session(transport)), ours, EMULATOR)
        zeros = np.zeros((2, 4), np.int8)
        mine, theirs = (program_of(doubled(factor)) for factor in (60, 100))
        inputs = [np.concatenate([zeros, *random_inputs(mine, 3)])]
        parity = compare_outputs_with_host(mine, found, inputs)
        assert compare_outputs_with_host(theirs, found, inputs).passed
    assert not parity.passed
    assert parity.first_difference.startswith("input 2, output byte ")
    assert "first at subgraph 0, operator 2 FULLY_CONNECTED" in parity.first_difference
