"""The frontend on an emulated Cortex-M7 and on the Coral NPU's core: the host's bits, within its
instructions."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.boards import CORAL_NPU_CORE, MPS2_AN500, Board
from firmware_bridge.emulator.tools import PACKAGES
from firmware_bridge.frontend import (
    ANGLE_PLANES,
    COHERENCE_PLANES,
    PHASE_PLANES,
    FrontendConfig,
    compute_features,
    quantise_features,
    standardised,
)
from firmware_bridge.frontend.c_tables import HEADER_NAME, SOURCE_NAME, emit_frontend
from tests.compilations import program_of

Signal = NDArray[np.int16]
HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / "firmware_bridge"
FLAGS = (
    *("-std=c11", "-O2", "-fno-math-errno", "-ffunction-sections", "-fdata-sections"),
    *("-Wall", "-Wextra", "-Wconversion", "-Werror"),
)
RUN = ("-icount", "shift=6", "-nographic", "-monitor", "none", "-serial", "null", "-semihosting")


@dataclass(frozen=True)
class Core:
    """A board's compiler and emulator, and how a program without its files is linked."""

    board: Board
    script: str
    links: tuple[str, ...]
    library: tuple[Path, ...] = ()

    @property
    def headers(self) -> list[str]:
        """How its library's are found."""
        return [f"-I{path.parent}" for path in self.library[:1]]

    def needs_tools(self) -> None:
        """Skip where the compiler or the emulator is missing."""
        for program in (self.board.compiler, self.board.emulator):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: apt-get install {PACKAGES[program]}")


M7 = Core(MPS2_AN500, "device.ld", ("-nostartfiles", "--specs=nano.specs", "-lm"))
CORAL = Core(
    CORAL_NPU_CORE,
    "device_riscv.ld",
    CORAL_NPU_CORE.linker_flags,
    tuple(path for path in CORAL_NPU_CORE.files if path.name in ("libc.c", "wide.c")),
)
CORES = pytest.mark.parametrize("core", [M7, CORAL], ids=["M7", "Coral"])

ANGLES: dict[str, Any] = {"amplitude_delta": True, "phase_planes": ANGLE_PLANES}
CONFIGS = {
    "amplitude": FrontendConfig(),
    "six planes": FrontendConfig(phase_planes=COHERENCE_PLANES),
    "quaternion": FrontendConfig(**ANGLES),
    "weighted quaternion": FrontendConfig(angle_weight="modulus", **ANGLES),
}
# What is measured, with a little room. Whoever needs more made the frontend slower.
MOST_INSTRUCTIONS = {
    "amplitude": 29_000,
    "six planes": 55_000,
    "quaternion": 49_000,
    "weighted quaternion": 58_000,
}


