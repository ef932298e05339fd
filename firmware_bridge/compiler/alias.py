"""Names that an application can rely on, whatever prefix its model has."""

from __future__ import annotations

import re

from firmware_bridge.compiler.names import DEFAULT
from firmware_bridge.licence import OURS

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def model_headers(prefix: str, header: str) -> dict[str, str]:
    """Return the headers of a model by name: its own, and model.h with ``model`` for its prefix."""
    alias = alias_header(header, f"{prefix}.h", old=prefix, new=DEFAULT)
    # A model without a prefix of its own has these names already.
    return {f"{DEFAULT}.h": alias, f"{prefix}.h": header}


def alias_header(header: str, file: str, *, old: str, new: str) -> str:
    """Return a header that includes another and gives its names another prefix.

    Parameters
    ----------
    header, file
        The other's text and its name.
    old, new
        Its prefix, and what stands in for it: as they are for symbols, in capitals for macros.
    """
    code = _COMMENT.sub("", header)
    macros = re.findall(rf"^#define ({old.upper()}_\w+) ", code, re.MULTILINE)
    symbols = sorted(set(re.findall(rf"\b{old}_\w+", code)) - set(macros) - {f"{old.upper()}_H"})
    names = [(f"{new.upper()}{name[len(old) :]}", name) for name in macros]
    names += [(f"{new}{name[len(old) :]}", name) for name in symbols]
    guard = f"APP_{new.upper()}_H"
    return "\n".join(
        [
            OURS,
            f"/* {file} for the application, which knows it by these names. Generated. */",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            f'#include "{file}"',
            "",
            *(f"#define {alias} {name}" for alias, name in names),
            "",
            "#endif",
            "",
        ]
    )
