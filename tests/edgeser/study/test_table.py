"""A study from its jobs to its table: what is compared, what is missing, the same to the bit."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from edgeser.evaluation.hearing import SHUFFLED
from edgeser.evaluation.predictions import Predictions
from edgeser.report.json_format import dump_json
from edgeser.report.study import by_corpus, corpus_title, study_json, study_markdown, study_tables
from edgeser.report.study_html import render_study
from edgeser.report.study_map import maps_of
from edgeser.study.combine import Cell
from edgeser.study.config import Study, Variant
from edgeser.study.jobs import Job, job_key
from edgeser.study.rows import StudyTable
from edgeser.study.scores import check_result, hearings_of, over_folds, predictions_of
from edgeser.study.store import Kept
from edgeser.study.table import summarise
from edgeser.study.work import Failure
from quantize.foundation.errors import BadInput, CheckFailed

CLASSES = ["anger", "joy", "sadness"]


def predictions(corpus: str, seed: int, skill: float, clips: range) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    labels = np.array([clip % 3 for clip in clips])
    logits = rng.normal(size=(len(clips), 3))
    logits[np.arange(len(clips)), labels] += skill
    return {
        "corpus": corpus,
        "clip_ids": [f"{corpus}/{clip:03d}" for clip in clips],
        "speakers": [f"{corpus}/{clip // 12}" for clip in clips],
        "labels": labels.tolist(),
        "classes": CLASSES,
        "logits": logits.tolist(),
    }


def cost(value: float) -> dict[str, Any]:
    figure = {"value": value, "unit": "bytes", "evidence": "measured", "source": "the file"}
    return {"int8_bytes": figure}


class Made:
    """Cells with results of their own making."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.kept: dict[str, Kept] = {}

    def add(
        self,
        variant: str,
        arrangement: str,
        seed: int,
        entries: list[dict[str, Any]] | None,
        *,
        fold: int | None = None,
        costs: dict[str, Any] | None = None,
    ) -> Cell:
        key = job_key({"v": variant, "a": arrangement, "s": seed, "f": fold}, code="")
        job = Job(key, f"{variant}, {arrangement}, seed {seed}", "train", {})
        cell = Cell(variant, arrangement, ("cremad",), seed, fold, job)
        self.cells.append(cell)
        if entries is not None:
            result = {"predictions": entries, "costs": costs, "facts": {}}
            check_result(job, result)
            self.kept[key] = Kept(key, job.name, 1.0, result)
        return cell


def study(**options: Any) -> Study:
    variants = (Variant("a"), Variant("b"), Variant("c"))
    return Study(**{"name": "s", "seeds": (0, 1), "variants": variants} | options)


@pytest.fixture
def three_variants() -> Made:
    """Of b is known that it is better than a; c is a again."""
    made = Made()
    for number, (variant, skill) in enumerate((("a", 0.4), ("b", 1.6), ("c", 0.4))):
        for seed in (0, 1):
            entries = [
                predictions(corpus, 10 * seed + number, skill, range(120))
                for corpus in ("cremad", "emodb")
            ]
            made.add(variant, "cremad", seed, entries, costs=cost(1000.0 + 10 * seed * number))
    return made


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


def test_a_corpus_under_one_condition_twice_is_refused() -> None:
    entry = {**predictions("cremad", 1, 1.0, range(30)), "condition": "white_10db"}
    assert list(predictions_of({"predictions": [entry]})) == [("cremad", "white_10db")]
    for wrong in ([entry, entry], [{**entry, "condition": 5}]):
        with pytest.raises(BadInput, match="result of a training"):
            predictions_of({"predictions": wrong})


def test_clips_may_come_in_any_order() -> None:
    entry = predictions("cremad", 1, 1.0, range(30))
    turned = {
        key: value[::-1] if key in {"clip_ids", "speakers", "labels", "logits"} else value
        for key, value in entry.items()
    }
    found: list[Predictions] = [
        predictions_of({"predictions": [e]})["cremad", "clean"] for e in (entry, turned)
    ]
    assert found[0].clip_ids == found[1].clip_ids
    np.testing.assert_array_equal(found[0].logits, found[1].logits)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {},
        lambda r: [],
        lambda r: None,
        lambda r: {"predictions": []},
        lambda r: {"predictions": r["predictions"] * 2},
        lambda r: {"predictions": [{**r["predictions"][0], "labels": [0]}]},
        lambda r: {"predictions": [{**r["predictions"][0], "labels": [9] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "labels": ["x"] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "logits": [[1.0]] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "clip_ids": ["a"] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "speakers": [1] * 30}]},
        lambda r: {**r, "costs": {"int8_bytes": 3}},
        lambda r: {**r, "costs": 3},
    ],
)
def test_a_result_that_is_not_as_it_should_be_is_one_line(change: Callable[[Any], Any]) -> None:
    result = {"predictions": [predictions("cremad", 1, 1.0, range(30))], "costs": None}
    job = Made().add("a", "one", 0, None).job
    check_result(job, result)
    with pytest.raises((BadInput, CheckFailed)) as error:
        check_result(job, change(result))
    assert "\n" not in str(error.value)


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


