"""The README of a project."""

from __future__ import annotations

from firmware_bridge.boards import Board
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project.records import ModelSources

_TEXT = """\
# Firmware: {name} on {board}

{description}. The model is C: constant weights, a static plan of its memory, calls of int8
kernels. Nothing is allocated while it runs.

| | |
| --- | --- |
| Model | `{name}`, SHA-256 of its .tflite `{hash}` |
| Frontend | {frontend} |
| Compiler | `{compiler}` |

## Build

```
make
```

gives `build/firmware.elf` and `build/firmware.map`; `make size` lists the sections. What does not
fit into {flash} bytes of flash and {ram} bytes of RAM, {stack} of them the stack, is refused by the
linker.
{run}
## Talk to it

Text commands end with `%`, as the MLPerf Tiny runner sends them: `name%`, `profile%`,
`timestamp%`, `db load N%`, `db HEX%`, `infer N W%`, `results%`, `help%`. The input is the model's
own int8 bytes; the results are its int8 output.

Beside them there are frames with a checksum: `0x00`, COBS(content), `0x00`;
`runtime/include/dev_frame.h` and `dev_requests.h` say what is in them.

## What is where

| Folder | |
| --- | --- |
| `model/` | weights, memory plan and calls of the kernels |
| `kernels/` | the int8 kernels that it needs |
{frontend_row}| `runtime/` | the application: protocol, streaming, profile, self-test |
| `board/` | start-up, memory and `port.c` |

To bring it to another board, write its `port.c` (`runtime/include/port.h` lists what a board
supplies), start-up code and linker script in `board/`, and set the flags in the Makefile. To use
the model in a program of your own, take `model/` and `kernels/`: `model_input`, `model_run`,
`model_output`, over `MODEL_ARENA_BYTES` of memory aligned to 16.
"""

_RUN = """
## Run

```
qemu-system-arm -M {machine} -icount shift=6 -nographic -monitor none -no-reboot \\
  -serial stdio -kernel build/firmware.elf
```

With `-serial pty` QEMU names a pseudo-terminal, which any runner can open as a serial port.

`make emulated` gives `build/emulated.elf`, whose bytes go through the debugger, which is much
faster: run it with `-semihosting-config enable=on,target=native -serial none` instead of
`-serial stdio`.
"""

_FRONTEND_ROW = "| `frontend/` | samples to features, with the tables of its configuration |\n"


def readme(board: Board, model: ModelSources, frontend: FrontendSources | None) -> str:
    """Return the README for a project."""
    return _TEXT.format(
        name=model.name,
        hash=model.hash,
        board=board.name,
        description=board.description[0].upper() + board.description[1:],
        frontend=f"SHA-256 of its settings `{frontend_hash(frontend)}`" if frontend else "none",
        compiler=" ".join((board.compiler, *board.compiler_flags)),
        flash=f"{board.flash_bytes:,}",
        ram=f"{board.ram_bytes:,}",
        stack=f"{board.stack_bytes:,}",
        run=_RUN.format(machine=board.machine) if board.machine else "",
        frontend_row=_FRONTEND_ROW if frontend else "",
    )


def frontend_hash(frontend: FrontendSources) -> str:
    """Return the hash that the frontend's header carries."""
    return frontend.header.partition('#define FRONTEND_HASH "')[2].partition('"')[0]
