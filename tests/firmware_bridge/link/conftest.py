"""A device on a wire that can be spoilt, in a time that passes only when somebody waits.

The device is the real application, built for this computer; or a stand-in, where a device must lie.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.emulator import BuiltFirmware
from firmware_bridge.link import Device, DeviceGone, Patience, Session
from firmware_bridge.link.frames import Decoder, Frame, encode_frame

PATIENCE = Patience(attempt_s=1.0, attempts=4, most_bytes=1 << 16)
GREETING = b"m-init-done\r\nm-ready\r\n"


class Clock:
    """Seconds that pass when they are waited for."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class ProcessWire:
    """The application as a process; what it answers is complete when it waits for more."""

    def __init__(self, elf: Path) -> None:
        self.elf = elf
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.elf], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        os.set_blocking(self.process.stdout.fileno(), False)

    def send(self, data: bytes) -> bytes:
        """Send, and return all that comes back."""
        if self.process.poll() is not None:
            raise DeviceGone("the process has ended")
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(data)
        answer = b""
        deadline = time.monotonic() + 10
        while True:
            idle = self.idle()
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(self.process.stdout.fileno(), 65536):
                    answer += piece
            if idle:
                return answer
            assert time.monotonic() < deadline, "the device goes on and on"

    def idle(self) -> bool:
        """Whether it has read everything and sleeps, or is dead."""
        waiting = array.array("i", [0])
        fcntl.ioctl(self.process.stdin.fileno(), termios.FIONREAD, waiting)
        if self.process.poll() is not None:
            return True
        state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return waiting[0] == 0 and state == "S"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def restart(self) -> bytes:
        self.stop()
        self.start()
        greeting = b""
        while not greeting.endswith(b"m-ready\r\n"):
            greeting += self.send(b"")
        return greeting


_BANNER = {
    "protocol": "2",
    "board": "stand-in",
    "clock_hz": "25000000",
    "model": "none",
    "model_hash": "ab" * 32,
    "frontend_hash": "cd" * 32,
    "sample_rate": "16000",
    "hop_samples": "160",
    "window_frames": "4",
    "stream_hop_frames": "3",
    "smoothing": "2",
    "certainty_multiplier": "400000",
    "unsure_below": "12000",
    "channels": "4",
    "planes": "2",
    "input_bytes": "32",
    "output_bytes": "4",
    "operators": "3",
    "arena_bytes": "64",
    "compiler": "none",
}


class StandIn:
    """Not a device: answers each type of request with what a test says."""

    def __init__(self, **banner: str | None) -> None:
        entries = {key: value for key, value in (_BANNER | banner).items() if value is not None}
        lines = "".join(f"{key}={value}\n" for key, value in entries.items())
        self.replies: dict[int, bytes | Callable[[Frame], bytes]] = {1: lines.encode(), 2: b""}
        self.requests: list[Frame] = []
        self.decoder = Decoder()

    def send(self, data: bytes) -> bytes:
        answer = b""
        for event in self.decoder.feed(data):
            if isinstance(event, Frame):
                self.requests.append(event)
                answer += self.answer(event)
        return answer

    def answer(self, request: Frame) -> bytes:
        reply = self.replies[request.type]
        if callable(reply):
            return reply(request)
        return encode_frame(Frame(request.type | 0x80, 0, request.sequence, reply))

    def stop(self) -> None:
        pass


class Wire:
    """A transport on which `to_device` and `to_host` may spoil what passes.

    `to_device` turns what the host writes into what arrives; `to_host` turns what the device sends
    into pieces, each with the seconds after which it arrives. `endless` arrives whenever nothing
    else does.
    """

    name = "wire"

    def __init__(self, device) -> None:
        self.device = device
        self.clock = Clock()
        self.queue: list[tuple[float, bytes]] = []
        self.writes = 0
        self.repair()

    def repair(self) -> None:
        self.to_device: Callable[[bytes], bytes] = lambda data: data
        self.to_host: Callable[[bytes], list[tuple[float, bytes]]] = lambda data: [(0.0, data)]
        self.endless = b""

    def push(self, data: bytes, delay: float = 0.0) -> None:
        if data:
            self.queue.append((self.clock.now + delay, data))
            self.queue.sort(key=lambda piece: piece[0])

    def write(self, data: bytes, timeout_s: float = 5.0) -> None:
        assert timeout_s > 0
        self.writes += 1
        answer = self.device.send(self.to_device(data))
        if answer:
            for delay, piece in self.to_host(answer):
                self.push(piece, delay)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        assert max_bytes > 0
        if self.queue and self.queue[0][0] <= self.clock.now + timeout_s:
            due, data = self.queue.pop(0)
            self.clock.now = max(self.clock.now, due)
            if len(data) > max_bytes:
                self.queue.insert(0, (due, data[max_bytes:]))
            return data[:max_bytes]
        if self.endless:
            self.clock.now += min(timeout_s, 1e-3)
            return self.endless[:max_bytes]
        self.clock.now += timeout_s
        return b""

    def close(self) -> None:
        self.device.stop()

    def session(self, patience: Patience = PATIENCE) -> Session:
        return Session(self, patience=patience, clock=self.clock)

    def open(self, **expected: str) -> Device:
        return Device(self.session(), **expected)


def error_frame(request: Frame, code: int, reason: bytes) -> bytes:
    return encode_frame(Frame(0xFF, 0, request.sequence, bytes([code]) + reason))


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


@pytest.fixture(scope="module")
def process(host_firmware: BuiltFirmware) -> Iterator[ProcessWire]:
    wire = ProcessWire(host_firmware.elf)
    yield wire
    wire.stop()


@pytest.fixture
def wire(process: ProcessWire) -> Wire:
    """A wire to the real application, started anew if the last test ended it."""
    if process.process.poll() is not None:
        process.restart()
    return Wire(process)


@pytest.fixture
def new_wire(host_firmware: BuiltFirmware) -> Iterator[Wire]:
    """A wire to the real application, just started: its greeting is on the wire."""
    device = ProcessWire(host_firmware.elf)
    wire = Wire(device)
    greeting = device.send(b"")
    while not greeting.endswith(b"m-ready\r\n"):
        greeting += device.send(b"")
    wire.push(greeting)
    yield wire
    device.stop()


@pytest.fixture
def stand_in() -> type[StandIn]:
    return StandIn


@pytest.fixture
def spoilt() -> type[Wire]:
    return Wire
