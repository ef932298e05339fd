"""Variants that are classical baselines: their jobs, their keys, their place in the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from edgeser.baseline.licence import LICENCE
from edgeser.recipe import Recipe, parse_recipe
from edgeser.report.schemas.study import study_json
from edgeser.report.study.html import render_study
from edgeser.report.study.table import study_markdown
from edgeser.study.combine import combine, cost_jobs
from edgeser.study.config import Study, load_study
from edgeser.study.study import plan_study, run_study
from edgeser.study.tasks import TASKS
from quantize.foundation.errors import BadInput, ToolMissing

BOTH = """
[[variants]]
name = "network"
[[variants]]
name = "classical"
set = { "training.threads" = 3 }
baseline = { functionals = "eGeMAPSv02", classifier = "logistic" }
"""
FAKE = {"train": "fake_tasks:fake_training", "baseline": "fake_tasks:fake_training"}


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Study]:
    def from_text(text: str) -> Study:
        (tmp_path / "study.toml").write_text(f'name = "s"\n{text}', "utf-8")
        return load_study(tmp_path / "study.toml")

    return from_text


def made(study: Study, recipe: Recipe, tasks: dict[str, str] = FAKE) -> Any:
    paths = {"cremad": "/data/c", "emodb": "/data/e"}
    return combine(study, recipe, paths=paths, work_hash=lambda r: r.hash, tasks=tasks)


def test_a_baseline_is_a_job_of_its_own(
    load: Callable[[str], Study], two_corpora: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "1.0")
    network, classical = made(load(BOTH), two_corpora)
    assert (network.job.task, classical.job.task) == ("train", "baseline")
    assert classical.job.arguments["baseline"] == {
        "functionals": "eGeMAPSv02",
        "classifier": "logistic",
    }
    assert "baseline" not in network.job.arguments
    assert classical.job.cpus == 1
    other = load(BOTH.replace('"logistic"', '"mlp"'))
    assert made(other, two_corpora)[1].job.key != classical.job.key
    assert made(other, two_corpora)[0].job.key == network.job.key
    monkeypatch.setattr(metadata, "version", lambda name: "2.0" if name == "opensmile" else "1.0")
    again = made(load(BOTH), two_corpora)
    assert again[0].job.key == network.job.key
    assert again[1].job.key != classical.job.key


def test_costs_are_those_of_networks_alone(
    load: Callable[[str], Study], two_corpora: Recipe
) -> None:
    tasks = {**FAKE, "costs": "fake_tasks:fake_costs"}
    cells = made(load(BOTH), two_corpora, tasks)
    jobs = cost_jobs(cells, work_hash=lambda r: r.hash, tasks=tasks)
    assert [variant for variant, _ in jobs] == ["network"]
    assert set(TASKS) == {"train", "baseline", "costs"}


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ('{ functionals = "eGeMAPS", classifier = "mlp" }', "did you mean 'eGeMAPSv02'"),
        ('{ functionals = "eGeMAPSv02", classifier = "svm" }', "'classifier' is 'svm'"),
        ('{ functional = "eGeMAPSv02", classifier = "mlp" }', "did you mean 'functionals'"),
        ('{ functionals = "ComParE_2016" }', "lacks the key 'classifier'"),
        ('"eGeMAPSv02"', "'baseline' is 'eGeMAPSv02'"),
    ],
)
def test_a_baseline_that_there_is_not_is_named(
    load: Callable[[str], Study], baseline: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said) as error:
        load(f'[[variants]]\nname = "b"\nbaseline = {baseline}')
    assert "\n" not in str(error.value)


def test_a_missing_extra_is_named_before_any_job(
    load: Callable[[str], Study],
    two_corpora: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really = metadata.version

    def version(name: str) -> str:
        if name == "opensmile":
            raise metadata.PackageNotFoundError(name)
        return really(name)

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(ToolMissing, match=r"opensmile is not installed .pip install 'edgeser\["):
        plan_study(load(BOTH), two_corpora, folder=tmp_path / "out", tasks=FAKE)
    assert ToolMissing.exit_code == 3
    assert not (tmp_path / "out").exists()


def test_the_table_names_baselines_and_the_licence(
    load: Callable[[str], Study],
    two_corpora: Recipe,
    processes: Callable[..., Any],
    tmp_path: Path,
) -> None:
    plan = plan_study(load(BOTH), two_corpora, folder=tmp_path / "out", tasks=FAKE)
    executor = dataclasses.replace(processes(1), tasks=FAKE)
    table = run_study(plan, executor)
    assert [row.variant for row in table.rows] == ["network", "classical"]
    assert "float networks of 'network'" in table.rows[0].mean.source
    assert "'classical' (logistic regression on eGeMAPSv02)" in table.rows[1].mean.source
    assert table.rows[1].comparison is not None
    for text in (str(study_json(table)["notes"]), study_markdown(table), render_study(table)):
        assert "research" in text
    assert any(LICENCE in note for note in table.notes)


def test_folds_are_made_only_where_speakers_are_divided(
    load: Callable[[str], Study], two_corpora: Recipe
) -> None:
    text = 'folds = 3\nsplit = "folds"\nprotocols = ["matrix", "leave-one-out"]'
    cells = made(load(text), two_corpora)
    folds = [(cell.arrangement, cell.fold) for cell in cells]
    assert folds == [
        *(("cremad", fold) for fold in range(3)),
        *(("emodb", fold) for fold in range(3)),
        ("all but cremad", None),
        ("all but emodb", None),
    ]
    recipe = parse_recipe(cells[0].job.arguments["recipe_toml"], where="job")
    assert {choice.split for choice in recipe.corpora} == {"folds"}


def test_random_clips_are_marked_wherever_they_are_shown(
    load: Callable[[str], Study],
    two_corpora: Recipe,
    processes: Callable[..., Any],
    tmp_path: Path,
) -> None:
    arrangement = '[[arrangements]]\nname = "a"\ntrain = ["cremad"]\ntest = ["cremad"]\n'
    for split, heard in (("random-clips", True), ("folds", False)):
        study = load(f'split = "{split}"\n{arrangement}')
        plan = plan_study(study, two_corpora, folder=tmp_path / split, tasks=FAKE)
        table = run_study(plan, dataclasses.replace(processes(1), tasks=FAKE))
        assert [row.hears_test_speakers for row in table.rows] == [heard]
        assert study_json(table)["rows"][0]["hears_test_speakers"] is heard
        for text in (str(study_json(table)), study_markdown(table), render_study(table)):
            assert ("hears its test speakers in training" in text) is heard
        assert ("that a training never heard" in render_study(table)) is not heard
