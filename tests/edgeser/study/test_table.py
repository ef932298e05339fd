"""A study's results to its table: what is compared, and what is missing."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.study import study_json
from edgeser.report.study.html import render_study
from edgeser.report.study.map import maps_of
from edgeser.report.study.table import by_corpus, corpus_title, study_markdown
from edgeser.study.config import Variant
from edgeser.study.scores import check_result, over_folds, predictions_of
from edgeser.study.table import summarise
from edgeser.study.work import Failure
from quantize.foundation.errors import CheckFailed
from tests.edgeser.study.made_results import CLASSES, Made, predictions, study


def test_rows_stand_by_corpus_and_are_held_against_the_first_variant(three_variants: Made) -> None:
    table = summarise(study(), three_variants.cells, three_variants.kept)
    assert [(row.corpus, row.variant) for row in table.rows] == [
        (corpus, variant) for corpus in ("cremad", "emodb") for variant in "abc"
    ]
    assert [row.trained_on_too for row in table.rows] == [True] * 3 + [False] * 3
    first, better, same = table.rows[:3]
    assert first.comparison is None
    assert better.comparison is not None
    assert same.comparison is not None
    assert better.comparison.difference.value == pytest.approx(better.mean.value - first.mean.value)
    assert first.mean.value == pytest.approx(np.mean(first.uars))
    assert better.comparison.p == 2 / 2**10
    compared = [row.comparison for row in table.rows if row.comparison]
    lowest = min(c.p for c in compared)
    assert min(c.p_holm for c in compared) == pytest.approx(len(compared) * lowest)
    assert all(c.p_holm >= c.p for c in compared)
    assert same.comparison.p_holm > 0.05
    assert any("Holm" in note and "4 comparisons" in note for note in table.notes)
    assert table.costs["a"]["int8_bytes"].interval is None
    assert table.costs["b"]["int8_bytes"].interval == (1000, 1010)


def test_clips_of_no_known_speaker_are_said_and_counted_by_clip(three_variants: Made) -> None:
    before = summarise(study(), three_variants.cells, three_variants.kept)
    assert not any("not known" in note for note in before.notes)
    for kept in three_variants.kept.values():
        emodb = kept.result["predictions"][1]
        emodb["speakers"] = [
            name if clip < 60 else f"emodb/clip {clip}"
            for clip, name in enumerate(emodb["speakers"])
        ]
        emodb["anonymous"] = emodb["speakers"][60:]
    table = summarise(study(), three_variants.cells, three_variants.kept)
    counts = {row.corpus: (row.clips, row.speakers, row.anonymous) for row in table.rows}
    assert counts == {"cremad": (120, 10, 0), "emodb": (120, 5, 60)}
    line = "emodb: of 60 of 120 clips the speaker is not known"
    assert sum(note.startswith(line) for note in table.notes) == 1
    assert "120 clips of 5 speakers (60 of no known speaker)" in table.rows[-1].mean.source
    said = (study_markdown(table), dump_json(study_json(table)), render_study(table))
    assert all(line in text for text in said)


def test_what_is_missing_is_left_out_and_named(three_variants: Made) -> None:
    cells, kept = three_variants.cells, dict(three_variants.kept)
    gone = [cell for cell in cells if cell.variant == "b" and cell.seed == 1]
    gone += [cell for cell in cells if cell.variant == "c"]
    for cell in gone:
        del kept[cell.job.key]
    failures = [Failure(cell.job, "out of memory") for cell in gone]
    table = summarise(study(), cells, kept, failures)
    assert [(row.corpus, row.variant, row.seeds) for row in table.rows] == [
        (corpus, variant, seeds)
        for corpus in ("cremad", "emodb")
        for variant, seeds in (("a", (0, 1)), ("b", (0,)))
    ]
    whole = summarise(study(), cells, three_variants.kept)
    comparison = table.rows[1].comparison
    assert comparison is not None
    assert comparison.seeds == 1
    paired = table.rows[1].uars[0] - whole.rows[0].uars[0]
    assert comparison.difference.value == pytest.approx(paired)
    assert len(table.failures) == 3
    assert summarise(study(), cells, {}, failures).rows == ()


def test_arrangements_are_held_against_the_first_on_the_same_clips() -> None:
    made = Made()
    made.add("a", "one", 0, [predictions("cremad", 1, 0.5, range(60))])
    made.add("a", "two", 0, [predictions("cremad", 2, 1.5, range(60))])
    made.add("a", "three", 0, [predictions("cremad", 3, 1.5, range(48))])
    table = summarise(study(variants=(Variant("a"),)), made.cells, made.kept)
    compared = [None if row.comparison is None else row.comparison.against for row in table.rows]
    assert compared == [None, "one", None]
    assert any("other clips" in note for note in table.notes)
    alone = summarise(study(against="nothing"), made.cells, made.kept)
    assert not any(row.comparison for row in alone.rows)


def test_folds_are_one_set_of_clips() -> None:
    made = Made()
    for fold in (0, 1):
        half = range(60 * fold, 60 * fold + 60)
        entries = [predictions("cremad", fold, 1.0, half), predictions("emodb", fold, 1, range(60))]
        made.add("a", "one", 0, entries, fold=fold)
    table = summarise(study(variants=(Variant("a"),), folds=2), made.cells, made.kept)
    own, other = table.rows
    assert (own.clips, own.speakers, len(own.uars)) == (120, 10, 1)
    assert (other.clips, other.speakers, len(other.uars)) == (60, 5, 1)
    both = [predictions_of(made.kept[c.job.key].result)["emodb", "clean"] for c in made.cells]
    assert len(over_folds(both)) == 2
    overlapping = predictions_of({"predictions": [predictions("emodb", 1, 1, range(30, 90))]})
    with pytest.raises(CheckFailed, match="some of the same clips"):
        over_folds([both[0], overlapping["emodb", "clean"]])


def test_one_speaker_is_one() -> None:
    made = Made()
    made.add("a", "cremad", 0, [predictions("cremad", 1, 1.0, range(12))])
    (found,) = by_corpus(summarise(study(variants=(Variant("a"),)), made.cells, made.kept))
    assert corpus_title(*found).startswith("Tested on cremad, 12 clips of 1 speaker: ")


def test_conditions_are_rows_of_their_own_held_against_the_same_condition() -> None:
    made = Made()
    arrangements = ("cremad", "cremad + emodb")
    for variant, skills in (("a", (1.6, 0.4)), ("b", (1.6, 1.6))):
        for arrangement in arrangements:
            entries = [
                {**predictions(corpus, 3, skill, range(120)), **asked}
                for corpus in ("cremad", "emodb")
                for skill, asked in zip(skills, ({}, {"condition": "white_10db"}), strict=True)
            ]
            made.add(variant, arrangement, 0, entries)
    variants = (Variant("a"), Variant("b"), Variant("base"))
    made.add("base", "cremad", 0, [predictions("cremad", 3, 1.0, range(120))])
    asked = study(variants=variants, conditions=("white_10db",))
    table = summarise(asked, made.cells, made.kept)
    places = [(row.corpus, row.condition, row.variant) for row in table.rows][:5]
    assert places == [
        ("cremad", "clean", "a"),
        ("cremad", "clean", "b"),
        ("cremad", "clean", "base"),
        ("cremad", "white_10db", "a"),
        ("cremad", "white_10db", "b"),
    ]
    clean, noisy = table.rows[1].comparison, table.rows[4].comparison
    assert clean is not None
    assert noisy is not None
    assert clean.difference.value == 0.0
    assert noisy.difference.value == pytest.approx(
        table.rows[4].uars[0] - table.rows[3].uars[0], abs=1e-12
    )
    assert noisy.difference.value > 0.1
    assert noisy.difference.interval is not None
    assert "of cremad, white_10db" in table.rows[4].mean.source
    assert "white_10db" not in table.rows[1].mean.source
    assert any("white noise at 10 dB SNR" in note for note in table.notes)
    assert any("as recorded alone: base" in note for note in table.notes)
    rows = study_json(table)["rows"]
    assert [row["condition"] for row in rows[:4]] == ["clean"] * 3 + ["white_10db"]
    for text in (study_markdown(table), render_study(table)):
        assert re.search(r"Tested on cremad, white\\?_10db, 120 clips", text)
    (first, *_) = maps_of(table)
    (cell, _) = first.rows[0][1]
    assert cell is not None
    assert cell.text == f"{100 * table.rows[0].mean.value:.1f}"


def test_folds_of_a_corpus_that_is_never_trained_on_are_called_trainings() -> None:
    made = Made()
    for fold in range(3):
        made.add("a", "x", 0, [predictions("emodb", fold, 1.0, range(60))], fold=fold)
    of_folds = summarise(study(variants=(Variant("a"),)), made.cells, made.kept)
    assert "of the mean over 3 trainings" in of_folds.rows[0].mean.interval_kind
    one = Made()
    one.add("a", "x", 0, [predictions("emodb", 0, 1.0, range(60))])
    of_seed = summarise(study(variants=(Variant("a"),)), one.cells, one.kept)
    assert of_seed.rows[0].mean.interval_kind.endswith("of the mean over 1 seed")


def with_nothing(entry: dict[str, Any], extra: int) -> dict[str, Any]:
    """Return predictions of a model that knows "nothing", and of clips of it, which it gets."""
    clips = range(1000, 1000 + extra)
    return {
        **entry,
        "clip_ids": [*entry["clip_ids"], *(f"cremad/{clip}" for clip in clips)],
        "speakers": [*entry["speakers"], *(f"cremad/{clip % 10}" for clip in clips)],
        "labels": [*entry["labels"], *(3 for _ in clips)],
        "classes": [*CLASSES, "nothing"],
        "logits": [*([*row, -9.0] for row in entry["logits"]), *([0, 0, 0, 9.0] for _ in clips)],
    }


def test_rows_with_nothing_and_without_it_stand_side_by_side() -> None:
    made = Made()
    for variant, skill in (("a", 0.4), ("b", 1.6), ("c", 1.0)):
        entry = predictions("cremad", 3, skill, range(120))
        made.add(variant, "cremad", 0, [entry if variant == "a" else with_nothing(entry, 30)])
    table = summarise(study(seeds=(0,)), made.cells, made.kept)
    shown = {(row.variant, row.corpus): row for row in table.rows}
    both = "cremad / with 'nothing'"
    assert list(shown) == [
        ("a", "cremad"), ("b", "cremad"), ("c", "cremad"), ("b", both), ("c", both)
    ]  # fmt: skip
    spoken, whole = shown["b", "cremad"], shown["b", both]
    assert (spoken.clips, whole.clips) == (120, 150)
    assert spoken.classes == tuple(CLASSES)
    assert whole.classes == (*CLASSES, "nothing")
    assert whole.mean.value == pytest.approx((3 * spoken.mean.value + 1) / 4)
    assert spoken.comparison is not None  # on the same clips as what never learnt the class
    assert spoken.comparison.against == "a"
    assert whole.comparison is None  # the first that learnt it
    assert shown["c", both].comparison is not None
    assert shown["c", both].comparison.against == "b"
    assert whole.trained_on_too
    assert any("Both belong side by side" in note for note in table.notes)
    assert "with 'nothing'" in study_markdown(table)


def test_wrong_words_are_rows_of_their_own_and_parts_of_a_corpus() -> None:
    made = Made()
    for variant, skill in (("a", 0.4), ("b", 1.6)):
        entry = predictions("cremad", 3, skill, range(120))
        part = {**predictions("cremad", 3, skill, range(60)), "corpus": "cremad / neutral words"}
        cell = made.add(variant, "cremad", 0, [entry, part])
        if variant == "b":
            wrong = predictions("cremad", 4, 0.0, range(120))
            result = {
                **made.kept[cell.job.key].result,
                "hearings": {"words of another clip": [wrong]},
            }
            check_result(cell.job, result)
            made.kept[cell.job.key] = dataclasses.replace(made.kept[cell.job.key], result=result)
    table = summarise(study(seeds=(0,)), made.cells, made.kept)
    assert [(row.corpus, row.variant) for row in table.rows] == [
        ("cremad", "a"),
        ("cremad", "b"),
        ("cremad", "b; words of another clip"),
        ("cremad / neutral words", "a"),
        ("cremad / neutral words", "b"),
    ]
    wrong_row = table.rows[2]
    assert wrong_row.comparison is not None
    assert wrong_row.comparison.against == "a"
    assert "words of another clip" in wrong_row.mean.source
    assert all(row.trained_on_too for row in table.rows)
    assert "Costs" not in study_markdown(table)
