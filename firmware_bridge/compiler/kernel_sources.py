"""Which files of the kernels a generated model needs."""

from __future__ import annotations

import re
from pathlib import Path

from quantize.foundation.errors import InternalError

KERNELS = Path(__file__).parents[1] / "kernels"
_INCLUDE = re.compile(r'^\s*#\s*include\s+"(i8_[^"/]+)"', re.MULTILINE)


def kernel_sources(source: str) -> tuple[Path, ...]:
    """Return the headers and sources that a model's C needs, by name; sources end in .c.

    Parameters
    ----------
    source
        The generated C: each kernel that it calls is included, and each header of the kernels
        brings the source of its name and what these two include.

    Raises
    ------
    InternalError
        When an included kernel has no header.
    """
    found: dict[Path, None] = {}
    wanted = set(_INCLUDE.findall(source))
    while wanted:
        name = wanted.pop()
        header = KERNELS / "include" / name
        if not header.is_file():
            raise InternalError(f"the model needs {name}, which is no kernel's header")
        for path in (header, KERNELS / "src" / f"{header.stem}.c"):
            if path.is_file() and path not in found:
                found[path] = None
                wanted |= set(_INCLUDE.findall(path.read_text("utf-8")))
    return tuple(sorted(found))
