"""MLPerf Tiny's models as firmware: the bytes of TFLite-Micro, within the figures to beat."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.boards import HOST, MPS2_AN500, Board
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.emulator import (
    BuiltFirmware,
    build_firmware,
    running_emulator,
    running_on_host,
)
from firmware_bridge.link import DeviceRefusal, MlperfRunner, Patience
from firmware_bridge.link.transport import Transport
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
    built = build(data, compiled, MPS2_AN500, tmp_path_factory.mktemp(request.param))
    return Case(data, compiled, built, MODELS[request.param])


def build(data: bytes, compiled: CompiledModel, board: Board, folder: Path) -> BuiltFirmware:
    given = self_test_input(compiled.input.elements).reshape(1, *compiled.input.shape[1:])
    project = write_project(
        folder / "project",
        board=board,
        model=ModelSources(
            name=compiled.name,
            hash=compiled.sha256,
            header=compiled.header,
            source=compiled.source,
        ),
        self_test_output=run_model(data, given, runtime=Runtime.TFLITE_MICRO).tobytes(),
    )
    return build_firmware(project.directory, board)


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
            counts.append(struct.unpack("<3I", device.request(INFER))[0])
            output = device.request(READ, struct.pack("<IH", 0, wanted.size))
            assert output == wanted.tobytes()
        _, stack_used, arena, _, _, _ = struct.unpack("<6I", device.request(MEMORY))
    assert MPS2_AN500.instructions(max(counts)) <= case.limits.instructions
    assert case.built.text_bytes <= case.limits.text_bytes
    assert arena <= case.limits.arena_bytes
    assert stack_used < 2048


def numbers(case: Case, output: NDArray[np.int8]) -> NDArray[np.float32]:
    quantisation = case.compiled.output.quantisation
    values = output.ravel().astype(np.float32) - np.float32(quantisation.zero_point)
    return values * np.float32(quantisation.scale)


def quantised(case: Case, values: NDArray[np.float32]) -> NDArray[np.int8]:
    """Quantise as TFLite-Micro does: to the nearest, halves away from zero, saturated."""
    quantisation = case.compiled.input.quantisation
    quotients = (values / np.float32(quantisation.scale)).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(quotients) + 0.5), quotients)
    return np.clip(rounded + quantisation.zero_point, -128, 127).astype(np.int8)


def mean_squared_error(numbers: NDArray[np.float32], others: NDArray[np.float32]) -> np.float32:
    """In float32, summed in order."""
    return np.cumsum((numbers - others) ** 2, dtype=np.float32)[-1] / np.float32(numbers.size)


def as_printed(values: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(float(f"{value:.3f}") for value in np.atleast_1d(values))


def inputs_with_results(case: Case) -> list[tuple[bytes, tuple[float, ...]]]:
    """What the benchmark's runner sends, with what its reference firmware prints."""
    shape = case.compiled.input.shape[1:]
    random = np.random.default_rng(11)
    raw = random.integers(-128, 128, (2, *shape), dtype=np.int8)
    outputs = run_model(case.data, raw, runtime=Runtime.TFLITE_MICRO)
    if case.compiled.output.elements != case.compiled.input.elements:
        return [
            (given.tobytes(), as_printed(numbers(case, output)))
            for given, output in zip(raw, outputs, strict=True)
        ]
    quantisation = case.compiled.input.quantisation
    known = np.float32(quantisation.scale) * (raw[0].astype(np.float32) - quantisation.zero_point)
    cases = [(raw[0].tobytes(), as_printed(mean_squared_error(numbers(case, outputs[0]), known)))]
    for spread in (4.0, 80.0):  # the second saturates
        values = random.normal(0, spread, shape).astype(np.float32)
        halves = np.arange(-100, 100) + np.float32(0.5)
        values[:200] = halves * np.float32(quantisation.scale)
        given = quantised(case, values)[None]
        output = run_model(case.data, given, runtime=Runtime.TFLITE_MICRO)
        error = mean_squared_error(numbers(case, output), values)
        cases.append((values.astype("<f4").tobytes(), as_printed(error)))
    return cases


def drive(case: Case, transport: Transport) -> None:
    runner = MlperfRunner(transport, patience=Patience(attempt_s=20.0))
    assert runner.profile().model == case.compiled.name
    for data, expected in inputs_with_results(case):
        runner.load(data)
        assert runner.loaded() == data
        assert runner.infer(2, 1).results == expected
    with pytest.raises(DeviceRefusal):
        runner.load(bytes(case.compiled.input.elements + 1))


def test_the_benchmarks_runner_gets_its_figures_on_the_host(case: Case, tmp_path: Path) -> None:
    built = build(case.data, case.compiled, HOST, tmp_path)
    with running_on_host(built.elf) as transport:
        drive(case, transport)


def test_the_benchmarks_runner_gets_its_figures_in_the_emulator(case: Case) -> None:
    with running_emulator(case.built.emulated_elf, MPS2_AN500) as transport:
        drive(case, transport)
