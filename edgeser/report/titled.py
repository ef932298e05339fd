"""The table with a title above it that every report on a terminal shows."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from edgeser.report.figures import printable


def titled_table(title: str, **options: Any) -> Table:
    """Return an empty table; `options` are those of `rich.table.Table`."""
    return Table(
        title=Text(printable(title)),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        **options,
    )


def safe(text: str) -> Text:
    """Return text from a file as it is: no markup of rich's, no control characters."""
    return Text(printable(text))


def mark(passed: bool | None) -> Text:
    """Return how a check came out; `None` for a fact without a verdict."""
    if passed is None:
        return Text("fact", style="dim")
    return Text("ok", style="green") if passed else Text("FAILED", style="bold red")
