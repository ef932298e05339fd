"""A program in the emulator reaches nothing of this computer but what the transport takes."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from firmware_bridge.boards import MPS2_AN500, SharedMemory
from firmware_bridge.emulator import find_tool, running_emulator
from firmware_bridge.emulator.elf import Section
from firmware_bridge.emulator.mailbox import (
    RING_BYTES,
    SECTION,
    MailboxTransport,
    mailbox_offset,
)
from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceFault, DeviceTimeout
from quantize.foundation.errors import BadInput, ToolMissing

SOURCE = Path(__file__).with_name("hostile_program.c")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    try:
        compiler = find_tool("arm-none-eabi-gcc")
        find_tool("qemu-system-arm")
    except ToolMissing as error:
        pytest.skip(str(error))
    (tmp_path / "kept").write_text("of the host")
    program = tmp_path / "hostile.elf"
    flags = ("-mcpu=cortex-m7", "-mthumb", "-O1", "-nostdlib", "-nostartfiles", "-Wall", "-Werror")
    place = ("-Wl,--section-start=.vectors=0", "-Wl,-Ttext=0x1000", "-Wl,-e,reset_handler")
    command = [compiler, *flags, *place, f'-DPLACE="{tmp_path}"', str(SOURCE), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def test_it_can_neither_write_a_file_nor_run_a_program(hostile: Path) -> None:
    before = sorted(path.name for path in hostile.parent.iterdir())
    with running_emulator(hostile, MPS2_AN500) as transport:
        said, end = b"", time.monotonic() + 20
        while b"tried" not in said and time.monotonic() < end:
            said += transport.read(100, 1.0)
    assert b"tried" in said, "it never came so far"
    assert sorted(path.name for path in hostile.parent.iterdir()) == before
    assert (hostile.parent / "kept").read_text() == "of the host"


def test_with_semihosting_it_would(hostile: Path) -> None:
    """Else the test above could not fail."""
    machine = ("-M", "mps2-an500", "-display", "none", "-nodefaults", "-serial", "stdio")
    command = [find_tool("qemu-system-arm"), *machine, "-semihosting", "-kernel", str(hostile)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as emulator:
        assert emulator.stdout is not None
        assert emulator.stdout.readline().strip() == b"tried"
        emulator.kill()
    assert (hostile.parent / "written").exists()
    assert (hostile.parent / "run").exists()
    assert not (hostile.parent / "kept").exists()


class Mailbox:
    """A mailbox whose other end is this test."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 16 + 2 * RING_BYTES)
        (self.said, theirs), (ours, self.heard) = os.pipe()[::-1], os.pipe()[::-1]
        self.descriptors = [self.said, theirs, ours, self.heard]
        bell = DescriptorTransport(theirs, ours, name="mailbox", close=lambda: None)
        self.transport = MailboxTransport(bell, self.memory, 0)

    def counts(self, *values: int) -> None:
        """Set to_device_written, to_device_read, to_host_written and to_host_read."""
        self.memory[:16] = struct.pack("<4I", *values)


@pytest.fixture
def mailbox():
    made = Mailbox()
    yield made
    made.transport.close()
    for descriptor in made.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("written", [RING_BYTES + 1, 0x8000_0000, 0xFFFF_FFFF])
def test_counts_that_cannot_be_true_are_a_fault_of_the_device(mailbox: Mailbox, written: int):
    mailbox.counts(0, 0, written, 0)
    with pytest.raises(DeviceFault, match="bytes wait in its mailbox"):
        mailbox.transport.read(100, 0.1)


@pytest.mark.parametrize("read", [5, 0x8000_0000, 0xFFFE_FFFC])
def test_a_device_that_claims_to_have_read_what_was_not_sent_takes_nothing(
    mailbox: Mailbox, read: int
) -> None:
    mailbox.counts(0, read, 0, 0)
    before = mailbox.memory[16:]
    with pytest.raises(DeviceFault, match="read what it was never sent"):
        mailbox.transport.write(b"x" * 200_000, 0.1)
    assert mailbox.memory[16:] == before


def test_bells_without_end_do_not_lengthen_a_wait() -> None:
    """A program that does nothing but write to its UART."""
    ours, heard = os.pipe()
    with subprocess.Popen([find_tool("cat"), "/dev/zero"], stdout=subprocess.PIPE) as flood:
        bell = DescriptorTransport(flood.stdout.fileno(), heard, name="flood", close=flood.kill)
        memory = mmap.mmap(-1, 16 + 2 * RING_BYTES)
        transport = MailboxTransport(bell, memory, 0)
        try:
            for _ in range(20):
                begin = time.monotonic()
                assert transport.read(100, 0.05) == b""
                assert time.monotonic() - begin < 0.5
        finally:
            transport.close()
    os.close(ours)
    os.close(heard)


def test_the_emulator_may_start_no_program(emulated_firmware) -> None:
    """Where QEMU was built with it: whatever a program does to it, the kernel refuses."""
    with running_emulator(emulated_firmware.emulated_elf, MPS2_AN500) as transport:
        assert transport.read(100, 10.0)
        (emulator,) = (c for c in psutil.Process().children() if "qemu" in c.name())
        status = Path(f"/proc/{emulator.pid}/status").read_text()
        arguments = emulator.cmdline()
    if "-sandbox" not in arguments:
        pytest.skip("this QEMU was built without seccomp")
    assert "spawn=deny" in arguments[arguments.index("-sandbox") + 1]
    assert "Seccomp:\t2" in status


def test_bytes_go_round_the_ring(mailbox: Mailbox) -> None:
    transport, memory = mailbox.transport, mailbox.memory
    sent = bytes(range(256)) * 160
    for turn in range(1, 4):
        count = turn * len(sent)
        begin = 16 + RING_BYTES
        for i, byte in enumerate(sent):
            memory[begin + (count - len(sent) + i) % RING_BYTES] = byte
        mailbox.counts(0, 0, count, count - len(sent))
        got = b""
        while len(got) < len(sent):
            got += transport.read(1000, 1.0)
        assert got == sent
        assert struct.unpack_from("<I", memory, 12) == (count,)


def test_what_is_written_waits_for_room(mailbox: Mailbox) -> None:
    mailbox.transport.write(b"a" * RING_BYTES)
    with pytest.raises(DeviceTimeout, match="takes no bytes: 1 of 1"):
        mailbox.transport.write(b"b", 0.05)
    mailbox.counts(RING_BYTES, 10, 0, 0)
    mailbox.transport.write(b"b" * 10)
    assert mailbox.memory[16:26] == b"b" * 10


@pytest.mark.parametrize(
    ("address", "size"),
    [(0x5FFF_FFFC, 0), (0x6100_0000 - 16, 0), (0x6000_0001, 0), (0x6000_0000, 4)],
)
def test_a_mailbox_outside_of_the_shared_memory_is_refused(address: int, size: int) -> None:
    whole = 16 + 2 * RING_BYTES
    section = Section(name=SECTION, address=address, size=whole + size, writable=True, stored=False)
    with pytest.raises(BadInput, match="not in the memory"):
        mailbox_offset(section, SharedMemory(address=0x6000_0000, size=16 << 20))
