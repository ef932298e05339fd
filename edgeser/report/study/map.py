"""The map of a study: trained on (rows) against tested on (columns), one for each variant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from edgeser.corpora.random_clips import HEARS_TEST_SPEAKERS
from edgeser.evaluation.conditions import CLEAN
from edgeser.report.figures import figure, number, printable, span
from edgeser.report.markdown_text import markdown_table, plain
from edgeser.report.titled import titled_table
from edgeser.study.rows import HEARD_MARK, StudyRow, StudyTable
from edgeser.wording import plural

OWN_MARK = "="
MAP_NOTE = (
    f"{OWN_MARK} other speakers of that corpus were trained on. The block, or colour, is how far a "
    "figure is above chance, which depends on a corpus's classes."
)
_SHADES = "▁▂▃▄▅▆▇█"
_COLUMNS_A_TABLE = 4
_WIDEST_NAME = 15


@dataclass(frozen=True, slots=True)
class MapCell:
    """One cell: UAR in percent, its interval, chance, what it is over, and how it is drawn.

    Parameters
    ----------
    text, interval, chance
        In percent, without the unit.
    classes, speakers
        How many, with the word.
    strength
        How far it is above chance: 0, chance or below, to 1, all right.
    title
        All of that in words, with the classes.
    own
        Whether other speakers of the corpus were trained on.
    """

    text: str
    interval: str
    classes: str
    speakers: str
    chance: str
    strength: float
    title: str
    own: bool


@dataclass(frozen=True, slots=True)
class StudyMap:
    """UAR of each arrangement (row) on each corpus (column), for one variant."""

    variant: str
    corpora: tuple[str, ...]
    rows: tuple[tuple[str, tuple[MapCell | None, ...]], ...]


def maps_of(table: StudyTable) -> list[StudyMap]:
    """Return a map of each variant where there are several arrangements and several corpora.

    What was heard under other conditions is in the tables alone.
    """
    clean = [row for row in table.rows if row.condition == CLEAN]
    arrangements = list(dict.fromkeys(row.arrangement for row in clean))
    corpora = tuple(dict.fromkeys(row.corpus for row in clean))
    if len(arrangements) < 2 or len(corpora) < 2:
        return []
    maps = []
    for variant in dict.fromkeys(row.variant for row in clean):
        cells = {(r.arrangement, r.corpus): _cell(r) for r in clean if r.variant == variant}
        rows = tuple((a, tuple(cells.get((a, c)) for c in corpora)) for a in arrangements)
        maps.append(StudyMap(variant, corpora, rows))
    return maps


def map_title(table: StudyTable, variant: str) -> str:
    """Return what a map shows; with the variant's name where there are several."""
    title = "UAR, %: trained on (rows), tested on (columns)"
    alone = len({row.variant for row in table.rows}) == 1
    return title if alone else f"{title}: {variant}"


def map_tables(table: StudyTable) -> Iterator[Table]:
    """Yield the maps for a terminal, as few corpora side by side as 80 columns hold."""
    for found in maps_of(table):
        count = -(-len(found.corpora) // _COLUMNS_A_TABLE)
        most = -(-len(found.corpora) // count)
        for first in range(0, len(found.corpora), most):
            yield _grid(found, slice(first, first + most), map_title(table, found.variant))


def map_markdown(table: StudyTable) -> list[str]:
    """Return the maps as Markdown: titles and tables; nothing where there is no map."""
    parts = []
    for found in maps_of(table):
        rows = [(name, *map(_in_one_line, cells)) for name, cells in found.rows]
        parts.append(f"### {plain(map_title(table, found.variant))}")
        parts.append(markdown_table(("trained on", *found.corpora), rows))
    return parts


def _cell(row: StudyRow) -> MapCell:
    chance = 1.0 / len(row.classes)
    above = (row.mean.value - chance) / (1.0 - chance) if chance < 1.0 else 0.0
    heard = row.hears_test_speakers
    title = (
        f"trained on {row.arrangement}, tested on {row.corpus}: "
        f"{figure(row.mean, interval=True)}, chance {number(chance, 'ratio')}, over "
        f"{', '.join(row.classes)}{f'; {HEARS_TEST_SPEAKERS}' if heard else ''}"
    )
    return MapCell(
        text=f"{100 * row.mean.value:.1f}{f' {HEARD_MARK}' if heard else ''}",
        interval=span(row.mean),
        classes=f"{len(row.classes)} class{'es' if len(row.classes) > 1 else ''}",
        speakers=f"{row.speakers} {plural('speaker', row.speakers)}",
        chance=f"{100 * chance:.1f}",
        strength=min(1.0, max(0.0, above)),
        title=title,
        own=row.trained_on_too,
    )


def _grid(found: StudyMap, shown: slice, title: str) -> Table:
    grid = titled_table(title, padding=(0, 1, 0, 0))
    grid.add_column("trained on", overflow="fold", max_width=_WIDEST_NAME)
    for corpus in found.corpora[shown]:
        grid.add_column(Text(printable(corpus)), overflow="fold", max_width=_WIDEST_NAME)
    for name, cells in found.rows:
        if any(cells[shown]):
            grid.add_row(Text(printable(name)), *map(_in_lines, cells[shown]), end_section=True)
    return grid


def _in_lines(cell: MapCell | None) -> Text:
    if cell is None:
        return Text("-", style="dim")
    shade = _SHADES[round(cell.strength * (len(_SHADES) - 1))]
    text = Text(f"{shade} ").append(_marked(cell), style="bold" if cell.own else "")
    lines = [cell.interval, f"chance {cell.chance}", cell.classes, cell.speakers]
    return text.append("".join(f"\n{line}" for line in lines if line), style="dim")


def _in_one_line(cell: MapCell | None) -> str:
    if cell is None:
        return ""
    interval = f" ({cell.interval})" if cell.interval else ""
    return f"{_marked(cell)}{interval}; chance {cell.chance}; {cell.classes}, {cell.speakers}"


def _marked(cell: MapCell) -> str:
    return f"{cell.text} {OWN_MARK}" if cell.own else cell.text
