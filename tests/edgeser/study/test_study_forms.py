"""The table of a study in each of its forms, and its map."""

from __future__ import annotations

import dataclasses
import json
import re
from io import StringIO

from rich.console import Console

from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.study import study_json
from edgeser.report.study.html import render_study
from edgeser.report.study.map import maps_of
from edgeser.report.study.table import study_markdown, study_tables
from edgeser.study.config import Variant
from edgeser.study.rows import StudyTable
from edgeser.study.table import summarise
from edgeser.study.work import Failure
from tests.edgeser.study.made_results import Made, predictions, study


def shown(table: StudyTable, width: int = 80) -> str:
    console = Console(width=width, file=StringIO(), color_system=None)
    console.print(study_tables(table))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_every_rendering_has_the_figures_and_says_how_they_are_adjusted(
    three_variants: Made,
) -> None:
    failures = [Failure(three_variants.cells[0].job, "out of memory")]
    table = summarise(study(), three_variants.cells, three_variants.kept, failures)
    said = json.loads(dump_json(study_json(table)))
    assert said["schema"] == "edgeser.study/1"
    row = table.rows[1]
    assert row.comparison is not None
    assert said["rows"][1]["uar"]["value"] == row.mean.value
    assert said["rows"][1]["comparison"]["p_holm"] == row.comparison.p_holm
    figure = f"{100 * row.mean.value:.1f}"
    p_value = f"{row.comparison.p_holm:.3f}"
    for text in (shown(table), study_markdown(table), render_study(table)):
        assert figure in text
        assert p_value in text
        assert "Holm" in text
        assert "out of memory" in text
        assert "1.0 kB" in text.replace("\u00a0", " ")
    assert max(map(len, shown(table).splitlines())) <= 80


def test_names_from_files_steer_nothing(three_variants: Made) -> None:
    evil = "x\x1b[31m<script>alert(1)</script>|[a](b)\n# h"
    cells = [dataclasses.replace(cell, arrangement=evil) for cell in three_variants.cells]
    failures = [Failure(cells[0].job, evil)]
    table = summarise(study(), cells, three_variants.kept, failures)
    table = dataclasses.replace(
        table,
        rows=[dataclasses.replace(row, corpus=evil, classes=(evil, "b")) for row in table.rows],
    )
    for text in (shown(table), study_markdown(table), render_study(table)):
        assert "\x1b" not in text
        assert "\n# h" not in text
    assert not re.search(r"(?<!\\)(<script|\[a\])", study_markdown(table))
    assert "<script" not in render_study(table)


def test_rows_of_one_variant_are_told_apart_by_their_training_in_every_form() -> None:
    made = Made()
    for number, arrangement in enumerate(("cremad", "emodb")):
        for variant in ("a", "b"):
            made.add(variant, arrangement, 0, [predictions("emodb", number, 1.0, range(60))])
    table = summarise(study(variants=(Variant("a"), Variant("b"))), made.cells, made.kept)
    names = [
        line.split("|")[1].strip()
        for line in study_markdown(table).splitlines()
        if "%" not in line and line.startswith("| trained")
    ]
    assert names == [f"trained on {c}: {v}" for c in ("cremad", "emodb") for v in "ab"]
    for text in (shown(table), render_study(table)):
        assert "trained on cremad" in text
        assert "trained on emodb" in text


def test_a_heat_map_has_a_cell_for_each_training_and_test() -> None:
    made = Made()
    for number, arrangement in enumerate(("cremad", "emodb")):
        entries = [predictions(c, number, 1.0, range(60)) for c in ("cremad", "emodb")]
        made.add("a", arrangement, 0, entries[: 2 - number])
    table = summarise(study(variants=(Variant("a"),)), made.cells, made.kept)
    (found,) = maps_of(table)
    assert found.corpora == ("cremad", "emodb")
    assert [name for name, _ in found.rows] == ["cremad", "emodb"]
    assert [[cell is None for cell in cells] for _, cells in found.rows] == [
        [False, False],
        [False, True],
    ]
    first = found.rows[0][1][0]
    assert first is not None
    assert first.text == f"{100 * table.rows[0].mean.value:.1f}"
    assert "tested on cremad" in first.title
    assert "anger, joy, sadness" in first.title
    assert first.chance == "33.3"
    second = found.rows[0][1][1]
    assert second is not None
    assert (first.own, second.own) == (True, False), "cremad is what was trained on"


def test_the_map_is_in_every_form_with_chance_interval_and_marks() -> None:
    made = Made()
    corpora = ["cremad", *(f"corpus-of-a-long-name-{n}" for n in range(5))]
    for number, arrangement in enumerate(corpora):
        made.add("a", arrangement, 0, [predictions(c, number, 1.0, range(60)) for c in corpora])
    table = summarise(study(variants=(Variant("a"),)), made.cells, made.kept)
    heard = dataclasses.replace(table.rows[0], hears_test_speakers=True)
    table = dataclasses.replace(table, rows=(heard, *table.rows[1:]))
    uar = f"{100 * heard.mean.value:.1f}"
    low, high = heard.mean.interval or (0.0, 0.0)
    for text in (shown(table), study_markdown(table), render_study(table)):
        assert "rained on" in text
        assert "chance 33.3" in text
        assert f"{uar} †" in text
        assert f"{100 * low:.1f} to {100 * high:.1f}" in text
    assert max(map(len, shown(table).splitlines())) <= 80
    assert f"{uar} † =" in study_markdown(table)
    assert "= other speakers of that corpus" in shown(table)
