"""The table of a study for terminals, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.evaluation.conditions import CLEAN
from edgeser.report.figures import (
    difference,
    evidence,
    figure,
    number,
    percent_span,
    printable,
    span,
)
from edgeser.report.markdown_text import joined, markdown_table, plain
from edgeser.report.study.gaps import (
    GAPS_HEAD,
    GAPS_NOTE,
    GapLine,
    gap_lines,
    has_gaps,
)
from edgeser.report.study.map import MAP_NOTE, map_markdown, map_tables, maps_of
from edgeser.report.titled import titled_table
from edgeser.study.rows import HEARD_MARK, StudyRow, StudyTable
from edgeser.study.scores import SHOWN_COSTS
from edgeser.wording import plural
from quantize.foundation.measurement import Measurement


def study_tables(table: StudyTable) -> Group:
    """Return a table for each test corpus, then costs, failures and notes; 80 columns."""
    parts: list[RenderableType] = [Text(printable(f"Study {table.name}"), style="bold")]
    parts += map_tables(table)
    for corpus, rows in by_corpus(table):
        shown = _table(corpus_title(corpus, rows))
        for name in ("UAR, %", "seeds", "points to first", "p Holm"):
            shown.add_column(name, justify="right", no_wrap=name != "points to first")
        for heading, below in grouped(table, rows):
            if heading:
                shown.add_row(Text(printable(heading), style="italic"))
            for row in below:
                shown.add_row(Text(printable(row_name(table, row))), *row_cells(row))
        parts.append(shown)
        if has_gaps(rows):
            parts.append(_gaps(table, corpus, rows))
    if table.costs:
        parts.append(_costs(table))
    parts += [
        Text(printable(f"no result: {job}: {reason}"), style="red")
        for job, reason in table.failures
    ]
    parts += [Text(printable(line), style="dim") for line in (*_sources(table), *table.notes)]
    return Group(*parts)


def _table(title: str) -> Table:
    shown = titled_table(title, padding=(0, 1, 0, 0))
    shown.add_column("", overflow="fold")
    return shown


def _gaps(table: StudyTable, corpus: str, rows: list[StudyRow]) -> Table:
    shown = _table(gaps_title(corpus))
    shown.add_column("of", overflow="fold")
    for name in GAPS_HEAD[1:3]:  # 80 columns hold no more
        shown.add_column(name, justify="right", no_wrap=True)
    for name, cells in gap_rows(table, rows):
        shown.add_row(Text(printable(name)), *(Text(printable(cell)) for cell in cells[:3]))
    return shown


def gaps_title(corpus: str) -> str:
    """Return what the table of gaps is called."""
    return f"Groups of speakers of {corpus}"


def gap_rows(table: StudyTable, rows: list[StudyRow]) -> list[tuple[str, GapLine]]:
    """Return the lines on groups with what was trained on, each row's name once."""
    found = []
    for heading, below in grouped(table, rows):
        for row in below:
            name = row_name(table, row)
            shown = f"{heading}: {name}" if heading else name
            for line in gap_lines(row):
                found.append((shown, line))
                shown = ""
    return found


def _costs(table: StudyTable) -> Table:
    shown = titled_table("Costs")
    shown.add_column("", overflow="fold")
    for name in cost_names(table):
        shown.add_column(name, justify="right")
    for variant, cells in cost_rows(table):
        shown.add_row(Text(printable(variant)), *cells)
    return shown


def study_markdown(table: StudyTable) -> str:
    """Return the table as GitHub-flavoured Markdown."""
    parts = [f"## Study {plain(table.name)}", *map_markdown(table)]
    for corpus, rows in by_corpus(table):
        head = ("", "UAR, %", "seeds, %", "points to first", "p, Holm", "macro-F1, %")
        body = [
            (
                f"{heading}: {row_name(table, row)}" if heading else row_name(table, row),
                *row_cells(row),
                "" if row.macro_f1 is None else uar(row.macro_f1),
            )
            for heading, below in grouped(table, rows)
            for row in below
        ]
        parts += [f"### {plain(corpus_title(corpus, rows))}", markdown_table(head, body)]
        if has_gaps(rows):
            of_groups = [(name, *line) for name, line in gap_rows(table, rows)]
            parts += [f"#### {plain(gaps_title(corpus))}"]
            parts += [markdown_table(("", *GAPS_HEAD), of_groups)]
    if table.costs:
        rows_of = [(variant, *cells) for variant, cells in cost_rows(table)]
        parts += ["### Costs", markdown_table(("", *cost_names(table)), rows_of)]
    parts += [f"- no result: {plain(job)}: {plain(reason)}" for job, reason in table.failures]
    parts += [f"<sub>{plain(line)}</sub>" for line in (*_sources(table), *table.notes)]
    return joined(parts)


