"""A model of two inputs that keeps state, on a device: frames, text commands, taps, resets."""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.boards import HOST, MPS2_AN500
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.emulator import build_firmware, running_emulator, running_on_host
from firmware_bridge.link import Device, DeviceRefusal, Session
from firmware_bridge.project import ModelSources, self_test_input, write_project
from quantize.foundation.errors import BadInput
from quantize.runtimes import Runtime, run_outputs
from tests.firmware_bridge.compiler.state_models import StateBuilder, with_first_values
from tests.firmware_bridge.conftest import SANITIZE, needs_tools

WRITE, INFER, READ, TAP = 5, 6, 7, 9
OUT_OF_RANGE = 3
FIRST = np.arange(24, dtype=np.int8).reshape(1, 24)
A, B = (np.random.default_rng(3 + n).integers(-9, 9, (6, 16 - 8 * n), np.int8) for n in (0, 1))


def accumulator() -> bytes:
    """Sum of all that went in at two inputs of 16 and 8, side by side, since the reset."""
    builder = StateBuilder()
    handles = with_first_values(builder, {"sum": FIRST}, scale=1.0)
    a, b = (builder.tensor((1, size), scale=1.0) for size in (16, 8))
    both = builder.tensor((1, 24), scale=1.0)
    builder.operator("CONCATENATION", (a, b), (both,), "Concatenation", axis=1)
    total = builder.tensor((1, 24), scale=1.0)
    builder.operator("ADD", (both, builder.read(handles["sum"], both)), (total,), "Add")
    builder.assign(handles["sum"], total)
    return builder.build((a, b), (total,))


def wanted() -> np.ndarray:
    """Return the sums after each step from a reset, which the oracle gives too."""
    sums = FIRST + np.cumsum(np.concatenate([A, B], axis=1), axis=0, dtype=np.int8)
    (oracle,) = run_outputs(accumulator(), [A, B], runtime=Runtime.TFLITE_MICRO, sequence=True)
    np.testing.assert_array_equal(oracle, sums)
    return sums


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(accumulator(), "accumulator")


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory, compiled: CompiledModel) -> dict[str, Path]:
    test = self_test_input(24)
    (expected,) = run_outputs(
        accumulator(), [test[None, :16], test[None, 16:]], runtime=Runtime.TFLITE_MICRO
    )
    folders = {}
    for board in (HOST, MPS2_AN500):
        folders[board.name] = tmp_path_factory.mktemp("accumulator") / "project"
        model = ModelSources(
            name="accumulator",
            hash=compiled.sha256,
            header=compiled.header,
            source=compiled.source,
        )
        write_project(
            folders[board.name], board=board, model=model, self_test_output=expected.tobytes()
        )
    return folders


@pytest.fixture(scope="module")
def program(projects: dict[str, Path]) -> Path:
    needs_tools(HOST)
    folder = projects[HOST.name]
    command = ["make", "-C", str(folder), f"OPTIMISE={SANITIZE}"]
    subprocess.run(command, check=True, capture_output=True)
    return build_firmware(folder, HOST).emulated_elf


@contextmanager
def opened(program: Path) -> Iterator[tuple[Device, Session]]:
    with running_on_host(program) as transport:
        session = Session(transport)
        yield Device(session), session


def step(device: Device, number: int) -> np.ndarray:
    device.write_input(A[number].tobytes() + B[number].tobytes())
    device.infer()
    return device.read_output()


def test_the_banner_tells_of_inputs_and_state(program: Path) -> None:
    with opened(program) as (device, _):
        banner = device.banner
        assert (banner.input_bytes, banner.inputs, banner.each_input_bytes) == (
            16,
            (16, 8),
            (16, 8),
        )
        assert banner.state_bytes == 32
        assert banner.outputs == ()


def test_a_sequence_is_exact_from_every_reset(program: Path) -> None:
    expected = wanted()
    with opened(program) as (device, _):
        for length in (6, 2, 4):
            for number in range(length):
                np.testing.assert_array_equal(step(device, number), expected[number])
            device.reset()


