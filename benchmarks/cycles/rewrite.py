"""Instructions written so that LLVM's model charges for them what was measured on the core.

LLVM's model of the Cortex-M7 is made for scheduling, and llvm-mca simulates what it is told. Four
things it is told are not what others measured on hardware (README.md has the sources):

- a branch blocks the pipeline for a result that nobody waits for; on the core one that is foretold
  takes a slot of the two, and no more;
- a load or store of several words costs as much as one of a word, and goes beside others; on the
  core it takes a cycle for two words, and goes alone;
- a base register that is written back comes as late as what is loaded; on the core it is there in
  the next cycle;
- ``it`` has no cost at all; on the core it takes a slot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SLOT = "cmp lr, #0"
"""Takes one slot of the two, and waits for nothing that a loop computes."""

_CONDITIONS = "eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_BRANCH = re.compile(rf"^((b|bl|bx|blx)({_CONDITIONS})?|cbn?z|tb[bh])(\.[nw])? ")
_IT = re.compile(r"^it[te]{0,3} \w+$")
_MANY = re.compile(r"^(?P<verb>ldm|stm|push|pop|vldm\w*|vstm\w*|vpush|vpop)[a-z]*(\.\w+)? "
                   r"(?:(?P<base>\w+)!?, )?\{(?P<list>[^}]*)\}$")  # fmt: skip
_PAIR = re.compile(
    r"^(?P<verb>ldrd|strd)[a-z]* (?P<one>\w+), (?P<two>\w+), \[(?P<base>\w+)[^\]]*\].*$"
)
_WRITE_BACK = re.compile(r"^(\S+ \S+, )\[(\w+)(, [^\]]+)?\](!|, .+)$")
_LOADS = ("ldm", "pop", "ldrd", "vldm", "vpop")


def as_measured(block: Iterable[str]) -> list[str]:
    """Return a block's instructions as others of which the model knows what they cost."""
    return [line for text in block for line in _as_measured(text)]


def _as_measured(conditional: str) -> list[str]:
    text = conditional.rsplit("\n", maxsplit=1)[-1]  # without the ``it`` before it
    if _BRANCH.match(text) or _IT.match(text):
        return [_SLOT]
    if (many := _MANY.match(text)) is not None:
        return _words(many["verb"], _names(many["list"]), many["base"] or "sp")
    if (pair := _PAIR.match(text)) is not None:
        return _words(pair["verb"], [pair["one"], pair["two"]], pair["base"])
    if (back := _WRITE_BACK.match(text)) is not None:
        return [conditional.replace(text, f"{back[1]}[{back[2]}]")]
    return [conditional]


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",")]


def _words(verb: str, names: list[str], base: str) -> list[str]:
    """Return a cycle for every two words, in which nothing else is issued."""
    loads = verb.startswith(_LOADS)
    if names[0][0] in "sd" and names[0] != "sp":  # of the floating-point unit
        words = len(names) * (2 if names[0][0] == "d" else 1)
        one = f"vldr {{}}, [{base}]" if loads else f"vstr {{}}, [{base}]"
    else:
        words = len(names)
        one = f"ldr.w {{}}, [{base}]" if loads else f"str.w {{}}, [{base}]"
    if not loads:
        return [line for at in range(0, words, 2) for line in (one.format(_one(names, at)), _SLOT)]
    # The base is read by each of them: what overwrites it comes last. The program counter is not
    # loaded, which would be a branch.
    kept = [name if name != "pc" else "lr" for name in names if name != base]
    kept += [base] * (base in names and base != "sp")
    lines = [one.format(name) for name in kept]
    lines += [_SLOT] * (max(words, len(lines)) - len(lines))
    return [*lines, *([_SLOT] * (len(lines) % 2))]


def _one(names: list[str], at: int) -> str:
    return names[min(at, len(names) - 1)]
