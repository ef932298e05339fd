"""Every emulated board: the same bytes, instructions counted exactly, guards, nothing to reach."""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from firmware_bridge.boards import EMULATED_BOARDS, Board
from firmware_bridge.emulator import BuiltFirmware, build_firmware, running_emulator
from firmware_bridge.emulator.tools import PACKAGES, install_hint
from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.link.errors import DeviceGone
from firmware_bridge.link.frames import Frame, encode_frame
from firmware_bridge.project import ModelSources, write_project
from quantize.foundation.errors import CheckFailed, ToolMissing

RESET, AUDIO, WRITE, INFER, PROFILE, MEMORY, SELF_TEST, TICKS = 2, 3, 5, 6, 8, 10, 11, 12
DATA = bytes((37 * i + 11) % 256 for i in range(32))
SAMPLES = np.random.default_rng(1).integers(-9000, 9000, 4000).astype("<i2")
SPIN = -109
OUTSIDE = "access outside of memory"
MISDEEDS = {
    "overflow the stack": (-101, "stack overflow"),
    "write to a constant": (-102, "write to read-only memory"),
    "write outside of memory": (-103, OUTSIDE),
    "write beside the arena": (-104, "memory beside the model's arena was overwritten"),
    "execute data": (-106, "execution of what is no code"),
    "write far above RAM": (-108, OUTSIDE),
}
HOSTILE = {
    "arm": Path(__file__).parents[1] / "emulator" / "hostile_program.c",
    "riscv64": Path(__file__).with_name("hostile_riscv.c"),
    "clang": Path(__file__).with_name("hostile_riscv.c"),
}


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a program without our start-up finds its beginning, the UART and room for a stack."""

    vectors: int
    uart: int
    stack: int


MPS2 = Place(0, 0x4000_4000, 0x2001_0000)
PLACES = {
    "mps2-an505": Place(0x1000_0000, 0x5020_0000, 0x3801_0000),
    "mps3-an547": Place(0, 0x5930_3000, 0x3101_0000),
    "virt": Place(0x8000_0000, 0x1000_0000, 0x8040_0000),
}
"""By QEMU's machine, where that is not as on most of the MPS2+."""


@pytest.fixture(scope="module", params=EMULATED_BOARDS, ids=lambda board: board.name)
def board(request: pytest.FixtureRequest) -> Board:
    found: Board = request.param
    for program in ("make", found.compiler, found.emulator):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: it comes with {PACKAGES[program]}")
    return found


@pytest.fixture(scope="module")
def firmware(
    board: Board,
    build_hand_made: Callable[..., BuiltFirmware],
    small_frontend_sources: FrontendSources,
) -> BuiltFirmware:
    return build_hand_made(board, frontend=small_frontend_sources)


@pytest.fixture
def start(board: Board, firmware: BuiltFirmware, talk_to) -> Callable:
    """Start one of its two programs, and give whoever talks to it."""

    @contextmanager
    def started(program: str = "emulated_elf") -> Iterator:
        with running_emulator(getattr(firmware, program), board) as transport:
            yield talk_to(transport)

    return started


def measured(device) -> tuple[object, ...]:
    """Run model and frontend; return outputs and counts."""
    output, ticks = device.infer(DATA)
    profiled, _ = device.infer(DATA, flags=1)
    assert profiled == output
    operators = struct.unpack("<3I", device.request(PROFILE, bytes(4)))
    device.request(RESET)
    audio = [
        device.request(AUDIO, SAMPLES[i : i + 160].tobytes(), flags=3)
        for i in range(0, SAMPLES.size, 160)
    ]
    return output, ticks, operators, tuple(audio), device.request(TICKS)


def test_both_programs_give_the_hosts_bytes_and_the_same_counts(
    board: Board, start, small_frontend: FrontendConfig
) -> None:
    features = compute_features(SAMPLES, small_frontend)
    rows = quantise_features(features, small_frontend)
    expected = [
        amplitude.tobytes() + phase.tobytes() + row.tobytes()
        for amplitude, phase, row in zip(features.amplitude, features.phase, rows, strict=True)
    ]
    found = []
    for program in ("elf", "emulated_elf"):
        with start(program) as device:
            assert device.command("name") == [f"m-name-dut-[{board.name}]"]
            assert device.banner()["board"] == board.name
            assert device.request(SELF_TEST)[0] == 1
            found.append(measured(device))
            assert measured(device) == found[-1]
    assert found[0] == found[1]
    output, ticks, operators, audio, _ = found[0]
    assert output == by_hand(DATA)
    assert [reply[13:] for reply in audio if len(reply) > 13] == expected
    assert sum(operators) > 0 and board.instructions(ticks) > 32


def by_hand(data: bytes) -> bytes:
    values = np.frombuffer(data, np.int8).astype(np.int32)
    sums = np.clip(np.maximum(values, 0).reshape(4, 8).sum(1) - 100, -128, 127)
    return np.trunc(sums / 2).astype(np.int8).tobytes()


