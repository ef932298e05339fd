"""A program in the emulator, talked to through memory that it shares with this process.

Two rings of bytes lie in the emulated board's memory; a byte on its UART, which is the emulator's
standard input and output, says that there is something new in one. The program can reach nothing
else of this computer. What it writes into that memory is believed as far as it can be true.
"""

from __future__ import annotations

import mmap
import struct
import time

from firmware_bridge.boards import SharedMemory
from firmware_bridge.emulator.elf import Section
from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceFault, DeviceTimeout
from firmware_bridge.link.transport import WRITE_TIMEOUT_S
from quantize.foundation.errors import BadInput

SECTION = ".mailbox"
"""Where the mailbox is in the program: `console_mailbox.c` of a board defines it."""
RING_BYTES = 65_536
_COUNTS = struct.Struct("<I")
_TO_DEVICE_WRITTEN, _TO_DEVICE_READ, _TO_HOST_WRITTEN, _TO_HOST_READ = 0, 4, 8, 12
_TO_DEVICE, _TO_HOST = 16, 16 + RING_BYTES
_BYTES = 16 + 2 * RING_BYTES
_MODULUS = 1 << 32
_BELL = b"\0"
_MOST_BELLS = 4096
_POLL_S = 0.001


def mailbox_offset(section: Section, memory: SharedMemory) -> int:
    """Return where a program's mailbox begins in the shared memory.

    Raises
    ------
    BadInput
        When it does not lie in there whole.
    """
    offset = section.address - memory.address
    if section.size != _BYTES or not 0 <= offset <= memory.size - _BYTES or offset % 4:
        raise BadInput(
            "the program's mailbox is not in the memory that is shared", hint="build it again"
        )
    return offset


class MailboxTransport:
    """A transport over a mailbox.

    Parameters
    ----------
    bell
        The UART's bytes, both ways.
    memory
        The shared memory.
    offset
        Where the mailbox begins in it.
    """

    def __init__(self, bell: DescriptorTransport, memory: mmap.mmap, offset: int) -> None:
        self._bell = bell
        self._memory = memory
        self._offset = offset
        self._written = self._read = 0

    @property
    def name(self) -> str:
        """The device's address."""
        return self._bell.name

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return what has come, waiting for it at most `timeout_s` seconds; see `Transport`."""
        deadline = time.monotonic() + timeout_s
        while not (data := self._take(max_bytes)):
            # A program may ring for nothing, and faster than bells are read: that buys no time.
            left_s = deadline - time.monotonic()
            if not self._bell.read(_MOST_BELLS, max(0.0, left_s)) or left_s <= 0:
                return self._take(max_bytes)
        return data

    def write(self, data: bytes, timeout_s: float = WRITE_TIMEOUT_S) -> None:
        """Send all of `data` within `timeout_s` seconds; see `Transport`."""
        deadline = time.monotonic() + timeout_s
        left = memoryview(data)
        while left:
            waiting = self._distance(self._written, _TO_DEVICE_READ)
            if waiting > RING_BYTES:
                raise DeviceFault(f"{self.name} says that it has read what it was never sent")
            room = RING_BYTES - waiting
            if room == 0:
                if time.monotonic() > deadline:
                    raise DeviceTimeout(
                        f"{self.name} takes no bytes: {len(left)} of {len(data)} are still to send"
                    )
                time.sleep(_POLL_S)
                continue
            piece, left = left[:room], left[room:]
            self._copy_in(piece)
            self._written = (self._written + len(piece)) % _MODULUS
            self._set(_TO_DEVICE_WRITTEN, self._written)
            self._bell.write(_BELL, max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """End the emulator."""
        self._bell.close()

    def _take(self, max_bytes: int) -> bytes:
        there = -self._distance(self._read, _TO_HOST_WRITTEN) % _MODULUS
        if there > RING_BYTES:
            raise DeviceFault(f"{self.name} says that {there} bytes wait in its mailbox")
        at, count = self._read % RING_BYTES, min(there, max_bytes)
        begin, first = self._offset + _TO_HOST, min(count, RING_BYTES - at)
        data = self._memory[begin + at : begin + at + first]
        data += self._memory[begin : begin + count - first]
        if data:
            self._read = (self._read + count) % _MODULUS
            self._set(_TO_HOST_READ, self._read)
        return data

    def _copy_in(self, data: memoryview) -> None:
        at, begin = self._written % RING_BYTES, self._offset + _TO_DEVICE
        first = min(len(data), RING_BYTES - at)
        self._memory[begin + at : begin + at + first] = bytes(data[:first])
        self._memory[begin : begin + len(data) - first] = bytes(data[first:])

    def _distance(self, count: int, field: int) -> int:
        """Return how far one of our counts is ahead of one in the mailbox."""
        at = self._offset + field
        (theirs,) = _COUNTS.unpack(self._memory[at : at + 4])
        return int(count - theirs) % _MODULUS

    def _set(self, field: int, value: int) -> None:
        at = self._offset + field
        self._memory[at : at + 4] = _COUNTS.pack(value)
