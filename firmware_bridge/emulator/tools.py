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
    "clang-19": "clang-19 and lld-19",
    "ld.lld-19": "lld-19",
    "gcc": "gcc",
    "make": "make",
    "clang": "clang-19",
    "wasm-ld": "lld-19",
}
"""Debian's packages, by the program that they bring."""


def find_tool(program: str) -> str:
    """Return the path of a program.

    Raises
    ------
    ToolMissing
        When it is not on the PATH; the hint names its package.
    """
    path = shutil.which(program)
    if path is None:
        package = PACKAGES.get(program)
        install = f"apt-get install {package.replace(' and ', ' ')}" if package else "install it"
        raise ToolMissing(f"{program} is not installed", hint=install)
    return path
