"""The table of a study as one HTML file: no script, no network, readable on a desk and a phone."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from edgeser.corpora.random_clips import HEARS_TEST_SPEAKERS
from edgeser.evaluation.metrics import plural
from edgeser.report.charts import Dot, DotRow, dot_chart
from edgeser.report.figures import evidence, figure, span
from edgeser.report.html import page
from edgeser.report.json_format import dump_json
from edgeser.report.study import (
    by_corpus,
    corpus_title,
    cost_names,
    cost_rows,
    cost_sources,
    grouped,
    row_cells,
    row_name,
    study_json,
)
from edgeser.study.table import HEARD_MARK, StudyRow, StudyTable
from quantize.foundation.measurement import Measurement

_STRONGEST = 0.62
"""Opacity of a full cell, as in confusion matrices: the ink on it keeps its contrast."""


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


@dataclass(frozen=True, slots=True)
class _HeatCell:
    """One cell of the map: UAR in percent, its interval, what it is over, the colour's strength."""

    text: str
    interval: str
    over: str
    strength: float
    title: str
    heard: bool


@dataclass(frozen=True, slots=True)
class _HeatMap:
    """UAR of each arrangement (row) on each corpus (column), for one variant."""

    variant: str
    corpora: tuple[str, ...]
    rows: tuple[tuple[str, tuple[_HeatCell | None, ...]], ...]


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
        heat_maps=heat_maps(table),
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
    )


def _line(table: StudyTable, row: StudyRow) -> _Line:
    title = evidence(row.mean if row.comparison is None else row.comparison.difference)
    return _Line(row_name(table, row), row_cells(row), title)


def heat_maps(table: StudyTable) -> list[_HeatMap]:
    """Return a map of each variant where there are several arrangements and several corpora."""
    arrangements = list(dict.fromkeys(row.arrangement for row in table.rows))
    corpora = tuple(dict.fromkeys(row.corpus for row in table.rows))
    if len(arrangements) < 2 or len(corpora) < 2:
        return []
    maps = []
    for variant in dict.fromkeys(row.variant for row in table.rows):
        cells = {(r.arrangement, r.corpus): _cell(r) for r in table.rows if r.variant == variant}
        rows = tuple((a, tuple(cells.get((a, c)) for c in corpora)) for a in arrangements)
        maps.append(_HeatMap(variant, corpora, rows))
    return maps


def _cell(row: StudyRow) -> _HeatCell:
    chance = 1.0 / len(row.classes)
    above = max(0.0, (row.mean.value - chance) / (1.0 - chance))
    title = (
        f"trained on {row.arrangement}, tested on {row.corpus}: "
        f"{figure(row.mean, interval=True)} over {', '.join(row.classes)}"
        f"{'; ' + HEARS_TEST_SPEAKERS if row.hears_test_speakers else ''}"
    )
    mark = f" {HEARD_MARK}" if row.hears_test_speakers else ""
    return _HeatCell(
        f"{100 * row.mean.value:.1f}{mark}",
        span(row.mean),
        f"{len(row.classes)} class{'es' if len(row.classes) > 1 else ''}, "
        f"{row.speakers} {plural('speaker', row.speakers)}",
        round(_STRONGEST * above, 3),
        title,
        row.trained_on_too,
    )
