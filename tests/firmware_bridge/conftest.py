"""A firmware with a small model made by hand, on the host and emulated, and who talks to it."""

from __future__ import annotations

import dataclasses
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.boards import HOST, MPS2_AN500, Board
from firmware_bridge.certainty import Certainty
from firmware_bridge.emulator import (
    BuiltFirmware,
    build_firmware,
    running_emulator,
    running_on_host,
)
from firmware_bridge.emulator.tools import PACKAGES
from firmware_bridge.frontend import FrontendConfig, compute_features
from firmware_bridge.frontend.c_tables import FrontendSources, emit_frontend
from firmware_bridge.frontend.normalisation import normalisation_from_statistics
from firmware_bridge.link.frames import Frame, decode_frame, encode_frame
from firmware_bridge.link.transport import Transport
from firmware_bridge.project import ModelSources, StreamSettings, self_test_input, write_project

HAND_MADE = Path(__file__).with_name("hand_made")
TIMEOUT_S = 30.0
BANNER, RESET, AUDIO, DECISIONS, WRITE, INFER, READ, PROFILE, TAP, MEMORY, SELF_TEST, TICKS = range(
    1, 13
)
SANITIZE = "-Og -g1 -fsanitize=address,undefined -fno-sanitize-recover=all"


def run_hand_made(data: bytes) -> bytes:
    """Return the output of the model made by hand."""
    values = np.frombuffer(data, np.int8).astype(np.int32)
    sums = np.clip(np.maximum(values, 0).reshape(4, 8).sum(1) - 100, -128, 127)
    return np.trunc(sums / 2).astype(np.int8).tobytes()


class Device:
    """A tester's end of the wire, without any of the link's patience."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.sequence = 0
        self.pending = b""

    def until(self, end: Callable[[bytes], bool]) -> bytes:
        deadline = time.monotonic() + TIMEOUT_S
        while not end(self.pending):
            assert time.monotonic() < deadline, f"only {self.pending!r} came"
            self.pending += self.transport.read(4096, 0.2)
        data, self.pending = self.pending, b""
        return data

    def lines(self) -> list[str]:
        data = self.until(lambda got: got.endswith(b"m-ready\r\n"))
        return data.decode("ascii").split("\r\n")[:-2]

    def command(self, text: str) -> list[str]:
        self.transport.write(text.encode() + b"%")
        return self.lines()

    def reply(self) -> Frame:
        data = self.until(lambda got: got.count(b"\0") == 2 and got.endswith(b"\0"))
        assert data.startswith(b"\0")
        return decode_frame(data[1:-1])

    def request(self, kind: int, payload: bytes = b"", *, flags: int = 0) -> bytes:
        self.sequence = (self.sequence + 1) % 65536
        self.transport.write(encode_frame(Frame(kind, flags, self.sequence, payload)))
        reply = self.reply()
        assert reply.sequence == self.sequence
        assert reply.type == kind | 0x80, reply.payload
        return reply.payload

    def refused(self, kind: int, payload: bytes = b"", *, flags: int = 0) -> int:
        """Send what must be refused; return the error's code."""
        self.sequence = (self.sequence + 1) % 65536
        self.transport.write(encode_frame(Frame(kind, flags, self.sequence, payload)))
        reply = self.reply()
        assert reply.type == 0xFF
        assert reply.payload[1:].decode("ascii").isprintable()
        return reply.payload[0]

    def banner(self) -> dict[str, str]:
        lines = self.request(BANNER).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def infer(self, data: bytes, *, flags: int = 0) -> tuple[bytes, int]:
        """Return output and ticks of an inference."""
        self.request(WRITE, struct.pack("<I", 0) + data)
        ticks, _, _ = struct.unpack("<3I", self.request(INFER, flags=flags))
        return self.request(READ, struct.pack("<IH", 0, 4)), ticks


@pytest.fixture(scope="session")
def hand_made_model() -> ModelSources:
    header = (HAND_MADE / "model.h").read_text()
    name, digest = (
        header.partition(f"#define {key} ")[2].split('"')[1] for key in ("MODEL_NAME", "MODEL_HASH")
    )
    return ModelSources(
        name=name, hash=digest, header=header, source=(HAND_MADE / "model.c").read_text()
    )


@pytest.fixture(scope="session")
def small_frontend() -> FrontendConfig:
    """Four channels of two planes: with four frames it fills the input of the model."""
    config = FrontendConfig(channels=4, phase_planes=("gd_mod",))
    noise = np.random.default_rng(5).normal(0, 3000, 32_000).astype(np.int16)
    features = compute_features(noise, config)
    values = np.concatenate([features.amplitude[..., None], features.phase], axis=-1, dtype=float)
    normalisation = normalisation_from_statistics(values.mean(0).T, values.std(0).T)
    return dataclasses.replace(config, normalisation=normalisation)


