"""Sources as a device has them: without what only hosts compile."""

from __future__ import annotations

import re

_KEPT = {"#if defined(APF_SPLIT)": False, "#if !defined(APF_SPLIT)": True}
"""Whether a device compiles what follows: hosts alone define it, for their vector units."""


def device_code(text: str) -> str:
    """Return a C source without the parts for APF_SPLIT, and without the question."""
    kept: list[str] = []
    # Of each #if that is open: whether its branch is kept; None where it asks something else.
    branches: list[bool | None] = []
    for line in text.splitlines():
        inner = branches[-1] if branches else None
        if line in _KEPT:
            branches.append(_KEPT[line])
            continue
        if inner is not None and line == "#else":
            branches[-1] = not inner
            continue
        if line.startswith("#if"):
            branches.append(None)
        elif line.startswith("#endif"):
            branches.pop()
            if inner is not None:
                continue
        if False not in branches:
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n") + "\n"