def test_every_instruction_is_counted_once(board: Board, start) -> None:
    """Loops of two instructions, of every number of turns up to 256: no count is off by one."""

    def count(device, turns: int) -> int:
        device.request(WRITE, struct.pack("<IbB", 0, SPIN, turns - 1) + bytes(30))
        ticks, _, _ = struct.unpack("<3I", device.request(INFER))
        return board.instructions(ticks)

    with start() as device:
        counts = [count(device, turns) for turns in range(1, 257)]
        assert int(device.banner()["clock_hz"]) == board.ticks_per_second
        assert board.instructions(int(device.banner()["empty_ticks"])) <= 16
    assert np.diff(counts).tolist() == [2] * 255


def test_time_goes_on_as_the_emulator_gives_it(board: Board, start) -> None:
    """64 ns an instruction, whatever the timer's rate."""
    with start() as device:
        device.command("db load 32")
        device.command(f"db {DATA.hex()}")
        lines = device.command("infer 1000 0")
        begin, end = (int(x.removeprefix("m-lap-us-")) for x in lines if x.startswith("m-lap-us-"))
        instructions = board.instructions(device.infer(DATA)[1])
    assert 64 * instructions <= end - begin <= 64 * (instructions + 4000)


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_misdeed_is_reported_and_ends_the_program(start, misdeed: str) -> None:
    value, report = MISDEEDS[misdeed]
    with start() as device:
        device.infer(bytes(32))
        device.request(WRITE, struct.pack("<Ib", 0, value) + bytes(31))
        device.transport.write(encode_frame(Frame(INFER, 0, 1000, b"")))
        seen, deadline = b"", time.monotonic() + 10
        with pytest.raises(DeviceGone):
            while time.monotonic() < deadline:
                seen += device.transport.read(4096, 0.5)
    assert seen.startswith(f"\r\ne-[{report}".encode())
    assert seen.endswith(b"]\r\n")
    assert "arena" in report or b", status " in seen


def test_code_for_a_cortex_m0plus_may_not_lean_on_the_core_that_runs_it(
    board: Board, start
) -> None:
    """What a Cortex-M0+ refuses, and a Cortex-M3 by itself does not: access that is not aligned."""
    with start() as device:
        device.request(WRITE, struct.pack("<Ib", 0, -110) + bytes(31))
        device.transport.write(encode_frame(Frame(INFER, 0, 1000, b"")))
        if board.cpu == "cortex-m0plus":
            text = device.until(lambda got: got.endswith(b"]\r\n"))
            assert text.startswith(b"\r\ne-[unaligned access, pc ")
        else:
            assert len(struct.unpack("<3I", device.reply().payload)) == 3


def test_a_stray_pointer_to_nothing_is_a_fault(start) -> None:
    with start() as device:
        device.request(WRITE, struct.pack("<Ib", 0, -105) + bytes(31))
        device.transport.write(encode_frame(Frame(INFER, 0, 1000, b"")))
        text = device.until(lambda got: got.endswith(b"]\r\n"))
    assert b"address 00000000" in text


def test_stack_is_measured_and_memory_is_where_the_linker_put_it(
    board: Board, firmware: BuiltFirmware, start
) -> None:
    with start() as device:
        size, used = struct.unpack_from("<II", device.request(MEMORY))
    assert size == board.stack_bytes
    assert 100 < used < 3072
    assert firmware.stack_bytes == board.stack_bytes + 1024
    ends = [section.address + section.size for section in firmware.sections if section.writable]
    begins = [section.address for section in firmware.sections if section.writable]
    assert max(ends) - min(begins) <= board.ram_bytes


@pytest.mark.parametrize("program", ["elf", "emulated_elf"])
def test_a_device_that_waits_takes_no_time_of_this_computer(start, program: str) -> None:
    with start(program) as device:
        device.command("name")
        (emulator,) = [x for x in psutil.Process().children() if "qemu" in x.name()]
        before = emulator.cpu_times()
        time.sleep(0.5)
        after = emulator.cpu_times()
        device.transport.write(b"name%" * 300, 20.0)
        data = device.until(lambda got: got.count(b"m-ready\r\n") == 300)
    assert after.user + after.system - before.user - before.system < 0.2
    assert data.count(b"m-name-dut") == 300


