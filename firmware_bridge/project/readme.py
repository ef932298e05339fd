"""The README of a project."""

from __future__ import annotations

import textwrap

from firmware_bridge.boards import Board
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project.firmware_project import IMAGE_MODELS, ModelSources
from firmware_bridge.project.own_program import own_program

_LINE = 100

_TEXT = """\
# Firmware: {name} on {board}

{introduction}

| | |
| --- | --- |
| Model | `{name}`, SHA-256 of its .tflite `{hash}` |
| Frontend | {frontend} |
| Compiler | `{compiler}` |

## Build

```
make
```

{sizes}

It takes, by Debian's names, {packages}.
`make clean`, then `make OPTIMISE='-Og -g'` builds for a debugger.
{run}
## Talk to it

{text_protocol}

Beside them there are frames with a checksum: `0x00`, COBS(content), `0x00`. What is in them,
`runtime/include/dev_frame.h` says, and `dev_requests.h` what each asks and answers. `edgeser bench`
and `edgeser parity` use them: `--device serial:/dev/ttyACM0`, `--device pty:/dev/pts/3`.

## What is where

| Folder | |
| --- | --- |
| `model/` | weights, memory plan and calls of the kernels; `{prefix}.h` gives sizes and scales |
| `kernels/` | the int8 kernels that it needs |
{frontend_row}| `runtime/` | the application: protocol, streaming, profile, self-test |
| `board/` | start-up, memory and `port.c` |

To bring it to another board, write its `port.c` (`runtime/include/port.h` lists what a board
supplies), start-up code and linker script in `board/`, and set the flags in the Makefile.

{own_program}

## Licence

Apache-2.0, as `LICENSE` has it, for every file that says so. `model/` holds the model's own
weights: what may be done with them, the model's licence says.
"""

_INTRODUCTION = (
    "{description}. The model is C: constant weights, a static plan of its memory, calls of int8 "
    "kernels. Nothing is allocated while it runs."
)
_SIZES = (
    "gives `build/firmware.elf` and `build/firmware.map`; `make size` lists the sections. What "
    "does not fit into {flash} bytes of flash and {ram} bytes of RAM, {stack} of them the stack, "
    "is refused by the linker."
)
_COMMANDS = (
    "Text commands end with `%`, as the MLPerf Tiny runner sends them: `name%`, `profile%`, "
    "`timestamp%`, `db load N%`, `db HEX%`, `db print%`, `infer N W%`, `results%`, `help%`."
)
_INPUT = "The input is the model's own, {input_bytes} bytes"
_INPUTS = "The inputs are the model's own, one after another, {input_bytes} bytes"
_RESET = " `reset%` gives what the model keeps its first values again."
_PIXELS = "The input is {input_bytes} pixels of 0 to 255, from each of which the device takes 128"
_FLOATS = ", or {float_bytes} bytes of little-endian float32, which the device quantises"
_OUTPUTS = "; the results are its outputs as numbers: {output_values} of them."
_ERROR = "; the result is how well the model rebuilds it: the mean squared error."

_RUN = """
## Run

```
{emulator} -M {machine} -icount shift=6 -nographic -monitor none -no-reboot \\
  -serial stdio -kernel build/firmware.elf
```

and type `name%`; Ctrl-C ends it. With `-serial pty` instead, QEMU names a pseudo-terminal, which
any runner can open as a serial port.{uart}

`make emulated` gives `build/emulated.elf`, whose bytes go through memory that the emulator shares
with whoever started it (`board/console_mailbox.c`), which is much faster: `edgeser bench` does so.
"""

_UART = """ On a board the UART has 115,200 baud (`BAUD_RATE` in
`board/registers.h`)."""

_FRONTEND_ROW = "| `frontend/` | samples to features, with the tables of its configuration |\n"


def readme(board: Board, model: ModelSources, frontend: FrontendSources | None) -> str:
    """Return the README for a project."""
    return _TEXT.format(
        name=model.name,
        hash=model.hash,
        board=board.name,
        introduction=_paragraph(
            _INTRODUCTION, description=board.description[0].upper() + board.description[1:]
        ),
        frontend=f"SHA-256 of its settings `{frontend_hash(frontend)}`" if frontend else "none",
        compiler=" ".join((board.compiler, *board.compiler_flags)),
        packages=", ".join(board.packages),
        sizes=_paragraph(
            _SIZES,
            flash=f"{board.flash_bytes:,}",
            ram=f"{board.ram_bytes:,}",
            stack=f"{board.stack_bytes:,}",
        ),
        run=_run(board) if board.machine else "",
        text_protocol=_text_protocol(model),
        frontend_row=_FRONTEND_ROW if frontend else "",
        prefix=model.prefix,
        own_program=own_program(model, frontend),
    )


def _run(board: Board) -> str:
    # The CMSDK's UART is told its rate; that of a virtual machine has none.
    paced = any(path.name == "cmsdk.h" for path in board.files)
    return _RUN.format(
        emulator=" ".join((board.emulator, *board.emulator_flags)),
        machine=board.machine,
        uart=_UART if paced else "",
    )


def _text_protocol(model: ModelSources) -> str:
    macros = model.prefix.upper()
    values = {
        what: _defined(model.header, f"{macros}_{what}_VALUES") for what in ("INPUT", "OUTPUT")
    }
    input_bytes = _defined(model.header, f"{macros}_INPUT_BYTES")
    several = f"#define {macros}_ALL_INPUT_BYTES" in model.header
    rebuilds = values["INPUT"] == values["OUTPUT"] and not several
    unsigned = _defined(model.header, f"{macros}_INPUT_IS_UNSIGNED")
    one_byte = values["INPUT"] == input_bytes and not several
    pixels = model.name in IMAGE_MODELS and not rebuilds and one_byte
    takes_floats = rebuilds and one_byte
    takes = (
        _PIXELS
        if pixels and not unsigned
        else (_INPUTS if several else _INPUT) + (_FLOATS if takes_floats else "")
    )
    if several:
        input_bytes = _defined(model.header, f"{macros}_ALL_INPUT_BYTES")
    reset = _RESET if f"#define {macros}_STATE_BYTES" in model.header else ""
    return _paragraph(
        f"{_COMMANDS}{reset} {takes}{_ERROR if rebuilds else _OUTPUTS}",
        input_bytes=f"{input_bytes:,}",
        output_values=f"{values['OUTPUT']:,}",
        float_bytes=f"{4 * input_bytes:,}",
    )


def _paragraph(text: str, **values: str) -> str:
    return textwrap.fill(text.format(**values), _LINE, break_on_hyphens=False)


def _defined(header: str, name: str) -> int:
    """Return a number that the model's header defines."""
    return int(header.partition(f"#define {name} ")[2].split(maxsplit=1)[0])


def frontend_hash(frontend: FrontendSources) -> str:
    """Return the hash that the frontend's header carries."""
    return frontend.hash
