"""The table of a study as one HTML file: no script, no network, readable on a desk and a phone."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from edgeser.report.charts.matrices import STRONGEST
from edgeser.report.charts.plots import Dot, DotRow, dot_chart
from edgeser.report.figures import evidence, figure
from edgeser.report.html import page
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.study import study_json
from edgeser.report.study.gaps import GAPS_HEAD, GAPS_NOTE, GapLine
from edgeser.report.study.map import maps_of
from edgeser.report.study.table import (
    by_corpus,
    corpus_title,
    cost_names,
    cost_rows,
    cost_sources,
    gap_rows,
    gaps_title,
    grouped,
    row_cells,
    row_name,
)
from edgeser.study.rows import StudyRow, StudyTable
from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a table, as text: mean, seeds, difference, p; and where the figures are from."""

    name: str
    cells: tuple[str, str, str, str]
    title: str


@dataclass(frozen=True, slots=True)
class _Section:
    """What was found on one test corpus: rows below headings."""

    title: str
    chart: Markup
    groups: tuple[tuple[str, tuple[_Line, ...]], ...]
    mean: Measurement
    gaps_title: str
    gaps: tuple[tuple[str, GapLine], ...]


def render_study(table: StudyTable) -> str:
    """Return the whole table as one HTML document.

    Raises
    ------
    CheckFailed
        When a figure that it would show is NaN or infinite.
    """
    dump_json(study_json(table))
    return page("study.html.j2").render(
        table=table,
        sections=[_section(table, corpus, rows) for corpus, rows in by_corpus(table)],
        heat_maps=maps_of(table),
        strongest=STRONGEST,
        gaps_head=GAPS_HEAD,
        gaps_note=GAPS_NOTE,
        cost_names=cost_names(table),
        cost_rows=cost_rows(table),
        cost_sources=cost_sources(table),
        heard=any(row.hears_test_speakers for row in table.rows),
        compared=any(row.comparison is not None for row in table.rows),
    )


def _section(table: StudyTable, corpus: str, rows: list[StudyRow]) -> _Section:
    groups = grouped(table, rows)
    dots: list[DotRow] = []
    for heading, below in groups:
        if heading:
            dots.append(DotRow(heading))
        for row in below:
            note = (
                f"{row_name(table, row)}: {figure(row.mean, interval=True)}; {evidence(row.mean)}"
            )
            dot = Dot("int8", row.mean.value, row.mean.interval, note)
            dots.append(DotRow(row_name(table, row), (dot,)))
    return _Section(
        corpus_title(corpus, rows),
        dot_chart(f"UAR on {corpus}", dots, x_label="UAR, mean of the seeds, %"),
        tuple((heading, tuple(_line(table, row) for row in below)) for heading, below in groups),
        rows[0].mean,
        gaps_title(corpus),
        tuple(gap_rows(table, rows)),
    )


def _line(table: StudyTable, row: StudyRow) -> _Line:
    title = evidence(row.mean if row.comparison is None else row.comparison.difference)
    return _Line(row_name(table, row), row_cells(row), title)
