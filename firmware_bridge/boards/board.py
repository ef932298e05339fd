"""What everything else knows about a board."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedMemory:
    """The memory of an emulated board that QEMU can lay into memory of the host's.

    Parameters
    ----------
    address
        Where it begins on the board.
    size
        In bytes.
    """

    address: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycles:
    """Cycles that a core takes for an instruction, as far as published figures and a model tell.

    Parameters
    ----------
    middle
        In the middle, of code that was not modelled.
    band
        Likewise, from best to worst.
    by_operator
        Of the kernels that were modelled, by operator.
    model_band
        From best to worst, as factors of what the model says.
    """

    middle: float
    band: tuple[float, float]
    by_operator: tuple[tuple[str, float], ...] = ()
    model_band: tuple[float, float] = (1.0, 1.0)

    def of_operators(self, spent: Iterable[tuple[str, float]]) -> Cycles:
        """Return the same for an inference, from the names and instructions of its operators.

        An operator that was not modelled counts with the mean of those that were. Unchanged where
        none was.
        """
        known = dict(self.by_operator)
        costs = [(known[name], count) for name, count in spent if name in known and count > 0]
        instructions = sum(count for _, count in costs)
        if not instructions:
            return self
        middle = sum(factor * count for factor, count in costs) / instructions
        best, worst = self.model_band
        return Cycles(middle=middle, band=(middle * best, middle * worst))


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board that firmware can be built for.

    Parameters
    ----------
    name
        As on the command line: ``"mps2-an500"``.
    description
        A few words for lists.
    cpu
        The core: ``"cortex-m7"``.
    flash_bytes, ram_bytes
        What there is for code with constants, and for everything else. A firmware that needs more
        is refused when it is linked.
    stack_bytes
        Of RAM, set aside for the stack.
    compiler
        Name of the C compiler.
    compiler_flags, linker_flags
        What it needs for this board beside the language and the warnings.
    packages
        Debian's packages that build its programs and, where it is emulated, run them.
    files
        Sources, headers and the linker script.
    consoles
        Ways for bytes to come and go, of which a program has one: of the files, ``console_NAME.c``.
        The first is the board's own; the second, where there is one, is for the emulator.
    ticks_per_second
        Of the timer that intervals are measured with.
    instructions_per_tick
        Where the timer counts instructions: how many a tick stands for. `None` on real time.
    machine
        Name of QEMU's machine; `None` where there is none.
    shared
        Of that machine's memory, what a program may share with the host; `None` where nothing.
    emulator, emulator_flags
        QEMU's program for that machine, and what it needs beside the machine's name.
    libraries
        What a program is linked with, in order.
    linker
        Where the compiler comes without one: its name.
    cycles
        What is known of the cycles that the core takes; `None` where no figure of it is: then time
        is not predicted.
    """

    name: str
    description: str
    cpu: str
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    compiler: str
    compiler_flags: tuple[str, ...]
    linker_flags: tuple[str, ...]
    packages: tuple[str, ...]
    files: tuple[Path, ...]
    ticks_per_second: int
    consoles: tuple[str, ...] = ()
    instructions_per_tick: Fraction | None = None
    machine: str | None = None
    shared: SharedMemory | None = None
    emulator: str = "qemu-system-arm"
    emulator_flags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ("-lm",)
    linker: str | None = None
    cycles: Cycles | None = None

    def instructions(self, ticks: int) -> int:
        """Return how many instructions an interval of `ticks` holds: exactly.

        The timer shows the whole ticks in n instructions, and a tick is shorter than one.

        Raises
        ------
        BadInput
            When the board's timer does not count instructions.
        """
        if self.instructions_per_tick is None:
            raise BadInput(
                f"{self.name} measures time, not instructions", hint="use an emulated board"
            )
        return math.ceil(ticks * self.instructions_per_tick)
