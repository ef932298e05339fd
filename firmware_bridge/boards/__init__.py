"""The boards that firmware can be built for: an explicit table."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from firmware_bridge.boards.board import Board, SharedMemory
from quantize.foundation.errors import BadInput

_FOLDER = Path(__file__).parent


def _files(folder: str, *names: str) -> tuple[Path, ...]:
    return tuple(_FOLDER / folder / name for name in names)


MPS2_AN500 = Board(
    name="mps2-an500",
    description="Arm MPS2+ with a Cortex-M7, emulated by QEMU",
    cpu="cortex-m7",
    flash_bytes=4 << 20,
    ram_bytes=4 << 20,
    stack_bytes=8 << 10,
    compiler="arm-none-eabi-gcc",
    compiler_flags=("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    linker_flags=("--specs=nano.specs", "-nostartfiles"),
    packages=("make", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"),
    files=_files(
        "mps2_an500", "console.h", "console_mailbox.c", "console_uart.c", "faults.c",
        "faults.h", "link.ld", "memory.c", "memory.h", "port.c", "port_start.h", "registers.h",
        "startup.c", "uart.c", "uart.h",
    ),
    consoles=("uart", "mailbox"),
    shared=SharedMemory(address=0x6000_0000, size=16 << 20),
    ticks_per_second=25_000_000,
    # At -icount shift=6 an instruction takes 64 ns of virtual time, a tick 40 ns.
    instructions_per_tick=Fraction(5, 8),
    machine="mps2-an500",
)  # fmt: skip

HOST = Board(
    name="host",
    description="this computer: a process over standard input and output, for tests",
    cpu="host",
    flash_bytes=64 << 20,
    ram_bytes=64 << 20,
    stack_bytes=0,
    compiler="gcc",
    compiler_flags=(),
    linker_flags=(),
    packages=("make", "gcc"),
    files=_files("host", "port.c"),
    ticks_per_second=25_000_000,
)

WEB = Board(
    name="web",
    description="a page in a browser: WebAssembly, without a C library",
    cpu="wasm32",
    flash_bytes=64 << 20,
    ram_bytes=64 << 20,
    stack_bytes=64 << 10,
    compiler="clang",
    compiler_flags=("--target=wasm32", "-mcpu=mvp", "-msign-ext", "-mbulk-memory"),
    linker_flags=(
        "--no-entry",
        "--gc-sections",
        "--strip-all",
        "--stack-first",
        "--fatal-warnings",
    ),
    packages=("clang-19", "lld-19"),
    files=_files(
        "web", "assert.h", "math.h", "memory.c", "port.c", "stdint.h", "string.h", "web.c", "web.h"
    ),
    ticks_per_second=1_000_000,
)
"""No board that a project is written for: `edgeser export --target web` makes a page of it."""

BOARDS: Mapping[str, Board] = MappingProxyType({board.name: board for board in (MPS2_AN500, HOST)})
"""Every board by its name."""


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


__all__ = ["BOARDS", "HOST", "MPS2_AN500", "WEB", "Board", "SharedMemory", "board_named"]
