"""The README of a project."""

from __future__ import annotations

import textwrap

from firmware_bridge.boards import Board
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project.records import IMAGE_MODELS, ModelSources

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
_PIXELS = "The input is {input_bytes} pixels of 0 to 255, from each of which the device takes 128"
_FLOATS = ", or {float_bytes} bytes of little-endian float32, which the device quantises"
_OUTPUTS = "; the results are its outputs as numbers: {output_values} of them."
_ERROR = "; the result is how well the model rebuilds it: the mean squared error."

_RUN = """
## Run

```
qemu-system-arm -M {machine} -icount shift=6 -nographic -monitor none -no-reboot \\
  -serial stdio -kernel build/firmware.elf
```

and type `name%`; Ctrl-C ends it. With `-serial pty` instead, QEMU names a pseudo-terminal, which
any runner can open as a serial port. On a board the UART has 115,200 baud (`BAUD_RATE` in
`board/registers.h`).

`make emulated` gives `build/emulated.elf`, whose bytes go through memory that the emulator shares
with whoever started it (`board/console_mailbox.c`), which is much faster: `edgeser bench` does so.
"""

_OWN_PROGRAM = """\
## In a program of your own

Take `model/` and `kernels/`; nothing else is needed. This is C11 and C++11 alike:

```c
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "PREFIX.h"

alignas(16) static uint8_t arena[MACRO_ARENA_BYTES];

void PREFIX_infer(const void *input, void *output) {
  memcpy(PREFIX_input(arena), input, MACRO_INPUT_BYTES);
  PREFIX_run(arena, NULL, NULL);
  memcpy(output, PREFIX_output(arena), MACRO_OUTPUT_BYTES);
}
```

Compile `model/PREFIX.c` and `kernels/src/*.c` as C11, with `-Imodel -Ikernels/include`; link them
with objects of C or C++ and `-lm`; `-flto` is fine. All that others can see of the model begins
with `PREFIX` or `MACRO`, so that models of different names (`edgeser export --name`) share one
program and one copy of the kernels: take the union of their `kernels/`. Arenas can be shared
where the models do not run at the same time. An integer of the input stands for
`MACRO_INPUT_SCALE * (value - MACRO_INPUT_ZERO_POINT)`, and likewise of the output."""
_OWN_FRONTEND = """

The frontend goes along with `frontend/` and its header, `TABLES`: `apf_attach` takes
`PREFIX_config` and `PREFIX_tables`, `apf_normalise_process` takes `PREFIX_affines`."""

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
        run=_RUN.format(machine=board.machine) if board.machine else "",
        text_protocol=_text_protocol(model),
        frontend_row=_FRONTEND_ROW if frontend else "",
        prefix=model.prefix,
        own_program=_own_program(model, frontend),
    )


def _own_program(model: ModelSources, frontend: FrontendSources | None) -> str:
    text = _OWN_PROGRAM.replace("PREFIX", model.prefix).replace("MACRO", model.prefix.upper())
    if frontend is not None:
        prefix = f"{frontend.prefix}_frontend" if frontend.prefix else "frontend"
        text += _OWN_FRONTEND.replace("TABLES", frontend.header_name).replace("PREFIX", prefix)
    return text


def _text_protocol(model: ModelSources) -> str:
    macros = model.prefix.upper()
    values = {
        what: _defined(model.header, f"{macros}_{what}_VALUES") for what in ("INPUT", "OUTPUT")
    }
    input_bytes = _defined(model.header, f"{macros}_INPUT_BYTES")
    rebuilds = values["INPUT"] == values["OUTPUT"]
    unsigned = _defined(model.header, f"{macros}_INPUT_IS_UNSIGNED")
    pixels = model.name in IMAGE_MODELS and not rebuilds and values["INPUT"] == input_bytes
    takes_floats = rebuilds and values["INPUT"] == input_bytes
    takes = _PIXELS if pixels and not unsigned else _INPUT + (_FLOATS if takes_floats else "")
    return _paragraph(
        f"{_COMMANDS} {takes}{_ERROR if rebuilds else _OUTPUTS}",
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