def test_a_study_of_fake_trainings_is_the_same_from_one_and_from_two_processes(
    two_corpora: Any, processes: Callable[..., Any], tmp_path: Path
) -> None:
    from edgeser.study.study import forecast, plan_study, run_study

    made = study(variants=(Variant("a"), Variant("b", {"training.epochs": 3})))
    executors = [processes(workers) for workers in (1, 2)]
    tables = []
    for executor in executors:
        plan = plan_study(
            made,
            two_corpora,
            folder=tmp_path / f"{executor.workers}",
            tasks={"train": "fake_tasks:fake_training"},
        )
        before = forecast(plan)
        assert (before.jobs, before.there, before.seconds_left) == (4, 0, None)
        tables.append(dump_json(study_json(run_study(plan, _trains(executor)))))
        after = forecast(plan, workers=2)
        assert (after.jobs, after.there, after.seconds_left) == (4, 4, 0)
        plan.folder.joinpath("results", f"{plan.cells[0].job.key}.json").write_bytes(b"{")
        third = forecast(plan, workers=2)
        assert third.there == 3
        assert third.seconds_left is not None
        assert third.seconds_each is not None
        assert third.seconds_left > 0
        assert len(third.problems) == 1
    assert tables[0] == tables[1]


def test_costs_are_a_job_of_each_variant(
    two_corpora: Any, processes: Callable[..., Any], tmp_path: Path
) -> None:
    from edgeser.study.study import forecast, plan_study, run_study

    tasks = {"train": "fake_tasks:fake_training", "costs": "fake_tasks:fake_costs"}
    plan = plan_study(
        study(variants=(Variant("a"), Variant("b", {"training.epochs": 3}))),
        two_corpora,
        folder=tmp_path,
        tasks=tasks,
    )
    assert forecast(plan).jobs == 6
    table = run_study(plan, dataclasses.replace(processes(2), tasks=tasks))
    assert table.jobs == 6
    assert not table.failures
    found = {variant: costs["int8_bytes"].value for variant, costs in table.costs.items()}
    assert found == {"a": 4000.0, "b": 300.0}


def _trains(executor: Any) -> Any:
    return dataclasses.replace(executor, tasks={"train": "fake_tasks:fake_training"})


def test_gaps_between_groups_and_the_worst_speaker_are_in_every_rendering() -> None:
    made = Made()
    for variant, skill in (("plain", 1.0), ("debiased", 1.0), ("better", 9.0)):
        for seed in (0, 1):
            entry = predictions("cremad", 10 * seed + int(skill), skill, range(120))
            entry["groups"] = {
                "sex": ["female" if clip // 12 < 5 else "male" for clip in range(120)],
                "age group": ["20-29" if clip // 12 < 8 else "60-69" for clip in range(120)],
            }
            made.add(variant, "cremad", seed, [entry])
    variants = tuple(Variant(name) for name in ("plain", "debiased", "better"))
    table = summarise(study(variants=variants), made.cells, made.kept)
    plain, debiased, better = table.rows
    assert [(g.kind, g.measure) for g in plain.gaps] == [
        ("sex", "true-positive rate"),
        ("sex", "demographic parity"),
    ], "of two old speakers nothing is said"
    assert [g.above_first for g in plain.gaps] == [None, None]
    assert [g.above_first and g.above_first.value for g in debiased.gaps] == [0.0, 0.0]
    first, last = plain.gaps[0], better.gaps[0]
    assert last.mean.value == pytest.approx(0.0, abs=0.01)
    assert last.above_first is not None
    assert last.above_first.value == pytest.approx(last.mean.value - first.mean.value)
    assert plain.worst is not None
    json_row = study_json(table)["rows"][0]
    assert json_row["gaps"][0]["mean"] == first.mean.to_json()
    assert json_row["worst_speaker"]["speaker"] == plain.worst.speaker
    console = Console(width=100, file=StringIO())
    console.print(study_tables(table))
    assert isinstance(console.file, StringIO)
    for text in (study_markdown(table), render_study(table), console.file.getvalue()):
        assert "Groups of speakers of cremad" in text
        assert f"{100 * first.mean.value:.1f} (" in text
        assert "sex, TPR gap" in text
        assert f"worst speaker, {plain.worst.speaker}" in " ".join(text.split())
        assert "macro-F1, %" in text
    bare = summarise(study(), made.cells[:0], {})
    assert "Groups of speakers" not in study_markdown(bare)


@pytest.mark.parametrize("groups", [{"sex": ["female"]}, {"sex": [1] * 12}, {"sex": 3}, []])
def test_groups_that_do_not_fit_the_clips_are_refused(groups: object) -> None:
    entry = {**predictions("cremad", 1, 1.0, range(12)), "groups": groups}
    with pytest.raises(BadInput, match="groups of a result"):
        check_result(
            Job(job_key({}, code=""), "n", "train", {}),
            {"predictions": [entry], "costs": None, "facts": {}},
        )


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


@pytest.mark.parametrize(
    "wrong", [[1], "text", {"other": []}, {SHUFFLED: 3}, {SHUFFLED: [{"corpus": "a"}]}]
)
def test_hearings_that_are_none(wrong: Any) -> None:
    with pytest.raises(BadInput):
        hearings_of({"hearings": wrong})