@pytest.fixture(scope="session")
def certainty() -> Certainty:
    """Of the firmware here: logits' steps of 0.05, and about half of its decisions unsure."""
    return Certainty.of_scale(0.05, temperature=1.5, unsure_below=12_000)


@pytest.fixture(scope="session")
def small_frontend_sources(small_frontend: FrontendConfig) -> FrontendSources:
    return emit_frontend(small_frontend, window_frames=4)


def needs_tools(board: Board, *programs: str) -> None:
    for program in ("make", board.compiler, *programs):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: it comes with {PACKAGES[program]}")


@pytest.fixture(scope="session")
def build_hand_made(
    tmp_path_factory: pytest.TempPathFactory,
    hand_made_model: ModelSources,
    certainty: Certainty,
) -> Callable[..., BuiltFirmware]:
    """Build the firmware for a board, with a frontend or without."""
    expected = run_hand_made(self_test_input(32).tobytes())

    def build(
        board: Board, *, frontend: FrontendSources | None, sanitize: bool = False
    ) -> BuiltFirmware:
        needs_tools(board)
        directory = tmp_path_factory.mktemp("firmware") / "project"
        write_project(
            directory,
            board=board,
            model=hand_made_model,
            frontend=frontend,
            stream=StreamSettings(hop_frames=3, smoothing=2, certainty=certainty)
            if frontend
            else None,
            self_test_output=expected,
        )
        if sanitize:
            flags = ["make", "-C", str(directory), f"OPTIMISE={SANITIZE}"]
            subprocess.run(flags, check=True, capture_output=True)
        return build_firmware(directory, board)

    return build


@pytest.fixture(scope="session")
def host_firmware(
    build_hand_made: Callable[..., BuiltFirmware], small_frontend_sources: FrontendSources
) -> BuiltFirmware:
    """With a frontend, for this computer, with sanitizers."""
    return build_hand_made(HOST, frontend=small_frontend_sources, sanitize=True)


@pytest.fixture(scope="session")
def emulated_firmware(build_hand_made: Callable[..., BuiltFirmware]) -> BuiltFirmware:
    """Without a frontend, for the emulated Cortex-M7."""
    needs_tools(MPS2_AN500, "qemu-system-arm")
    return build_hand_made(MPS2_AN500, frontend=None)


@pytest.fixture(scope="session")
def emulated_listener(
    build_hand_made: Callable[..., BuiltFirmware], small_frontend_sources: FrontendSources
) -> BuiltFirmware:
    """With a frontend, for the emulated Cortex-M7."""
    needs_tools(MPS2_AN500, "qemu-system-arm")
    return build_hand_made(MPS2_AN500, frontend=small_frontend_sources)


@pytest.fixture
def talk_to() -> Callable[[Transport], Device]:
    """Wait for a device that has just started, to talk to it."""

    def talk(transport: Transport) -> Device:
        device = Device(transport)
        assert device.lines() == ["m-init-done"]
        return device

    return talk


@contextmanager
def _greeted(transport: Transport) -> Iterator[Device]:
    device = Device(transport)
    assert device.lines() == ["m-init-done"]
    yield device


@pytest.fixture
def host_device(host_firmware: BuiltFirmware) -> Iterator[Device]:
    with running_on_host(host_firmware.elf) as transport, _greeted(transport) as device:
        yield device


@contextmanager
def _emulated(program: Path) -> Iterator[Device]:
    with running_emulator(program, MPS2_AN500) as transport, _greeted(transport) as device:
        yield device


@pytest.fixture(params=["uart", "mailbox"])
def emulated_device(
    emulated_firmware: BuiltFirmware, request: pytest.FixtureRequest
) -> Iterator[Device]:
    """By both ways in which its bytes can come and go."""
    programs = {"uart": emulated_firmware.elf, "mailbox": emulated_firmware.emulated_elf}
    with _emulated(programs[request.param]) as device:
        yield device


@pytest.fixture
def listening_device(emulated_listener: BuiltFirmware) -> Iterator[Device]:
    with _emulated(emulated_listener.elf) as device:
        yield device


@pytest.fixture
def another_listening_device(emulated_listener: BuiltFirmware) -> Iterator[Device]:
    with _emulated(emulated_listener.emulated_elf) as device:
        yield device
