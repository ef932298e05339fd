"""The tables that every report on a terminal shows, with a title above them and without."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.text import Text

from edgeser.report.figures import printable
from edgeser.report.fitting import FittingTable


def plain_table(**options: Any) -> FittingTable:
    """Return an empty table without lines; `options` are those of `rich.table.Table`."""
    return FittingTable(box=None, pad_edge=False, **options)


def titled_table(title: str, **options: Any) -> FittingTable:
    """Return an empty table; `options` are those of `rich.table.Table`."""
    return FittingTable(
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
