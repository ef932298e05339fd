"""MLPerf Tiny's models as firmware: the bytes of TFLite-Micro, within the figures to beat."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.emulator import BuiltFirmware, build_firmware, running_emulator
from firmware_bridge.project import ModelSources, self_test_input, write_project
from quantize.runtimes import Runtime, run_model

WRITE, INFER, READ, PROFILE, MEMORY, SELF_TEST = 5, 6, 7, 8, 10, 11


@dataclass(frozen=True)
class Limits:
    """Figures of TFLite-Micro for flash and arena, ours for instructions."""

    instructions: int
    text_bytes: int
    arena_bytes: int


MODELS = {
    "kws_ref_model": Limits(10_000_000, 99_800, 22_800),
    "ad01_int8": Limits(700_000, 340_000, 22_800),
}


@dataclass(frozen=True)
class Case:
    data: bytes
    compiled: CompiledModel
    built: BuiltFirmware
    limits: Limits


@pytest.fixture(scope="module", params=MODELS)
def case(request: pytest.FixtureRequest, shared: Path, tmp_path_factory, emulated_firmware) -> Case:
    data = (shared / "mlperf_tiny" / f"{request.param}.tflite").read_bytes()
    compiled = compile_model(data, request.param)
    count = compiled.input.elements
    given = self_test_input(count).reshape(1, *compiled.input.shape[1:])
    project = write_project(
        tmp_path_factory.mktemp(request.param) / "project",
        board=MPS2_AN500,
        model=ModelSources(
            name=compiled.name,
            hash=compiled.sha256,
            header=compiled.header,
            source=compiled.source,
        ),
        self_test_output=run_model(data, given, runtime=Runtime.TFLITE_MICRO).tobytes(),
    )
    return Case(
        data, compiled, build_firmware(project.directory, MPS2_AN500), MODELS[request.param]
    )


def test_device_gives_the_bytes_of_tflite_micro_within_the_limits(case: Case, talk_to) -> None:
    inputs = np.random.default_rng(8).integers(
        -128, 128, (3, *case.compiled.input.shape[1:]), dtype=np.int8
    )
    expected = run_model(case.data, inputs, runtime=Runtime.TFLITE_MICRO)
    with running_emulator(case.built.emulated_elf, MPS2_AN500) as transport:
        device = talk_to(transport)
        assert device.request(SELF_TEST)[0] == 1
        counts = []
        for given, wanted in zip(inputs, expected, strict=True):
            data = given.tobytes()
            for at in range(0, len(data), 1000):
                device.request(WRITE, struct.pack("<I", at) + data[at : at + 1000])
            counts.append(struct.unpack("<I", device.request(INFER))[0])
            output = device.request(READ, struct.pack("<IH", 0, wanted.size))
            assert output == wanted.tobytes()
        _, stack_used, arena, _, _ = struct.unpack("<5I", device.request(MEMORY))
    assert MPS2_AN500.instructions(max(counts)) <= case.limits.instructions
    assert case.built.text_bytes <= case.limits.text_bytes
    assert arena <= case.limits.arena_bytes
    assert stack_used < 2048