def test_the_self_test_begins_anew_and_leaves_the_state_so(program: Path) -> None:
    expected = wanted()
    with opened(program) as (device, _):
        step(device, 0)
        assert device.self_test().passed
        np.testing.assert_array_equal(step(device, 0), expected[0])
        assert device.self_test().passed


def test_each_input_is_written_by_its_number(program: Path) -> None:
    expected = wanted()
    with opened(program) as (_, session):
        session.request(WRITE, struct.pack("<I", 0) + B[0].tobytes(), flags=1)
        for offset in (8, 0):
            piece = A[0, offset : offset + 8].tobytes()
            session.request(WRITE, struct.pack("<I", offset) + piece)
        _, crc, _ = struct.unpack("<3I", session.request(INFER))
        assert crc == zlib.crc32(A[0].tobytes() + B[0].tobytes())
        assert session.request(READ, struct.pack("<IH", 0, 24)) == expected[0].tobytes()


@pytest.mark.parametrize(("number", "offset"), [(0, 9), (1, 1), (2, 0), (255, 0)])
def test_no_write_goes_beyond_its_input(program: Path, number: int, offset: int) -> None:
    with opened(program) as (_, session), pytest.raises(DeviceRefusal) as refusal:
        session.request(WRITE, struct.pack("<I", offset) + bytes(8), flags=number)
    assert refusal.value.code == OUT_OF_RANGE


def test_a_tap_leaves_the_state_as_it_was(program: Path) -> None:
    expected = wanted()
    with opened(program) as (device, _):
        for number in range(3):
            both = A[number].tobytes() + B[number].tobytes()
            before = FIRST[0] if number == 0 else expected[number - 1]
            joined, read, total, kept = (device.tap(place, 24, both) for place in range(4))
            np.testing.assert_array_equal(joined, np.frombuffer(both, np.int8))
            np.testing.assert_array_equal(read, before)
            np.testing.assert_array_equal(total, expected[number])
            np.testing.assert_array_equal(kept, expected[number])
            np.testing.assert_array_equal(step(device, number), expected[number])


def test_a_profile_has_every_operator_that_runs(program: Path) -> None:
    with opened(program) as (device, _):
        assert device.banner.operators == 4
        device.write_input(bytes(24))
        device.infer(profile=True)
        assert len(device.profile()) == 4


def test_too_few_bytes_are_refused_by_the_host(program: Path) -> None:
    with opened(program) as (device, _), pytest.raises(BadInput, match="takes 24 bytes, not 16"):
        device.write_input(bytes(16))


def test_text_commands_fill_all_inputs_and_reset(program: Path, talk_to) -> None:
    expected = wanted()
    both = A[0].tobytes() + B[0].tobytes()
    with running_on_host(program) as transport:
        device = talk_to(transport)
        assert "reset                     begin anew: what the model keeps" in device.command(
            "help"
        )
        assert device.command("db load 24") == ["m-[Expecting 24 bytes]"]
        device.command(f"db {both[:12].hex()}")
        assert device.command(f"db {both[12:].hex()}") == ["m-load-done"]
        assert device.command("db load 25")[0].startswith("e-[Command 'db load' must have 1 to 24")
        shown = ",".join(f"{value:.3f}" for value in expected[0])
        for _ in range(2):
            assert device.command("infer 1 0")[-1] == f"m-results-[{shown}]"
            device.command("reset")
        device.command("infer 1 1")
        assert device.command("results") != [f"m-results-[{shown}]"]


def test_on_the_emulated_board(projects: dict[str, Path]) -> None:
    needs_tools(MPS2_AN500, "qemu-system-arm")
    built = build_firmware(projects[MPS2_AN500.name], MPS2_AN500)
    expected = wanted()
    with running_emulator(built.emulated_elf, MPS2_AN500) as transport:
        device = Device(Session(transport))
        assert device.self_test().passed
        for length in (3, 6):
            for number in range(length):
                np.testing.assert_array_equal(step(device, number), expected[number])
            device.reset()
