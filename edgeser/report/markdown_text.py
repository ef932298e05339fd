"""Markdown's tables and lines, in which no text of others starts markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edgeser.report.figures import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~@])")


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, raw: Sequence[int] = ()
) -> str:
    """Return a table; the columns in `raw` hold Markdown of our own and are not escaped."""
    lines = [_row(head), "|" + " --- |" * len(head)]
    for row in rows:
        cells = [cell if i in raw else plain(cell) for i, cell in enumerate(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(plain(cell) for cell in cells) + " |"


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: names from files start no markup and no mention."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def small(text: str) -> str:
    """Return a note in small type."""
    return f"<sub>{plain(text)}</sub>"


def joined(parts: Sequence[str]) -> str:
    """Join blocks with blank lines, but keep the items of a list together."""
    out = ""
    for part in parts:
        listed = part.startswith("- ") and out.rstrip("\n").rpartition("\n")[2].startswith("- ")
        out = out.rstrip("\n") + ("" if not out else "\n" if listed else "\n\n") + part
    return out.rstrip("\n") + "\n"
