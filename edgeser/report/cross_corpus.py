"""Train x test on a terminal, in Markdown and as JSON; `edgeser.report.heatmap` draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.baseline.functionals import FunctionalSet
from edgeser.baseline.licence import LICENCE
from edgeser.corpora.random_clips import HEARS_TEST_SPEAKERS, RANDOM_CLIPS
from edgeser.evaluation.crosscorpus import CrossCorpusCell, CrossCorpusTable
from edgeser.evaluation.metrics import listed, plural
from edgeser.report.figures import evidence, figure, number, printable, span
from edgeser.report.markdown import joined, plain, table_of

CROSS_CORPUS_SCHEMA = "edgeser.cross-corpus/1"
_TITLE = "UAR: trained on (rows), tested on (columns)"
WITHIN_MARK = "="
HEARD_MARK = "†"
_COLUMNS_A_TABLE = 4
_LABEL_WIDTH = 16
_SHADES = " ▁▂▃▄▅▆▇█"


def cross_corpus_tables(table: CrossCorpusTable, *, noun: str = "emotion") -> Group:
    """Return the matrix of each model, four corpora side by side, and its footnotes.

    Parameters
    ----------
    noun
        What the classes are called: ``"emotion"`` or ``"label"``.
    """
    parts: list[RenderableType] = []
    for variant, tests in blocks(table):
        title = Text(printable(titled(_TITLE, variant)), style="bold")
        grid = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
        grid.add_column("trained on", overflow="fold", max_width=_LABEL_WIDTH)
        for test in tests:
            grid.add_column(Text(printable(test)), justify="left", overflow="fold", max_width=15)
        _add_rows(grid, table, variant, tests, noun)
        parts.append(grid)
    parts += [Text(printable(line), style="dim") for line in footnotes(table, noun=noun)]
    return Group(*parts)


def cross_corpus_markdown(table: CrossCorpusTable, *, noun: str = "emotion") -> str:
    """Return the matrix of each model as a table, and its footnotes; see `cross_corpus_tables`."""
    parts = []
    for variant in table.variants:
        parts.append(f"**{plain(titled(_TITLE, variant))}**")
        tests = tests_of(table, variant)
        rows = []
        for train in trainings_of(table, variant):
            cells = [table.cell(variant, train, test) for test in tests]
            texts = ["" if cell is None else _in_one_line(cell, noun) for cell in cells]
            rows.append((" + ".join(train), *texts))
        parts.append(table_of(("trained on", *tests), rows))
    parts += [f"- {plain(line)}" for line in footnotes(table, noun=noun)]
    return joined(parts)


def cross_corpus_json(table: CrossCorpusTable) -> dict[str, Any]:
    """Return the schema ``edgeser.cross-corpus/1``: every cell with all that is known of it."""
    return {
        "schema": CROSS_CORPUS_SCHEMA,
        "cells": [
            {
                "variant": cell.variant,
                "train": list(cell.train),
                "test": cell.test,
                "classes": list(cell.classes),
                "chance": cell.chance,
                "uar": cell.uar.to_json(),
                "speakers": cell.speakers,
                "clips": cell.clips,
                "within_corpus": cell.within,
                "hears_test_speakers": cell.hears_test_speakers,
            }
            for cell in table.cells
        ],
    }


def blocks(table: CrossCorpusTable) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each model with the corpora tested on, as few at a time as fit side by side."""
    for variant in table.variants:
        tests = tests_of(table, variant)
        count = -(-len(tests) // _COLUMNS_A_TABLE)
        most = -(-len(tests) // count)
        for first in range(0, len(tests), most):
            yield variant, tests[first : first + most]


def tests_of(table: CrossCorpusTable, variant: str) -> tuple[str, ...]:
    """Return the corpora that a model was tested on."""
    there = {cell.test for cell in table.cells if cell.variant == variant}
    return tuple(test for test in table.tests if test in there)


def trainings_of(
    table: CrossCorpusTable, variant: str, tests: Sequence[str] | None = None
) -> tuple[tuple[str, ...], ...]:
    """Return what a model was trained on where it was tested on one of `tests`, or on any."""
    there = {
        cell.train
        for cell in table.cells
        if cell.variant == variant and (tests is None or cell.test in tests)
    }
    return tuple(train for train in table.trainings if train in there)


def footnotes(table: CrossCorpusTable, *, noun: str = "emotion") -> list[str]:
    """Return what a reader must know of the cells: marks, labels, protocol, licence, evidence."""
    lines = []
    if any(cell.within for cell in table.cells):
        lines.append(
            f"{WITHIN_MARK} within one corpus"
            + (", by speaker folds" if any(_by_folds(c) for c in table.cells) else "")
        )
    if table.hears_test_speakers:
        lines.append(
            f"{HEARD_MARK} {HEARS_TEST_SPEAKERS} (protocol {RANDOM_CLIPS}): not comparable with "
            "cells that do not"
        )
    lines.append(
        f"UAR and chance are over the {plural(noun, 2)} that both sides have; an answer that is "
        "none of them counts as wrong"
    )
    lines += _labels(table, noun)
    if any(rests_on_opensmile(variant) for variant in table.variants):
        lines.append(LICENCE)
    sources = dict.fromkeys(evidence(cell.uar) for cell in table.cells)
    return lines + list(sources)


def rests_on_opensmile(variant: str) -> bool:
    """Return whether a model's name says that it hears functionals of openSMILE."""
    return any(name.casefold() in variant.casefold() for name in (*FunctionalSet, "opensmile"))


def titled(title: str, variant: str) -> str:
    """Return a title with the model's name, where it has one."""
    return f"{title}: {variant}" if variant else title


def marks(cell: CrossCorpusCell) -> str:
    """Return the marks of a cell, which `footnotes` explains."""
    within = f" {WITHIN_MARK}" if cell.within else ""
    return within + (f" {HEARD_MARK}" if cell.hears_test_speakers else "")


def share_above_chance(cell: CrossCorpusCell) -> float:
    """Return where UAR lies between chance and 100 %, 0 to 1: what shades stand for."""
    return min(1.0, max(0.0, (cell.uar.value - cell.chance) / (1.0 - cell.chance or 1.0)))


def counted(word: str, count: int) -> str:
    """Return a number with its word: ``"1 speaker"``, ``"6 emotions"``."""
    return f"{count:,} {plural(word, count)}"


def _by_folds(cell: CrossCorpusCell) -> bool:
    return cell.within and not cell.hears_test_speakers


def _add_rows(
    grid: Table, table: CrossCorpusTable, variant: str, tests: Sequence[str], noun: str
) -> None:
    trainings = trainings_of(table, variant, tests)
    for index, train in enumerate(trainings):
        cells = [table.cell(variant, train, test) for test in tests]
        texts = [Text("") if cell is None else _in_lines(cell, noun) for cell in cells]
        label = Text("\n+ ".join(printable(name) for name in train))
        grid.add_row(label, *texts, end_section=index + 1 < len(trainings))


def _in_lines(cell: CrossCorpusCell, noun: str) -> Text:
    shade = _SHADES[round(share_above_chance(cell) * (len(_SHADES) - 1))]
    text = Text(f"{shade} ")
    text.append(figure(cell.uar), style="bold" if cell.within else "")
    text.append(marks(cell))
    lines = [
        *([span(cell.uar)] if cell.uar.interval else []),
        f"chance {number(cell.chance, 'ratio').removesuffix(' %')}",
        counted("speaker", cell.speakers),
        counted(noun, len(cell.classes)),
    ]
    text.append("".join(f"\n{line}" for line in lines), style="dim")
    return text


def _in_one_line(cell: CrossCorpusCell, noun: str) -> str:
    return (
        f"{figure(cell.uar, interval=True)}{marks(cell)}; chance {number(cell.chance, 'ratio')}; "
        f"{counted('speaker', cell.speakers)}, {counted(noun, len(cell.classes))}"
    )


def _labels(table: CrossCorpusTable, noun: str) -> list[str]:
    """Return a line for each set of labels, with the trainings and tests that it belongs to."""
    places: dict[tuple[str, ...], list[str]] = {}
    for cell in table.cells:
        place = f"{' + '.join(cell.train)} on {cell.test}"
        found = places.setdefault(cell.classes, [])
        if place not in found:
            found.append(place)
    if len(places) == 1:
        (classes,) = places
        return [f"{counted(noun, len(classes))}: {listed(classes)}"]
    return [
        f"{counted(noun, len(classes))} ({', '.join(classes)}): {'; '.join(found)}"
        for classes, found in places.items()
    ]