def test_the_readme_says_how_to_start_it(board: Board, firmware: BuiltFirmware) -> None:
    project = firmware.elf.parents[1]
    text = (project / "README.md").read_text("utf-8")
    (command,) = re.findall(r"^```\n(qemu-.*?)^```", text, re.M | re.S)
    arguments = shlex.split(command.replace("\\\n", " "))
    with subprocess.Popen(
        arguments, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as emulator:
        assert emulator.stdin is not None and emulator.stdout is not None
        emulator.stdin.write(b"name%")
        emulator.stdin.flush()
        said = [emulator.stdout.readline().strip().decode() for _ in range(4)]
        emulator.kill()
    assert said == ["m-init-done", "m-ready", f"m-name-dut-[{board.name}]", "m-ready"]
    assert ("BAUD_RATE" in text) == (board.machine != "virt")


@pytest.mark.parametrize("resource", ["flash", "ram"])
def test_what_does_not_fit_is_refused_with_the_numbers(
    board: Board, resource: str, tmp_path: Path, hand_made_model: ModelSources, firmware
) -> None:
    small = dataclasses.replace(board, **{f"{resource}_bytes": 1024})
    write_project(tmp_path / "small", board=small, model=hand_made_model)
    with pytest.raises(CheckFailed, match=rf"{resource.upper()} of 1024 bytes is \d+ bytes"):
        build_firmware(tmp_path / "small", small)


@pytest.mark.parametrize("missing", ["compiler", "emulator"])
def test_a_tool_that_is_missing_is_named_with_its_package(
    board: Board, missing: str, firmware: BuiltFirmware, tmp_path: Path,
    hand_made_model: ModelSources, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    write_project(tmp_path / "project", board=board, model=hand_made_model)
    (tmp_path / "bin").mkdir()
    for program in ("make", "sh"):
        (tmp_path / "bin" / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    programs = [getattr(board, missing)]
    if missing == "compiler" and board.linker is not None:
        programs.append(board.linker)
    named = re.escape(" and ".join(programs))
    with pytest.raises(ToolMissing, match=rf"{named} (is|are) not installed") as caught:
        if missing == "compiler":
            build_firmware(tmp_path / "project", board)
        else:
            with running_emulator(firmware.elf, board):
                pass
    assert caught.value.hint == install_hint(*programs)
    assert caught.value.exit_code == 3


def hostile_program(board: Board, folder: Path) -> Path:
    """Build a program that tries to reach the host; it wants no start-up, and makes its own."""
    (folder / "kept").write_text("of the host")
    program = folder / "hostile.elf"
    place = PLACES.get(board.machine or "", MPS2)
    placed = [
        f"-Wl,--section-start=.vectors={place.vectors:#x}",
        f"-Wl,-Ttext={place.vectors + 0x1000:#x}",
        f"-DUART_BASE={place.uart:#x}u",
        f"-DSTACK={place.stack:#x}u",
    ]
    flags = [*board.compiler_flags, "-O1", "-nostdlib", "-Wall", "-Werror"]
    if board.linker is not None:  # lld, which puts what is read alone elsewhere than code
        flags += [f"--ld-path={board.linker}", f"-Wl,--image-base={place.vectors + 0x8000:#x}"]
    else:
        flags.append("-nostartfiles")
    source = HOSTILE[board.compiler.partition("-")[0]]
    command = [board.compiler, *flags, *placed, "-Wl,-e,reset_handler", f'-DPLACE="{folder}"']
    subprocess.run([*command, str(source), "-o", str(program)], check=True)
    return program


def test_a_hostile_program_reaches_nothing(board: Board, tmp_path: Path) -> None:
    hostile = hostile_program(board, tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    with running_emulator(hostile, board) as transport:
        said, end = b"", time.monotonic() + 20
        while b"tried" not in said and time.monotonic() < end:
            said += transport.read(100, 1.0)
    assert b"tried" in said, "it never came so far"
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "kept").read_text() == "of the host"


def test_with_semihosting_it_would(board: Board, tmp_path: Path) -> None:
    """Else the test above could not fail."""
    hostile = hostile_program(board, tmp_path)
    machine = ["-M", board.machine, "-display", "none", "-nodefaults", "-serial", "stdio"]
    command = [board.emulator, *machine, *board.emulator_flags, "-semihosting"]
    with subprocess.Popen(
        [*command, "-kernel", str(hostile)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as emulator:
        assert emulator.stdout is not None
        assert emulator.stdout.readline().strip() == b"tried"
        emulator.kill()
    assert (tmp_path / "written").exists()
    assert (tmp_path / "run").exists()
    assert not (tmp_path / "kept").exists()


def test_the_emulator_may_start_no_program(start) -> None:
    """Where QEMU was built with it: whatever a program does to it, the kernel refuses."""
    with start() as device:
        device.command("name")
        (emulator,) = (c for c in psutil.Process().children() if "qemu" in c.name())
        status = Path(f"/proc/{emulator.pid}/status").read_text()
        arguments = emulator.cmdline()
    assert "-semihosting" not in arguments
    if "-sandbox" not in arguments:
        pytest.skip("this QEMU was built without seccomp")
    assert "spawn=deny" in arguments[arguments.index("-sandbox") + 1]
    assert "Seccomp:\t2" in status
