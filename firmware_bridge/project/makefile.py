"""The Makefile of a project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from firmware_bridge.boards import Board

FIRMWARE = "build/firmware.elf"
EMULATED = "build/emulated.elf"
SCRIPT = "board/link.ld"
"""The linker's; others beside it are included by it."""

_TEMPLATE = """\
# SPDX-License-Identifier: Apache-2.0
# Firmware for {description}.
#
#   make           {firmware}
{emulated_help}#   make size      its sections
#   make clean

CC := {compiler}
SIZE := {size}
OPTIMISE := -O2
WARNINGS := -Wall -Wextra -Wconversion -Werror
CFLAGS := -std=c11 $(OPTIMISE) $(WARNINGS) -ffunction-sections -fdata-sections \\
  -fno-math-errno -ffp-contract=off{compiler_flags}
INCLUDES := {includes}
LDFLAGS := -Wl,--gc-sections{linker_flags}
LIBRARIES := {libraries}
{memory}
SOURCES := \\
  {sources}

OBJECTS := $(SOURCES:%.c=build/%.o)
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -Wl,-Map=$(@:.elf=.map) $(filter %.o,$^) $(LIBRARIES) \\
  -o $@.new && sync $@.new && mv $@.new $@ || {{ rm -f $(filter %.o,$^); exit 1; }}

{firmware}: $(OBJECTS){console}{script}
\t$(LINK)
{emulated}
# Named when they are whole and on the disk, and made anew when they cannot be linked: a build that
# was cut off, even by a power failure, goes on.
build/%.o: %.c Makefile
\t@mkdir -p $(@D)
\t$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -MT $@ -MF $@.d.new -c $< -o $@.new
\t@sync $@.d.new $@.new && mv $@.d.new $@.d && mv $@.new $@

-include $(addsuffix .d,$(OBJECTS){consoles})

.DELETE_ON_ERROR:
.PHONY: emulated size clean
size: {firmware}
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

_EMULATED_HELP = f"#   make emulated  {EMULATED}\n"
_EMULATED = """
# The same program, but its bytes go through memory that the emulator shares: much faster there.
emulated: {emulated}
{emulated}: $(OBJECTS){console}{script}
\t$(LINK)
"""


def makefile(board: Board, paths: Iterable[str]) -> str:
    """Return the Makefile for a project of `paths` on `board`.

    Every source is named, in order, so that a file beside them changes nothing.
    """
    files = sorted(PurePosixPath(path) for path in paths)
    consoles = [f"board/console_{name}" for name in board.consoles]
    sources = [path for path in files if path.suffix == ".c"]
    common = [path for path in sources if str(path.with_suffix("")) not in consoles]
    folders = sorted({path.parent for path in files if path.suffix == ".h"})
    scripts = [path for path in files if path.suffix == ".ld"]
    script = "".join(f" {path}" for path in scripts)
    objects = [f" build/{console}.o" for console in consoles]
    emulated = len(objects) > 1
    return _TEMPLATE.format(
        description=board.description,
        firmware=FIRMWARE,
        compiler=board.compiler,
        size=re.sub("gcc$", "size", re.sub("^clang.*", "size", board.compiler)),
        compiler_flags="".join(f" {flag}" for flag in board.compiler_flags),
        linker_flags="".join(f" {flag}" for flag in board.linker_flags),
        includes=" ".join(f"-iquote {folder}" for folder in folders),
        libraries=" ".join(board.libraries),
        memory=_memory(board) if scripts else "",
        sources=" \\\n  ".join(map(str, common)),
        console=objects[0] if objects else "",
        consoles="".join(objects),
        script=script,
        emulated_help=_EMULATED_HELP if emulated else "",
        emulated=_EMULATED.format(emulated=EMULATED, console=objects[1], script=script)
        if emulated
        else "",
    )


def _memory(board: Board) -> str:
    return _MEMORY.format(
        flash_bytes=board.flash_bytes,
        ram_bytes=board.ram_bytes,
        stack_bytes=board.stack_bytes,
        script=SCRIPT,
    )
