"""A study from its jobs to its table: the same to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.study import study_json
from edgeser.study.config import Variant
from tests.edgeser.study.made_results import study


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
