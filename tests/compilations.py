"""What tests compile: each file once in a session, where ccache is installed."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from firmware_bridge.emulator.web_assembly import NEWEST, OLDEST

_COMPILERS = (
    *("cc", "gcc", "g++", "arm-none-eabi-gcc", "arm-none-eabi-g++", "riscv64-unknown-elf-gcc"),
    *("clang", *(f"clang-{version}" for version in range(OLDEST, NEWEST + 1))),
)
ANEW = "CCACHE_DISABLE"
"""Environment variable: set by a test that is about compiling itself."""


def share_compilations(folder: Path) -> None:
    """Put compilers that remember what they compiled before all others on PATH.

    The same kernels are built into hundreds of programs, each in a folder of its own.
    """
    ccache = shutil.which("ccache")
    if ccache is None:
        return
    places = folder / "compilers"
    places.mkdir(parents=True, exist_ok=True)
    for compiler in _COMPILERS:
        if shutil.which(compiler):
            with suppress(FileExistsError):
                (places / compiler).symlink_to(ccache)
    os.environ["PATH"] = f"{places}{os.pathsep}{os.environ['PATH']}"
    os.environ["CCACHE_DIR"] = str(folder / "compiled")
    os.environ["CCACHE_NOHASHDIR"] = "1"  # no program says where it was built
    os.environ["CCACHE_CONFIGPATH"] = os.devnull
