"""The boards that firmware can be built for: an explicit table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from firmware_bridge.boards.all_boards import (
    CORAL_NPU_CORE,
    HOST,
    MPS2_AN385_M0PLUS,
    MPS2_AN386,
    MPS2_AN500,
    MPS2_AN505,
    MPS3_AN547,
    RISCV32_VIRT,
    WEB,
)
from firmware_bridge.boards.board import Board, Cycles, SharedMemory
from quantize.foundation.errors import BadInput

BOARDS: Mapping[str, Board] = MappingProxyType(
    {
        board.name: board
        for board in (
            MPS2_AN500,
            MPS2_AN386,
            MPS2_AN505,
            MPS3_AN547,
            MPS2_AN385_M0PLUS,
            RISCV32_VIRT,
            CORAL_NPU_CORE,
            HOST,
        )
    }
)
"""Every board by its name."""

EMULATED_BOARDS = tuple(board for board in BOARDS.values() if board.machine is not None)
"""Those that QEMU emulates, in the order of tables."""


def board_named(name: str) -> Board:
    """Return the board of that name.

    Raises
    ------
    BadInput
        When there is none.
    """
    if name not in BOARDS:
        raise BadInput(
            f"there is no board {name!r}", hint=f"the boards are {', '.join(sorted(BOARDS))}"
        )
    return BOARDS[name]


def emulated_board(name: str) -> Board:
    """Return the board of that name, which QEMU emulates.

    Raises
    ------
    BadInput
        When there is none: those that there are, are named.
    """
    found = BOARDS.get(name)
    if found is None or found.machine is None:
        names = ", ".join(board.name for board in EMULATED_BOARDS)
        raise BadInput(f"there is no emulated board {name!r}", hint=f"they are {names}")
    return found


__all__ = [
    "BOARDS",
    "CORAL_NPU_CORE",
    "EMULATED_BOARDS",
    "HOST",
    "MPS2_AN385_M0PLUS",
    "MPS2_AN386",
    "MPS2_AN500",
    "MPS2_AN505",
    "MPS3_AN547",
    "RISCV32_VIRT",
    "WEB",
    "Board",
    "Cycles",
    "SharedMemory",
    "board_named",
    "emulated_board",
]
