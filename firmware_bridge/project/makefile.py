"""The Makefile of a project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from firmware_bridge.boards import Board

_TEMPLATE = """\
# {title}
#
#   make         build/firmware.elf
#   make size    its sections
#   make clean

CC := {compiler}
SIZE := {size}
OPTIMISE := -O2
WARNINGS := -Wall -Wextra -Wconversion -Werror
CFLAGS := -std=c11 $(OPTIMISE) $(WARNINGS) -ffunction-sections -fdata-sections \\
  -fno-math-errno -ffp-contract=off{compiler_flags}
INCLUDES := {includes}
LDFLAGS := -Wl,--gc-sections -Wl,-Map=build/firmware.map{linker_flags}
LIBRARIES := -lm
{memory}
SOURCES := \\
  {sources}

OBJECTS := $(SOURCES:%.c=build/%.o)

build/firmware.elf: $(OBJECTS){script_dependency}
\t$(CC) $(CFLAGS) $(LDFLAGS) $(OBJECTS) $(LIBRARIES) -o $@

build/%.o: %.c
\t@mkdir -p $(@D)
\t$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d)

.PHONY: size clean
size: build/firmware.elf
\t$(SIZE) -A $<

clean:
\trm -rf build
"""

_MEMORY = """\
FLASH_BYTES := {flash_bytes}
RAM_BYTES := {ram_bytes}
STACK_BYTES := {stack_bytes}
LDFLAGS += -T {script} $(foreach name,FLASH_BYTES RAM_BYTES STACK_BYTES,\\
  -Wl,--defsym=$(name)=$($(name)))
"""


def makefile(board: Board, paths: Iterable[str]) -> str:
    """Return the Makefile for a project of `paths` on `board`.

    Every source is named, in order, so that a file beside them changes nothing.
    """
    files = sorted(PurePosixPath(path) for path in paths)
    sources = [path for path in files if path.suffix == ".c"]
    folders = sorted({path.parent for path in files if path.suffix == ".h"})
    scripts = [path for path in files if path.suffix == ".ld"]
    memory = ""
    if scripts:
        memory = _MEMORY.format(
            flash_bytes=board.flash_bytes,
            ram_bytes=board.ram_bytes,
            stack_bytes=board.stack_bytes,
            script=scripts[0],
        )
    return _TEMPLATE.format(
        title=f"Firmware for {board.description}.",
        compiler=board.compiler,
        size=board.compiler.removesuffix("gcc") + "size",
        compiler_flags="".join(f" {flag}" for flag in board.compiler_flags),
        linker_flags="".join(f" {flag}" for flag in board.linker_flags),
        includes=" ".join(f"-I{folder}" for folder in folders),
        memory=memory,
        sources=" \\\n  ".join(str(path) for path in sources),
        script_dependency=f" {scripts[0]}" if scripts else "",
    )