def emulate(program: Path, core: Core = M7) -> bytes:
    """Run a program in its folder; return the reply that it leaves there."""
    board = core.board
    command = [board.emulator, "-M", str(board.machine), *board.emulator_flags, *RUN, "-kernel"]
    done = subprocess.run(
        [*command, str(program)],
        cwd=program.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return (program.parent / "reply.bin").read_bytes()


def compile_for_device(
    ours: list[Path], theirs: list[Path], program: Path, core: Core = M7
) -> None:
    """Compile and link, strictly."""
    flags = [flag for flag in core.board.compiler_flags if flag != "-Iboard"]
    folders = [HERE / "c", PACKAGE / "frontend/include", PACKAGE / "runtime/include"]
    command = [core.board.compiler, *FLAGS, *flags, *core.headers, *(f"-I{x}" for x in folders)]
    script = f"-T{HERE / 'c' / core.script}"
    links = ("-Wl,--gc-sections", script, *core.links)
    program_of(
        command, [*ours, *core.library], theirs, program, *links, includes=[f"-I{program.parent}"]
    )


@dataclass(frozen=True)
class Frames:
    """What the device computed of one signal, one row a frame."""

    instructions: NDArray[np.float64]
    amplitude: NDArray[np.uint16]
    phase: NDArray[np.int16]
    rows: NDArray[np.int8]


@dataclass(frozen=True)
class Device:
    """A configuration and the program that streams signals through it."""

    config: FrontendConfig
    program: Path
    most_instructions: int
    core: Core = M7

    def run(self, signals: list[Signal]) -> list[Frames]:
        request = b"".join(np.uint32(s.size).tobytes() + s.tobytes() for s in signals)
        (self.program.parent / "request.bin").write_bytes(request)
        return self._split(emulate(self.program, self.core), signals)

    def _split(self, reply: bytes, signals: list[Signal]) -> list[Frames]:
        config = self.config
        channels, planes = config.channels, len(config.planes)
        record: Any = [
            ("ticks", "<u4"),
            ("amplitude", "<u2", (channels,)),
            ("phase", "<i2", (channels, planes - 1)),
            ("rows", "i1", (channels, planes)),
        ]
        records = np.frombuffer(reply, record)
        counts = [
            max(0, 1 + (s.size - config.window_samples) // config.hop_samples) for s in signals
        ]
        assert records.size == sum(counts)
        return [
            Frames(
                part["ticks"] * float(self.core.board.instructions_per_tick or 0),
                part["amplitude"],
                part["phase"],
                part["rows"],
            )
            for part in np.split(records, np.cumsum(counts)[:-1])
        ]


def normalised(config: FrontendConfig) -> FrontendConfig:
    """Return the configuration with statistics as speech has them, roughly."""
    planes = len(config.planes)
    mean = np.full((planes, config.channels), 3000.0)
    deviation = np.full((planes, config.channels), 12_000.0)
    mean[0], deviation[0] = 300.0, 130.0
    return standardised(config, mean, deviation)


def build(config: FrontendConfig, folder: Path, core: Core = M7) -> Path:
    """Compile the program for one configuration."""
    sources = emit_frontend(config, window_frames=50)
    (folder / HEADER_NAME).write_text(sources.header)
    (folder / SOURCE_NAME).write_text(sources.source)
    program = folder / "device.elf"
    ours = [PACKAGE / "runtime/src/dev_stream.c", *sorted((PACKAGE / "frontend/src").glob("*.c"))]
    compile_for_device(ours, [HERE / "c/device.c", folder / SOURCE_NAME], program, core)
    return program


@pytest.fixture(scope="module")
def tools() -> None:
    """Skip where those for the Cortex-M7 are missing."""
    M7.needs_tools()


@pytest.fixture(scope="module", params=MOST_INSTRUCTIONS)
def device(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tools: None
) -> Device:
    """The frontend built for the device, with the planes that networks take."""
    config = normalised(CONFIGS[request.param])
    program = build(config, tmp_path_factory.mktemp("device"))
    return Device(config, program, MOST_INSTRUCTIONS[request.param])


def assert_equal_to_host(device: Device, signals: list[Signal]) -> list[Frames]:
    """Run the signals on the device; compare every bit with the host."""
    results = device.run(signals)
    for signal, frames in zip(signals, results, strict=True):
        expected = compute_features(signal, device.config)
        np.testing.assert_array_equal(frames.amplitude, expected.amplitude)
        np.testing.assert_array_equal(frames.phase, expected.phase)
        np.testing.assert_array_equal(frames.rows, quantise_features(expected, device.config))
    return results


def test_hostile_signals_have_the_same_bits(device: Device, all_hostile: dict[str, Signal]) -> None:
    results = assert_equal_to_host(device, list(all_hostile.values()))
    assert max(frames.instructions.max() for frames in results) <= device.most_instructions


def test_instruction_counts_are_the_same_in_every_run(
    device: Device, all_hostile: dict[str, Signal]
) -> None:
    first, second = (device.run([all_hostile["voice"]])[0].instructions for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.min() > 10_000


@pytest.mark.corpus
def test_speech_has_the_same_bits(device: Device, speech: list[Signal]) -> None:
    results = assert_equal_to_host(device, speech[::10])
    assert max(frames.instructions.max() for frames in results) <= device.most_instructions


@pytest.mark.parametrize(
    "changes",
    [
        {"window_ms": 25, "hop_ms": 20, "channels": 32, "phase_planes": ["if_mod", "gd_re"]},
        {"sample_rate": 11_025, "window_ms": 22, "upper_hz": 5000.0, "phase_planes": ["if_im"]},
        {"window_ms": 60, "log": False, "pcan": False, "noise_reduction": False},
        {"window_ms": 60, "log": False, "pcan": False, **ANGLES, "angle_weight": "modulus"},
        {"amplitude_delta": True, "phase_planes": PHASE_PLANES, "hop_ms": 20},
        {"sample_rate": 8000, "upper_hz": 3800.0, "phase_planes": ["if_re", "gd_angle"]},
    ],
)
@CORES
def test_other_settings_have_the_same_bits(
    changes: dict[str, Any], core: Core, tmp_path: Path, all_hostile: dict[str, Signal]
) -> None:
    core.needs_tools()
    config = normalised(FrontendConfig.from_dict(changes))
    other = Device(config, build(config, tmp_path, core), most_instructions=0, core=core)
    assert_equal_to_host(other, [all_hostile[name] for name in ("voice", "extremes", "impulses")])


def test_instructions_do_what_their_portable_twins_do(tmp_path: Path, tools: None) -> None:
    source = str(HERE / "c/simd.c")
    compile_for_device([], [Path(source)], tmp_path / "device.elf")
    actual = np.frombuffer(emulate(tmp_path / "device.elf"), np.uint32)
    (tmp_path / "reply.bin").unlink()
    command = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    command += ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    command += [f"-I{PACKAGE / 'frontend/include'}", source, "-o", str(tmp_path / "twins")]
    subprocess.run(command, check=True)
    subprocess.run([tmp_path / "twins"], cwd=tmp_path, check=True)
    expected = np.frombuffer((tmp_path / "reply.bin").read_bytes(), np.uint32)
    np.testing.assert_array_equal(actual, expected)
    assert np.unique(expected).size == expected.size
