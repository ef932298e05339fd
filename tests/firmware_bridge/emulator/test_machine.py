"""The emulator as a device: bytes arrive, time-outs hold, nothing is left behind."""

from __future__ import annotations

import dataclasses
import struct
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from firmware_bridge.boards import HOST, MPS2_AN500
from firmware_bridge.emulator import running_emulator, running_on_host
from firmware_bridge.link.errors import DeviceGone
from quantize.foundation.errors import BadInput, ToolMissing

WRITE, INFER = 5, 6


def children() -> set[str]:
    """Processes that we started and that are not gone, zombies too."""
    return {str(child.pid) for child in psutil.Process().children() if "qemu" in child.name()}


def test_emulator_is_gone_after_use(emulated_firmware) -> None:
    before = children()
    with running_emulator(emulated_firmware.elf, MPS2_AN500) as transport:
        assert transport.read(100, 5.0)
        assert len(children() - before) == 1
    assert children() == before
    with pytest.raises(DeviceGone):
        transport.read(1, 0.1)


def test_emulator_is_gone_after_an_error(emulated_firmware) -> None:
    before = children()
    with (
        pytest.raises(RuntimeError, match="on purpose"),
        running_emulator(emulated_firmware.elf, MPS2_AN500),
    ):
        raise RuntimeError("on purpose")
    assert children() == before


def test_read_waits_no_longer_than_told(emulated_device) -> None:
    begin = time.monotonic()
    assert emulated_device.transport.read(100, 0.2) == b""
    assert 0.15 < time.monotonic() - begin < 2.0


def test_device_that_hangs_ends_in_time_outs_not_in_a_hang(
    emulated_firmware, emulated_device
) -> None:
    emulated_device.request(WRITE, struct.pack("<Ib", 0, -107) + bytes(31))
    emulated_device.transport.write(b"infer 1 0%")
    seen = b""
    begin = time.monotonic()
    while time.monotonic() - begin < 1.0:
        seen += emulated_device.transport.read(4096, 0.2)
    assert b"m-infer-done" not in seen


def test_device_that_waits_takes_no_time_of_this_computer(emulated_device) -> None:
    emulated_device.command("name")
    (emulator,) = [x for x in psutil.Process().children() if "qemu" in x.name()]
    before = emulator.cpu_times()
    time.sleep(0.5)
    after = emulator.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.2


def test_text_is_heard_again_after_a_stray_zero_and_a_pause(emulated_firmware, talk_to) -> None:
    with running_emulator(emulated_firmware.elf, MPS2_AN500) as transport:
        device = talk_to(transport)
        transport.write(b"\0")
        time.sleep(1.5)
        assert device.command("name") == ["m-name-dut-[mps2-an500]"]


def test_what_the_emulator_says_is_told(emulated_firmware) -> None:
    board = dataclasses.replace(MPS2_AN500, machine="no-such-board")
    with (
        pytest.raises(DeviceGone, match=r"emulator went away.*machine type"),
        running_emulator(emulated_firmware.elf, board) as transport,
    ):
        transport.read(100, 5.0)


def test_program_that_is_not_there_is_refused(tmp_path: Path, emulated_firmware) -> None:
    with (
        pytest.raises(BadInput, match="build the firmware first"),
        running_emulator(tmp_path / "none.elf", MPS2_AN500),
    ):
        pass
    with pytest.raises(BadInput, match="no emulator of host"), running_emulator(tmp_path, HOST):
        pass


def test_missing_emulator_is_told(
    emulated_firmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ToolMissing, match="qemu-system-arm"),
        running_emulator(emulated_firmware.elf, MPS2_AN500),
    ):
        pass


def test_bytes_are_not_lost_in_either_direction(emulated_device) -> None:
    """Far more than the UART holds, before anything is read; the replies wait in the pipe."""
    emulated_device.transport.write(b"name%" * 1500, 20.0)
    data = emulated_device.until(lambda got: got.count(b"m-ready\r\n") == 1500)
    assert data == b"m-name-dut-[mps2-an500]\r\nm-ready\r\n" * 1500


STARTS_ONE = """
import pathlib, sys, time
from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.emulator import running_emulator
with running_emulator(pathlib.Path(sys.argv[1]), MPS2_AN500) as transport:
    assert transport.read(100, 20.0)
    print("running", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("which", ["elf", "emulated_elf"])
def test_emulator_ends_with_whoever_started_it(emulated_firmware, which: str) -> None:
    """Also with one that is killed and can clear nothing away."""
    program = getattr(emulated_firmware, which)
    command = [sys.executable, "-c", STARTS_ONE, str(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "running\n"
        (emulator,) = psutil.Process(starter.pid).children()
        assert "qemu" in emulator.name()
        starter.kill()
    emulator.wait(20)
    assert not emulator.is_running()


def test_host_program_ends_with_its_input(host_firmware) -> None:
    with running_on_host(host_firmware.elf) as transport:
        assert transport.read(100, 5.0).startswith(b"m-init-done")