def by_corpus(table: StudyTable) -> Iterator[tuple[str, list[StudyRow]]]:
    """Yield each test corpus with its rows, in order; under each condition it is one of its own."""
    for corpus in dict.fromkeys(row.corpus for row in table.rows):
        below = [row for row in table.rows if row.corpus == corpus]
        for condition in dict.fromkeys(row.condition for row in below):
            named = corpus if condition == CLEAN else f"{corpus}, {condition}"
            yield named, [row for row in below if row.condition == condition]


def corpus_title(corpus: str, rows: list[StudyRow]) -> str:
    """Return what was tested on: corpus, clips, speakers, classes."""
    clips, speakers = {row.clips for row in rows}, {row.speakers for row in rows}
    of = f"{_from_to(speakers)} {plural('speaker', max(speakers))}"
    counts = f"{_from_to(clips)} {plural('clip', max(clips))} of {of}"
    classes = {row.classes for row in rows}
    named = f": {', '.join(next(iter(classes)))}" if len(classes) == 1 else ""
    return f"Tested on {corpus}, {counts}{named}"


def _from_to(values: set[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def grouped(table: StudyTable, rows: list[StudyRow]) -> list[tuple[str, list[StudyRow]]]:
    """Return rows below headings: what was trained on, where variants differ too, else ``""``."""
    if not _both_differ(table):
        return [("", rows)]
    arrangements = dict.fromkeys(row.arrangement for row in rows)
    return [(f"trained on {a}", [r for r in rows if r.arrangement == a]) for a in arrangements]


def row_name(table: StudyTable, row: StudyRow) -> str:
    """Return what a row is called below its heading: its variant, or its training corpora."""
    alone = len({other.arrangement for other in table.rows}) == 1
    name = row.variant if alone or _both_differ(table) else f"trained on {row.arrangement}"
    return f"{name} {HEARD_MARK}" if row.hears_test_speakers else name


def _both_differ(table: StudyTable) -> bool:
    arrangements = {row.arrangement for row in table.rows}
    return len(arrangements) > 1 and len({row.variant for row in table.rows}) > 1


def row_cells(row: StudyRow) -> tuple[str, str, str, str]:
    """Return mean, seeds, difference and p of a row, as text."""
    return uar(row.mean), seeds_span(row), points_to_first(row), p_holm(row)


def uar(measurement: Measurement) -> str:
    """Return a mean UAR, or F1, in percent with its interval: ``"61.2 (58.0 to 64.3)"``."""
    text = f"{100 * measurement.value:.1f}"
    return f"{text} ({span(measurement)})" if measurement.interval is not None else text


def seeds_span(row: StudyRow) -> str:
    """Return the lowest and the highest seed in percent, and how many seeds there are."""
    if len(row.uars) == 1:
        return "1 seed"
    return f"{percent_span(min(row.uars), max(row.uars))} ({len(row.uars)})"


def points_to_first(row: StudyRow) -> str:
    """Return the difference in points with its interval; empty without one."""
    return "" if row.comparison is None else difference(row.comparison.difference)


def p_holm(row: StudyRow) -> str:
    """Return the adjusted p-value; empty without one."""
    if row.comparison is None:
        return ""
    value = row.comparison.p_holm
    return "<0.001" if value < 0.0005 else f"{value:.3f}"


def cost_names(table: StudyTable) -> list[str]:
    """Return the headings of the costs that some variant has."""
    return [
        title for name, title in SHOWN_COSTS.items() if any(name in c for c in table.costs.values())
    ]


def cost_rows(table: StudyTable) -> list[tuple[str, list[str]]]:
    """Return each variant's costs as text, with their evidence where they are not measured."""
    shown = cost_names(table)
    names = [name for name, title in SHOWN_COSTS.items() if title in shown]
    return [
        (variant, [_cost(costs.get(name)) for name in names])
        for variant, costs in table.costs.items()
    ]


def cost_sources(table: StudyTable) -> list[tuple[str, Measurement]]:
    """Return, for each cost that is shown, one of its figures: how they were obtained."""
    found = []
    for name, title in SHOWN_COSTS.items():
        figures = [costs[name] for costs in table.costs.values() if name in costs]
        found += [(title, cost) for cost in figures[:1]]
    return found


def _sources(table: StudyTable) -> list[str]:
    """Return the evidence of what a text shows, a line each."""
    lines = [f"UAR: {evidence(row.mean)}, and so on" for row in table.rows[:1]]
    lines += [f"{title}: {evidence(cost)}" for title, cost in cost_sources(table)]
    lines += [GAPS_NOTE] if has_gaps(table.rows) else []
    return [*lines, MAP_NOTE] if maps_of(table) else lines


def _cost(cost: Measurement | None) -> str:
    if cost is None:
        return ""
    if cost.unit == "count":
        return f"{number(cost.value, 'instructions').removesuffix(' instructions')}"
    return figure(cost).removesuffix(" instructions")
