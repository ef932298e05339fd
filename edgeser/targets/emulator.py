"""The emulator: firmware built for a board, and QEMU or this computer that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.targets.target import Program, TargetKind, takes

if TYPE_CHECKING:
    from edgeser.benchmark.target import TargetFacts
    from edgeser.progress import Reporter
    from edgeser.targets.attached import AttachedDevice
    from firmware_bridge.boards import Board

EMULATOR = TargetKind(
    word="emulator",
    called="--device emulator",
    exact=True,
    profile=True,
    memory=True,
    streams=True,
    takes=takes(
        bench="latency_ms flash_bytes ram_bytes clock_mhz board corpora",
        parity="clips board corpora",
        accept="board play clips reference max_psi max_clipped corpora out",
    ),
)


@dataclass(frozen=True, slots=True)
class EmulatorTarget:
    """An emulated board.

    Parameters
    ----------
    board
        Which one.
    builds
        Where its programs are kept for the next time; nowhere when `None`.
    """

    board: Board
    builds: Path | None = None

    @property
    def kind(self) -> TargetKind:
        """What it can do."""
        return EMULATOR

    @property
    def facts(self) -> TargetFacts:
        """Which board it is."""
        from edgeser.benchmark.target import TargetFacts

        board = self.board
        return TargetFacts(EMULATOR.word, board.name, board.description, board.cpu)

    @contextmanager
    def opened(self, program: Program, *, reporter: Reporter) -> Iterator[AttachedDevice]:
        """Build the program's firmware, start it, and give the device.

        Raises
        ------
        ToolMissing
            When the compiler or the emulator is not installed.
        BadInput
            When the firmware cannot run the model: operator, layer and reason are named.
        CheckFailed
            When it does not fit the board.
        DeviceError
            When the emulated device does not answer.
        """
        from edgeser.targets.attached import AttachedDevice, answering
        from firmware_bridge.emulator import built_firmware, require_tools, running_emulator

        require_tools("make", self.board.compiler, self.board.emulator)
        reporter.stage("Building the firmware")
        contents, compiled = program.firmware(self.board)
        with built_firmware(contents, self.board, cache=self.builds) as built:
            reporter.stage("Starting the emulated device")
            with running_emulator(built.emulated_elf, self.board) as transport:
                device = answering(transport, compiled.sha256, program.frontend_hash)
                yield AttachedDevice(device, compiled, EMULATOR, self.board, built, program=program)


def default_emulator(builds: Path | None = None) -> EmulatorTarget:
    """Return the board that is taken where none is named."""
    from firmware_bridge.boards import MPS2_AN500

    return EmulatorTarget(MPS2_AN500, builds)
