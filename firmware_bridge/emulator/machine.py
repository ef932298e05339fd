"""A program running: in QEMU's emulation of a board, or as a process of this computer.

Its bytes come and go by QEMU's standard input and output: pipes, which are there before the program
starts, lose no byte and need no port number. On the board's side there is its UART, which takes one
byte at a time, or semihosting, which takes what there is: a program says by its sections which.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from firmware_bridge.boards import Board
from firmware_bridge.emulator.elf import read_sections
from firmware_bridge.emulator.tools import find_tool
from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceGone
from firmware_bridge.link.process import open_process
from firmware_bridge.link.transport import Transport
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.foundation.processes import end_group

SEMIHOSTING_SECTION = ".semihosting"
_SEMIHOSTING = ("-semihosting-config", "enable=on,target=native", "-serial", "none")
_UART = ("-serial", "stdio")
_MOST_SAID = 2000


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
    by_debugger = any(section.name == SEMIHOSTING_SECTION for section in read_sections(program))
    command = [
        find_tool("qemu-system-arm"),
        *("-M", board.machine, "-icount", "shift=6", "-nographic", "-monitor", "none"),
        *(_SEMIHOSTING if by_debugger else _UART),
        *("-no-reboot", "-kernel", str(program)),
    ]
    with tempfile.TemporaryFile() as said:
        transport = _start(command, said)
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


def _start(command: list[str], said: IO[bytes]) -> Transport:
    # Of a session of its own: an interrupt typed here ends it by way of `close`, not behind it.
    emulator = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        bufsize=0,
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
