"""Real links: a pseudo-terminal, a TCP connection, a process, a serial port."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_bridge.emulator import BuiltFirmware
from firmware_bridge.link import (
    Device,
    DeviceFlood,
    DeviceGone,
    DeviceNotFound,
    DeviceTimeout,
    MlperfRunner,
    Patience,
    Session,
    Transport,
    open_address,
    open_process,
    parse_address,
)

EVERYTHING = bytes(range(256)) * 3
ECHO = ["cat"]
SILENT = ["sleep", "60"]
FLOOD = ["yes", "no, never"]
DEAF = "import os; os.write(1, b'!'); import time; time.sleep(60)"


@dataclass
class Link:
    transport: Transport
    program: subprocess.Popen[bytes] | None


def behind_tcp(command: list[str | Path]) -> tuple[Transport, subprocess.Popen[bytes]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        transport = open_address(parse_address(f"tcp:127.0.0.1:{port}"))
        server.settimeout(5)
        connection, _ = server.accept()
    with connection:
        return transport, subprocess.Popen(command, stdin=connection, stdout=connection)


def behind_terminal(
    command: list[str | Path], kind: str
) -> tuple[Transport, subprocess.Popen[bytes]]:
    device, host = pty.openpty()
    tty.setraw(host)
    transport = open_address(parse_address(f"{kind}:{os.ttyname(host)}"))
    program = subprocess.Popen(command, stdin=device, stdout=device)
    os.close(device)
    os.close(host)
    return transport, program


def open_link(kind: str, command: list[str | Path]) -> Link:
    if kind == "process":
        return Link(open_process(command), None)
    if kind == "tcp":
        return Link(*behind_tcp(command))
    return Link(*behind_terminal(command, kind))


Opener = Callable[[list[str | Path]], Link]


@pytest.fixture(params=["process", "tcp", "pty", "serial"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    monkeypatch.setattr("firmware_bridge.link.process._SECONDS_TO_END", 0.1)
    links: list[Link] = []

    def connect(command: list[str | Path]) -> Link:
        links.append(open_link(request.param, command))
        return links[-1]

    yield connect
    for link in links:
        if link.program is not None:
            link.program.kill()
            link.program.wait()
        link.transport.close()


def read_all(transport: Transport, count: int) -> bytes:
    data = b""
    deadline = time.monotonic() + 5
    while len(data) < count and time.monotonic() < deadline:
        piece = transport.read(100, 0.5)
        assert len(piece) <= 100
        data += piece
    return data


def test_every_byte_passes_both_ways(connect: Opener) -> None:
    transport = connect(ECHO).transport
    transport.write(EVERYTHING)
    assert read_all(transport, len(EVERYTHING)) == EVERYTHING


def test_silence_ends_in_time(connect: Opener) -> None:
    transport = connect(SILENT).transport
    start = time.monotonic()
    assert transport.read(10, 0.05) == b""
    assert 0.04 < time.monotonic() - start < 0.5


def test_a_device_that_ends_is_gone(connect: Opener) -> None:
    link = connect(["sh", "-c", "printf bye"])
    if link.program is not None:
        link.program.wait(5)
    with pytest.raises(DeviceGone) as caught:
        for _ in range(20):
            link.transport.read(10, 0.1)
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_a_device_that_takes_no_bytes_is_not_waited_for(connect: Opener) -> None:
    transport = connect([sys.executable, "-S", "-c", DEAF]).transport
    assert read_all(transport, 1) == b"!"
    start = time.monotonic()
    with pytest.raises(DeviceTimeout):
        transport.write(bytes(32 << 20), 0.2)
    assert time.monotonic() - start < 1.5


def test_what_is_closed_stays_closed(connect: Opener) -> None:
    transport = connect(ECHO).transport
    transport.close()
    transport.close()
    with pytest.raises(DeviceGone):
        transport.read(1, 0.1)
    with pytest.raises(DeviceGone):
        transport.write(b"x")


def test_the_real_application_answers(connect: Opener, host_firmware: BuiltFirmware) -> None:
    transport = connect([host_firmware.elf]).transport
    device = Device(Session(transport, patience=Patience(attempt_s=0.5, attempts=6)))
    assert device.banner.board == "host"
    assert device.self_test().passed
    device.write_input(bytes(range(32)))
    device.infer()
    assert MlperfRunner(transport).results() == tuple(0.25 * (device.read_output() + 2.0))
    assert device.memory().arena_bytes == device.banner.arena_bytes


def test_a_flood_ends_in_an_error(connect: Opener) -> None:
    transport = connect(FLOOD).transport
    start = time.monotonic()
    with pytest.raises((DeviceFlood, DeviceTimeout)) as caught:
        Device(Session(transport, patience=Patience(attempt_s=0.2, attempts=2, most_bytes=1 << 16)))
    assert time.monotonic() - start < 1.5
    assert "no, never" in caught.value.hint


def test_silence_ends_in_an_error_in_time(connect: Opener) -> None:
    transport = connect(SILENT).transport
    start = time.monotonic()
    with pytest.raises(DeviceTimeout, match="sent 3 times"):
        Session(transport, patience=Patience(attempt_s=0.1, attempts=3)).request(1)
    assert 0.28 < time.monotonic() - start < 1


def test_death_in_the_middle_is_noticed(connect: Opener) -> None:
    link = connect(["sh", "-c", "head -c 5 >/dev/null"])
    session = Session(link.transport, patience=Patience(attempt_s=1, attempts=3))
    start = time.monotonic()
    with pytest.raises(DeviceGone):
        session.request(1)
    assert time.monotonic() - start < 2.5


def test_closing_a_process_that_hangs_kills_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_bridge.link.process._SECONDS_TO_END", 0.1)
    transport = open_process(SILENT)
    start = time.monotonic()
    transport.close()
    assert time.monotonic() - start < 1


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound, match="nothing-here"):
        open_process([tmp_path / "nothing-here"])
