"""A program running: in QEMU's emulation of a board, or as a process of this computer.

Its bytes come and go by QEMU's standard input and output: pipes, which are there before the program
starts, lose no byte and need no port number. On the board's side there is its UART, which takes one
byte at a time, or a mailbox in memory that is shared, which takes what there is: a program says by
its sections which. Neither lets it reach anything else: no semihosting, no network, no disk, no
monitor; and QEMU itself may write no file and, where it was built so, start no program.
"""

from __future__ import annotations

import functools
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from firmware_bridge.boards import Board, SharedMemory
from firmware_bridge.emulator.elf import read_sections
from firmware_bridge.emulator.mailbox import SECTION, MailboxTransport, mailbox_offset
from firmware_bridge.emulator.tools import find_tool
from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceGone
from firmware_bridge.link.process import open_process
from firmware_bridge.link.transport import Transport
from quantize.foundation import launch
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.foundation.processes import end_group

_MOST_SAID = 2000
_BARE = ("-nodefaults", "-no-user-config", "-display", "none")
_SANDBOX = (
    "-sandbox",
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
)
_PROBE_SECONDS = 20.0
_MEMORY_BYTES = 8 << 30
_LARGEST_FILE_BYTES = 1 << 20
"""Its messages go to a file; more than that it may not write into any."""


@contextmanager
def running_emulator(elf: Path, board: Board) -> Iterator[Transport]:
    """Start a program on an emulated board, and give the transport to it. Ended on leaving.

    One instruction takes 64 ns of virtual time, whatever else this computer does. The emulator
    ends when the program restarts the board, as it does after a fault.

    Raises
    ------
    ToolMissing
        When QEMU is not installed.
    BadInput
        When there is no emulator of that board, no such file, or it is no program.
    DeviceGone
        From within, when the emulator has ended: with what it said.
    """
    if board.machine is None:
        raise BadInput(f"there is no emulator of {board.name}", hint="choose an emulated board")
    program = _existing(elf)
    mailbox = [section for section in read_sections(program) if section.name == SECTION]
    with ExitStack() as stack:
        said = stack.enter_context(tempfile.TemporaryFile())
        qemu = find_tool(board.emulator)
        command = [
            *(qemu, *_BARE, *_sandbox(qemu), "-serial", "stdio"),
            *(*board.emulator_flags, "-icount", "shift=6", "-no-reboot", "-kernel", str(program)),
        ]
        if mailbox and board.shared is not None:
            memory = stack.enter_context(_shared_memory(board.shared))
            offset = mailbox_offset(mailbox[0], board.shared)
            command += _laid_into(memory.descriptor, board)
            bell = _start(command, said, keep=(memory.descriptor,))
            transport: Transport = MailboxTransport(bell, memory.bytes, offset)
        else:
            transport = _start([*command, "-M", board.machine], said)
        try:
            yield transport
        except DeviceGone as error:
            raise DeviceGone(f"{error.message}{_last_words(said)}", hint=error.hint) from error
        finally:
            transport.close()


@contextmanager
def running_on_host(program: Path) -> Iterator[Transport]:
    """Start a firmware that was built for the board `host`. Ended on leaving."""
    transport = open_process([_existing(program)])
    try:
        yield transport
    finally:
        transport.close()


def _existing(path: Path) -> Path:
    if not Path(path).is_file():
        raise BadInput(f"there is no {path}", hint="build the firmware first")
    return Path(path).resolve()


@dataclass(frozen=True, slots=True)
class _Memory:
    """Memory without a name on any disk, and the descriptor by which another process finds it."""

    descriptor: int
    bytes: mmap.mmap


@contextmanager
def _shared_memory(shared: SharedMemory) -> Iterator[_Memory]:
    descriptor = os.memfd_create("edgeser-mailbox", os.MFD_CLOEXEC)
    try:
        os.ftruncate(descriptor, shared.size)
        with mmap.mmap(descriptor, shared.size) as memory:
            yield _Memory(descriptor, memory)
    finally:
        os.close(descriptor)


def _laid_into(descriptor: int, board: Board) -> list[str]:
    """Return QEMU's options that lay the board's memory into that of a descriptor."""
    assert board.shared is not None  # noqa: S101  as the caller knows
    path = f"/proc/self/fd/{descriptor}"
    backend = f"memory-backend-file,id=shared,mem-path={path},size={board.shared.size},share=on"
    return ["-object", backend, "-M", f"{board.machine},memory-backend=shared"]


@functools.cache
def _sandbox(qemu: str) -> tuple[str, ...]:
    """Return the options that forbid QEMU to start programs; none where it cannot have them."""
    command = [qemu, *_BARE, *_SANDBOX, "-machine", "none", "-qmp", "stdio"]
    ask = b'{"execute": "qmp_capabilities"}\n{"execute": "quit"}\n'
    try:
        done = subprocess.run(
            command, input=ask, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return _SANDBOX if done.returncode == 0 else ()


def _start(
    command: list[str], said: IO[bytes], *, keep: tuple[int, ...] = ()
) -> DescriptorTransport:
    """Start the emulator with limits, in a group of its own; closing the transport ends it."""
    limits = [str(_MEMORY_BYTES), str(_LARGEST_FILE_BYTES)]
    emulator = subprocess.Popen(
        [sys.executable, "-I", launch.__file__, *limits, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        bufsize=0,
        pass_fds=keep,
        start_new_session=True,
    )
    assert emulator.stdin is not None and emulator.stdout is not None  # noqa: S101
    return DescriptorTransport(
        emulator.stdout.fileno(),
        emulator.stdin.fileno(),
        name="emulator",
        close=lambda: end_group(emulator),
    )


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    text = printable(said.read(_MOST_SAID).strip())
    return f": {text}" if text else ""
