"""Jobs of made-up tasks, and executors that know them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.recipe import Recipe, parse_recipe
from edgeser.study.jobs import Job, job_key
from edgeser.study.processes import ProcessExecutor
from tests.edgeser.study.made_results import Made, cost, predictions

HERE = Path(__file__).parent
_NAMES = ("training", "number", "refusal", "fault", "crash", "out_of_memory", "killed", "nonsense")
FAKE = {name: f"fake_tasks:fake_{name}" for name in (*_NAMES, "shared", "child_id")}


@pytest.fixture
def fake_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and its children find `fake_tasks`."""
    monkeypatch.syspath_prepend(HERE)
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{before}" if before else str(HERE))


@pytest.fixture
def fake_job(fake_path: None) -> Callable[..., Job]:
    """Make a job of a made-up task."""

    def make(task: str, **arguments: Any) -> Job:
        key = job_key({"task": task, **arguments}, code="test")
        return Job(key, f"{task} {arguments}", task, arguments)

    return make


@pytest.fixture
def processes(tmp_path: Path, fake_path: None) -> Callable[..., ProcessExecutor]:
    """Make an executor that knows the made-up tasks."""

    def make(workers: int = 2, **options: Any) -> ProcessExecutor:
        return ProcessExecutor(workers, tmp_path / "logs", tasks=FAKE, **options)

    return make


@pytest.fixture
def two_corpora(fake_path: None) -> Recipe:
    """The tiny recipe on two corpora that are not there."""
    if "corpora" not in {field.name for field in dataclasses.fields(Recipe)}:
        pytest.skip("recipes have one [corpus] here: studies need [[corpora]]")
    rest = (HERE.parents[1] / "tiny_recipe.toml").read_text("utf-8").partition("[frontend]")[2]
    corpora = "".join(
        f'[[corpora]]\nname = "{name}"\npath = "/data/{name}"\n' for name in ("cremad", "emodb")
    )
    return parse_recipe(f'name = "tiny"\n{corpora}[frontend]{rest}', where="test")


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
