"""The table of boards, and what a program for the emulated one consists of."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

import firmware_bridge.boards
from firmware_bridge.boards import (
    BOARDS,
    EMULATED_BOARDS,
    HOST,
    MPS2_AN500,
    WEB,
    Board,
    board_named,
    emulated_board,
)
from firmware_bridge.emulator.tools import PACKAGES
from quantize.foundation.errors import BadInput

HERE = Path(firmware_bridge.boards.__file__).parent


def test_table_holds_every_board_by_its_name() -> None:
    assert board_named("mps2-an500") is MPS2_AN500
    assert all(board.name == name for name, board in BOARDS.items())
    with pytest.raises(BadInput, match=r"no board 'stm32'.*host, mps2-an385-m0plus.*mps2-an500"):
        board_named("stm32")


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_every_file_of_a_board_is_there(board) -> None:
    assert all(path.is_file() for path in board.files)
    names = [path.name for path in board.files]  # in a project they lie in one folder
    assert len(names) == len(set(names))


def test_every_file_belongs_to_a_board() -> None:
    used = {path for board in (*BOARDS.values(), WEB) for path in board.files}
    used.add(HERE / "web" / "device.js")  # of the page around it
    folders = [path for path in sorted(HERE.iterdir()) if path.is_dir()]
    others = ("coral_micro", "__pycache__")
    lying = {
        path
        for folder in folders
        if folder.name not in others
        for path in folder.iterdir()
        if path.suffix not in ("", ".py")
    }
    assert lying == used


@pytest.mark.parametrize("board", EMULATED_BOARDS, ids=lambda board: board.name)
def test_an_emulated_board_can_be_started_and_tells_instructions(board: Board) -> None:
    assert emulated_board(board.name) is board
    assert board.instructions_per_tick is not None
    for count in (*range(300), 10_000_003):
        assert board.instructions(int(count / board.instructions_per_tick)) == count
    assert board.emulator in PACKAGES and board.compiler in PACKAGES
    assert {"make", *PACKAGES[board.compiler].split(" and ")} <= set(board.packages)
    assert PACKAGES[board.emulator] in board.packages


def test_an_unknown_emulated_board_is_refused_with_those_that_there_are() -> None:
    for name in ("host", "stm32", "coral-micro"):
        with pytest.raises(BadInput, match=f"no emulated board '{name}'.*riscv32-virt"):
            emulated_board(name)


def test_ticks_are_instructions_where_the_timer_counts_them() -> None:
    assert MPS2_AN500.instructions_per_tick == Fraction(5, 8)
    for count in (*range(20), 10_000_003):
        assert MPS2_AN500.instructions(int(count * Fraction(8, 5))) == count
    with pytest.raises(BadInput, match="measures time"):
        HOST.instructions(16)


def test_program_needs_neither_heap_nor_formatted_output(emulated_listener) -> None:
    nm = shutil.which("arm-none-eabi-nm")
    assert nm is not None
    listing = subprocess.run(
        [nm, emulated_listener.elf], capture_output=True, text=True, check=True
    ).stdout
    names = {line.split()[-1] for line in listing.splitlines()}
    assert "dev_command" in names
    forbidden = {"malloc", "_malloc_r", "free", "_free_r", "_sbrk", "calloc", "realloc", "printf",
                 "vfprintf", "_vfprintf_r", "sprintf", "snprintf", "strtok", "atoi", "strtol",
                 "_impure_ptr", "__errno", "exit", "abort"}  # fmt: skip
    assert not names & forbidden


def test_sections_lie_where_the_board_has_memory(emulated_listener) -> None:
    for section in emulated_listener.sections:
        base = 0x2000_0000 if section.writable else 0
        assert base <= section.address < section.address + section.size <= base + (4 << 20)
    assert emulated_listener.stack_bytes == 8192 + 1024
    # A runtime and a frontend of four channels: what more would be waste.
    assert emulated_listener.text_bytes < 40_000
    assert emulated_listener.bss_bytes < 16_000
