"""Tables that a narrow terminal shows whole: no figure, name or heading is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

_ENDLESS = 100_000
_FOLDED = 20
_INDENT = 2


@dataclass(frozen=True)
class _Need:
    """How wide a column is at least and at most: its longest word, its longest line."""

    least: int
    most: int

    def within(self, level: int) -> int:
        """Return the column's width where no column that can do with less is above `level`."""
        return min(self.most, max(self.least, level))


class FittingTable(Table):
    """A table that breaks lines between words alone, and is a list where that does not fit.

    Rich narrows the widest columns first, whatever is in them, and cuts off what is longer. Here
    each column keeps its longest word, and figures (columns that are justified to the right) stay
    on one line. A terminal that is too narrow for that gets a block of lines for each row.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table as it fits."""
        needs = [self._need(console, options, column) for column in self.columns]
        endless = options.update(width=_ENDLESS)
        drawn = Measurement.get(console, endless, self).maximum - sum(n.most for n in needs)
        room = options.max_width - drawn
        if sum(need.least for need in needs) > room:
            yield from self._as_list()
            return
        if sum(need.most for need in needs) > room:
            level = max(range(room + 1), key=lambda level: _fits(needs, level, room))
            for column, need in zip(self.columns, needs, strict=True):
                column.width = need.within(level)
            self.columns[0].width = needs[0].within(level) + self._forgotten()
        yield from super().__rich_console__(console, options)
        for column in self.columns:
            column.width = None

    def _forgotten(self) -> int:
        """Return the padding that rich takes from the first column, where paddings collapse."""
        return self.padding[3] if self.collapse_padding and self.pad_edge else 0

    def _need(self, console: Console, options: ConsoleOptions, column: Column) -> _Need:
        endless = options.update(width=_ENDLESS)
        cells = [column.header, *column.cells]
        found = [Measurement.get(console, endless, cell) for cell in cells]
        most = max(one.maximum for one in found)
        figures = [one.maximum for one in found[1:]] if column.justify == "right" else []
        least = max(one.minimum for one in found)
        if column.overflow == "fold":
            least = min(least, _FOLDED)
        return _Need(most if column.no_wrap else max([least, *figures]), most)

    def _as_list(self) -> Iterator[RenderableType]:
        if self.title:
            yield Text.assemble(self.title, style="bold")
        rows = zip(*(column.cells for column in self.columns), strict=True)
        for row, cells in zip(self.rows, rows, strict=True):
            yield from _block(self.columns, cells, str(row.style or ""))
        if self.caption:
            yield Text.assemble(self.caption)


def _fits(needs: list[_Need], level: int, room: int) -> int:
    """Return `level` where columns of that width fit the room, and -1 where they do not."""
    return level if sum(need.within(level) for need in needs) <= room else -1


def _block(columns: list[Column], cells: tuple[Any, ...], style: str) -> Iterator[RenderableType]:
    """Yield a row, a line for each of its cells that is not empty; the first is its heading."""
    indent = 0
    for column, cell in zip(columns, cells, strict=True):
        text = cell if isinstance(cell, Text) else Text(str(cell))
        if text.plain:
            title = str(column.header)
            line = Text.assemble(f"{title}: " if title else "", text, style=style)
            yield Padding(line, (0, 0, 0, indent))
            indent = _INDENT
