"""Building a project, and how large what comes out is."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.boards import Board
from firmware_bridge.emulator.elf import Section, read_sections
from firmware_bridge.emulator.tools import find_tool, require_tools
from firmware_bridge.project.makefile import EMULATED, FIRMWARE
from quantize.foundation.errors import BadInput, CheckFailed, EdgeserError, InternalError
from quantize.foundation.processes import run

_OVERFLOW = re.compile(r"region [`'](\w+)':? overflowed by (\d+) bytes")
_LIST = re.compile(r"^(.*?: (?:fatal )?[Ee]rror: .*|.*: undefined reference to .*)$", re.MULTILINE)
_NO_SPACE = os.strerror(errno.ENOSPC)  # in the messages of every tool that make runs
# What two linkers say at once comes one after the other, and in English: we search it.
_APART = ("--output-sync=target", "LC_ALL=C")
STACK_SECTION = ".stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFirmware:
    """A program for a board, with what it takes of its memory.

    Parameters
    ----------
    elf
        The program, as it is for the board.
    emulated_elf
        The same program, its bytes through memory shared with the host instead of the UART: what
        the emulator runs much faster. The same file as `elf` for a board that has no such thing.
    sections
        All that take memory on the board.
    text_bytes
        In flash, never changed: code and constants.
    data_bytes
        In flash and in RAM: variables with a first value.
    bss_bytes
        In RAM alone: arena, buffers, and all else that begins as zero; not the stack.
    stack_bytes
        In RAM, set aside for the stacks.
    seconds
        How long the build took.
    """

    elf: Path
    emulated_elf: Path
    sections: tuple[Section, ...]
    text_bytes: int
    data_bytes: int
    bss_bytes: int
    stack_bytes: int
    seconds: float

    @property
    def flash_bytes(self) -> int:
        """What it takes of flash."""
        return self.text_bytes + self.data_bytes

    @property
    def ram_bytes(self) -> int:
        """What it takes of RAM."""
        return self.data_bytes + self.bss_bytes + self.stack_bytes


def build_firmware(
    project_dir: Path, board: Board, *, timeout_s: float = 120.0, jobs: int = 2
) -> BuiltFirmware:
    """Run `make` in a project: whoever wrote its Makefile decides what is run.

    Parameters
    ----------
    project_dir
        What `write_project` wrote, for the same board, and nobody else could change.
    board
        The board.
    timeout_s
        Seconds after which the build is stopped.
    jobs
        How many compilers run at once.

    Raises
    ------
    ToolMissing
        When the compiler or make is not installed.
    CheckFailed
        When the program does not fit the board: says by how many bytes.
    BadInput
        When no space is left for it.
    InternalError
        When it does not compile, or takes too long.
    """
    require_tools("make", board.compiler, *([board.linker] if board.linker else []))
    make = find_tool("make")
    begin = time.monotonic()
    targets = [FIRMWARE, EMULATED] if len(board.consoles) > 1 else [FIRMWARE]
    command = [make, f"-j{jobs}", *_APART, "-C", str(project_dir), "-f", "Makefile", *targets]
    code, output = _run(command, timeout_s)
    if code != 0:
        raise _failure(output, board)
    elf, emulated = (Path(project_dir) / target for target in (targets[0], targets[-1]))
    return measure(elf, emulated, seconds=time.monotonic() - begin)


def _run(command: list[str], timeout_s: float) -> tuple[int, str]:
    try:
        done = run(command, timeout_s=timeout_s, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as error:
        raise InternalError(
            f"building the firmware took longer than {timeout_s:g} s and was stopped"
        ) from error
    return done.returncode, done.stdout.decode("utf-8", "replace")


def measure(elf: Path, emulated: Path, *, seconds: float) -> BuiltFirmware:
    """Return what a program that was built takes of its board's memory.

    Raises
    ------
    BadInput
        When it is not a whole ELF file.
    """
    sections = read_sections(elf)
    stack = sum(section.size for section in sections if section.name == STACK_SECTION)
    zeroed = [s for s in sections if s.writable and not s.stored and s.name != STACK_SECTION]
    return BuiltFirmware(
        elf=elf,
        emulated_elf=emulated,
        sections=sections,
        text_bytes=sum(section.size for section in sections if not section.writable),
        data_bytes=sum(section.size for section in sections if section.writable and section.stored),
        bss_bytes=sum(section.size for section in zeroed),
        stack_bytes=stack,
        seconds=seconds,
    )


def _failure(output: str, board: Board) -> EdgeserError:
    if _NO_SPACE in output:
        return BadInput(
            f"the firmware cannot be built: {_NO_SPACE}",
            hint="free some space or choose another folder",
        )
    overflows = _OVERFLOW.findall(output)  # each program that was linked says its own
    if overflows:
        sizes = {"FLASH": board.flash_bytes, "RAM": board.ram_bytes}
        parts = [
            f"{region} of {size} bytes is {max(excesses)} bytes too small"
            for region, size in sizes.items()
            if (excesses := [int(excess) for name, excess in overflows if name == region])
        ]
        return CheckFailed(
            f"the firmware does not fit {board.name}: {'; '.join(parts)}",
            hint="choose a smaller model or a larger board",
        )
    errors = _LIST.findall(output) or output.strip().splitlines()[-1:] or ["no message"]
    return InternalError(f"the firmware does not build: {errors[0].strip()}")
