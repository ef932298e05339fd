"""A program running: in QEMU's emulation of a board, or as a process of this computer."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_bridge.boards import Board
from firmware_bridge.emulator.tools import find_tool
from quantize.foundation.errors import BadInput, ToolMissing

_WRITE_TIMEOUT_S = 30.0
_CHUNK = 1 << 16


class ProcessTransport:
    """Bytes to and from the standard input and output of a child process.

    A pipe loses nothing and begins before the program does. Reading and writing have time-outs.
    """

    def __init__(self, command: list[str], *, what: str) -> None:
        self._what = what
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolMissing(f"cannot start {what}: {error.strerror}") from error
        assert self._child.stdin and self._child.stdout and self._child.stderr  # noqa: S101
        self._stdin, self._stdout = self._child.stdin, self._child.stdout
        self._stderr = self._child.stderr
        for stream in (self._stdin, self._stderr):
            os.set_blocking(stream.fileno(), False)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return what has come, at most `max_bytes`; empty when nothing came in time.

        Raises
        ------
        ToolMissing
            When the program has ended and all it wrote was read.
        """
        ready, _, _ = select.select([self._stdout], [], [], max(timeout_s, 0.0))
        if not ready:
            return b""
        data = os.read(self._stdout.fileno(), max_bytes)
        if not data:
            raise self._ended()
        return data

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises
        ------
        ToolMissing
            When the program has ended, or takes nothing for half a minute.
        """
        view = memoryview(data)
        deadline = time.monotonic() + _WRITE_TIMEOUT_S
        while view:
            _, ready, _ = select.select([], [self._stdin], [], deadline - time.monotonic())
            if not ready:
                raise ToolMissing(f"{self._what} takes no bytes any more")
            try:
                sent = os.write(self._stdin.fileno(), view[:_CHUNK])
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._ended() from None
            view = view[sent:]
            deadline = time.monotonic() + _WRITE_TIMEOUT_S

    def close(self) -> None:
        """End the program if it still runs, and wait for it."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        for stream in (self._stdin, self._stdout, self._stderr):
            stream.close()

    def _ended(self) -> ToolMissing:
        try:
            code = str(self._child.wait(timeout=1.0))
        except subprocess.TimeoutExpired:
            code = "unknown"
        try:
            said = os.read(self._stderr.fileno(), _CHUNK).decode("utf-8", "replace").split("\n")[0]
        except (BlockingIOError, OSError):
            said = ""
        return ToolMissing(
            f"{self._what} has ended (exit code {code}){f': {said.strip()}' if said else ''}"
        )


@contextmanager
def running_emulator(elf: Path, board: Board) -> Iterator[ProcessTransport]:
    """Start a program on an emulated board; its UART is the transport. Ended on leaving.

    The emulator stops when the program asks for a restart, as it does after a fault.

    Raises
    ------
    ToolMissing
        When QEMU is not installed.
    BadInput
        When there is no emulator of that board, or no such file.
    """
    if board.machine is None:
        raise BadInput(f"there is no emulator of {board.name}", hint="choose an emulated board")
    command = [
        find_tool("qemu-system-arm"),
        *("-M", board.machine, "-icount", "shift=6", "-nographic", "-monitor", "none"),
        *("-no-reboot", "-serial", "stdio", "-kernel", str(_existing(elf))),
    ]
    with _running(command, what="the emulator") as transport:
        yield transport


@contextmanager
def running_on_host(program: Path) -> Iterator[ProcessTransport]:
    """Start a firmware that was built for the board `host`. Ended on leaving."""
    with _running([str(_existing(program))], what="the program") as transport:
        yield transport


def _existing(path: Path) -> Path:
    if not Path(path).is_file():
        raise BadInput(f"there is no {path}", hint="build the firmware first")
    return Path(path).resolve()


@contextmanager
def _running(command: list[str], *, what: str) -> Iterator[ProcessTransport]:
    transport = ProcessTransport(command, what=what)
    try:
        yield transport
    finally:
        transport.close()
