"""Train x test as heat maps, as SVG without script: one a model, a few corpora side by side."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from edgeser.corpora.random_clips import HEARS_TEST_SPEAKERS
from edgeser.evaluation.crosscorpus import CrossCorpusCell, CrossCorpusTable
from edgeser.report.cross_corpus import (
    blocks,
    counted,
    marks,
    share_above_chance,
    titled,
    trainings_of,
)
from edgeser.report.figures import evidence, figure, number, span
from edgeser.report.matrices import STRONGEST
from edgeser.report.svg import WIDTH, drawing, element, room_for, shortened, text

_MOST_LABEL = 96.0
_MOST_LINES = 4
_LINE = 13.0
_PADDING = 8.0


def heat_maps(table: CrossCorpusTable, *, noun: str = "emotion") -> list[tuple[str, Markup]]:
    """Return captions and drawings: one for each model and each few corpora tested on.

    A cell's colour is where its UAR lies between chance and 100 %; a frame marks a figure within
    one corpus, a dashed one a protocol that hears its test speakers. The labels that both sides
    have are in a cell's title, which shows when it is pointed at, and in the report's footnotes
    (`edgeser.report.cross_corpus.footnotes`).

    Parameters
    ----------
    noun
        What the classes are called: ``"emotion"`` or ``"label"``.
    """
    drawn = []
    for variant, tests in blocks(table):
        title = titled("UAR by corpora trained on and tested on", variant)
        caption = titled("Rows: trained on; columns: tested on; percent, 95 % interval", variant)
        drawn.append(
            (
                f"{caption}. Darker is further above chance.",
                _drawn(title, table, variant, tests, noun),
            )
        )
    return drawn


def _drawn(
    title: str, table: CrossCorpusTable, variant: str, tests: Sequence[str], noun: str
) -> Markup:
    rows = trainings_of(table, variant, tests)
    left = room_for(
        ("trained on", *(f"+ {name}" for row in rows for name in row)), most=_MOST_LABEL
    )
    width = (WIDTH - left - 2) / len(tests)
    height = 5 * _LINE + _PADDING
    top = 40.0
    parts = [
        text("tested on", left, 12, class_="axis-title"),
        text("trained on", 0, top - 8, class_="axis-title"),
    ]
    for j, test in enumerate(tests):
        label = shortened(test, width + 6)
        parts.append(text(label, left + width * (j + 0.5), top - 8, anchor="middle", class_="tick"))
    for i, train in enumerate(rows):
        y = top + height * i
        parts += _row_label(train, y + height / 2, left)
        for j, test in enumerate(tests):
            cell = table.cell(variant, train, test)
            box = {"x": left + width * j + 1, "y": y + 1, "width": width - 2, "height": height - 2}
            parts.append(_empty(train, test, box) if cell is None else _cell(cell, box, noun))
    return drawing(title, top + height * len(rows) + 2, parts)


def _row_label(train: Sequence[str], centre: float, left: float) -> list[Markup]:
    lines = [train[0], *(f"+ {name}" for name in train[1:])]
    if len(lines) > _MOST_LINES:
        rest = len(lines) - _MOST_LINES + 1
        lines = [*lines[: _MOST_LINES - 1], f"+ {rest} more"]
    first = centre + 4 - _LINE * (len(lines) - 1) / 2
    note = element("title", " + ".join(train))
    shown = [
        text(shortened(line, left - 6), 0, first + _LINE * k, class_="row-label")
        for k, line in enumerate(lines)
    ]
    return [element("g", note, *shown)]


def _cell(cell: CrossCorpusCell, box: dict[str, float], noun: str) -> Markup:
    opacity = round(STRONGEST * share_above_chance(cell), 3)
    parts = [
        element("title", _said(cell, noun)),
        element("rect", **box, rx=3.0, class_="cell-back"),
        element("rect", **box, rx=3.0, class_="cell", fill_opacity=opacity),
    ]
    if cell.within or cell.hears_test_speakers:
        kind = "cell-frame heard" if cell.hears_test_speakers else "cell-frame"
        parts.append(element("rect", **box, rx=3.0, class_=kind))
    x, y = box["x"] + box["width"] / 2, box["y"] + _LINE
    weight = "cell-value own" if cell.within else "cell-value"
    percent = number(cell.uar.value, "ratio").removesuffix(" %")
    parts.append(text(percent + marks(cell), x, y + 1, anchor="middle", class_=weight))
    lines = [
        span(cell.uar).replace(" to ", "-") or "no interval",
        f"chance {100 * cell.chance:.1f}",
        counted("speaker", cell.speakers),
        counted(noun, len(cell.classes)),
    ]
    for k, line in enumerate(lines, 1):
        parts.append(text(line, x, y + 1 + _LINE * k, anchor="middle", class_="cell-count"))
    return element("g", *parts)


def _empty(train: Sequence[str], test: str, box: dict[str, float]) -> Markup:
    note = element("title", f"{' + '.join(train)} on {test}: not measured")
    back = element("rect", **box, rx=3.0, class_="cell-back")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 4
    return element("g", note, back, text("-", x, y, anchor="middle", class_="cell-count"))


def _said(cell: CrossCorpusCell, noun: str) -> str:
    heard = f"; {HEARS_TEST_SPEAKERS}" if cell.hears_test_speakers else ""
    return (
        f"{' + '.join(cell.train)} on {cell.test}: UAR {figure(cell.uar, interval=True)}, chance "
        f"{number(cell.chance, 'ratio')}; {counted('clip', cell.clips)} of "
        f"{counted('speaker', cell.speakers)}; {counted(noun, len(cell.classes))}: "
        f"{', '.join(cell.classes)}{heard}; {evidence(cell.uar)}"
    )
