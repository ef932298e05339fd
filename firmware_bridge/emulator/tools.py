"""The compiler and the emulator, which come with the system."""

from __future__ import annotations

import shutil

from quantize.foundation.errors import ToolMissing

PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi and libnewlib-arm-none-eabi",
    "arm-none-eabi-size": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
    "qemu-system-riscv32": "qemu-system-misc",
    "clang-19": "clang-19",
    "ld.lld-19": "lld-19",
    "gcc": "gcc and libc6-dev",
    "make": "make",
    "clang": "clang-19",
    "wasm-ld": "lld-19",
}
"""Debian's packages, by the program that they bring."""


INSTALL = "apt-get install --no-install-recommends"
"""Without what is only recommended: of an emulator a desktop, of a compiler C++ for each core."""


def find_tool(program: str) -> str:
    """Return the path of a program.

    Raises
    ------
    ToolMissing
        When it is not on the PATH; the hint names its package.
    """
    require_tools(program)
    path = shutil.which(program)
    assert path is not None  # noqa: S101  or it was refused
    return path


def require_tools(*programs: str) -> None:
    """Refuse where programs are not on the PATH, all of them in one line.

    Raises
    ------
    ToolMissing
        The hint names the packages that bring them.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    what = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
    known = all(program in PACKAGES for program in missing)
    raise ToolMissing(what, hint=install_hint(*missing) if known else "install it")


def install_hint(*programs: str) -> str:
    """Return the command that brings programs of `PACKAGES` on Debian.

    >>> install_hint("arm-none-eabi-gcc", "make")
    'apt-get install --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi make'
    """
    return " ".join([INSTALL, *(PACKAGES[program].replace(" and ", " ") for program in programs)])
