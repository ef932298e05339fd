"""A program's instructions as LLVM writes them: text that its assembler takes back."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from quantize.foundation.errors import ToolMissing

_LINE = re.compile(r"^ *([0-9a-f]+):\s+(\S.*)$")
_SYMBOL = re.compile(r"^([0-9a-f]{8}) <([^>]+)>:$")
_NOTE = re.compile(r"\s*(<[^>]*>|@.*)")
# Where a branch goes is nothing to the cost of it, and from elsewhere may be out of its reach.
_TARGET = re.compile(r"^(cbn?z|bl?x?[a-z]{0,2}(?:\.[nw])?)( (?:r\d+, )?)0x[0-9a-f]+$")
_IT = re.compile(r"^it([te]{0,3}) (\w+)$")
_OPPOSITE = {
    one: other
    for pair in ("eq ne", "hs lo", "mi pl", "vs vc", "hi ls", "ge lt", "gt le")
    for one, other in (pair.split(), reversed(pair.split()))
}
_CALL = re.compile(r"blx?(\.w)?\s")
_VERSIONS = ("-19", "-18", "-17", "-16", "")


@dataclass(frozen=True, slots=True)
class Code:
    """The text of each instruction, by address, and where functions are.

    Parameters
    ----------
    text
        As the assembler takes it: behind an ``it`` of its own where it is conditional, since a
        block may end between an ``it`` and what it is for; and the program's ``it`` as it is.
    sizes
        Bytes, by address.
    functions
        Addresses by name.
    """

    text: dict[int, str]
    sizes: dict[int, int]
    functions: dict[str, int]

    @property
    def calls(self) -> frozenset[int]:
        """Addresses of the instructions that call a function."""
        return frozenset(at for at, text in self.text.items() if _CALL.match(text.split("\n")[-1]))


def llvm(name: str) -> list[str]:
    """Return the command of one of LLVM's tools, the newest that is installed.

    Raises
    ------
    ToolMissing
        When none is.
    """
    for version in _VERSIONS:
        if (path := shutil.which(f"{name}{version}")) is not None:
            return [path]
    raise ToolMissing(f"{name} is not installed", hint="apt-get install llvm-19")


def disassemble(elf: Path, cpu: str) -> Code:
    """Return what a program is made of."""
    command = [*llvm("llvm-objdump"), "-d", f"--mcpu={cpu}", "--no-show-raw-insn", str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text: dict[int, str] = {}
    functions: dict[str, int] = {}
    for line in done.stdout.splitlines():
        if (symbol := _SYMBOL.match(line)) is not None:
            functions[symbol[2]] = int(symbol[1], 16)
        elif (found := _LINE.match(line)) is not None:
            plain = _NOTE.sub("", found[2]).replace("\t", " ").strip()
            text[int(found[1], 16)] = _TARGET.sub(r"\1\g<2>#8", plain)
    addresses = sorted(text)
    sizes = {at: next_ - at for at, next_ in itertools.pairwise(addresses)}
    _with_conditions(text, addresses)
    return Code(text, sizes, functions)


def _with_conditions(text: dict[int, str], addresses: list[int]) -> None:
    for number, at in enumerate(addresses):
        if (it := _IT.match(text[at])) is None:
            continue
        condition = it[2]
        for below, letter in enumerate(f"t{it[1]}", number + 1):
            wanted = condition if letter == "t" else _OPPOSITE[condition]
            text[addresses[below]] = f"it {wanted}\n{text[addresses[below]]}"
