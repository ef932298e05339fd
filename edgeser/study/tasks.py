"""Which functions a job may name, and how one is found.

A task's function is given the job's arguments, a ``dict`` of JSON, and returns JSON. It is called
in a process of its own and may write to stdout and stderr as it likes: both go to the job's log.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, cast

from quantize.foundation.errors import BadInput, InternalError

Tasks = Mapping[str, str]
"""Names of tasks and where their functions are: ``"package.module:function"``."""
Function = Callable[[dict[str, Any]], Any]

TRAIN = "train"
"""A training: its result has ``predictions`` by corpus (see `edgeser.study.scores`)."""
BASELINE = "baseline"
"""The classical baseline on a training's split: its result has ``predictions`` as a training's."""
COSTS = "costs"
"""What a variant costs, whatever its weights: its result has ``costs``, figures by name."""
TASKS: Tasks = {
    TRAIN: "edgeser.pipeline.jobs.training:train_and_score",
    BASELINE: "edgeser.pipeline.jobs.baseline:fit_and_score",
    COSTS: "edgeser.pipeline.jobs.costs:measure_costs",
}
"""All tasks of edgeser's own."""
PREDICTING = (TRAIN, BASELINE)
"""Tasks whose results have predictions."""
CONDITIONS = "conditions"
"""The argument that names the conditions under which a training's test clips are heard too."""
SHARED = "shared_dir"
"""The argument that names a folder with the executor's shared files, where it has some."""


def place_of(task: str, tasks: Tasks) -> str:
    """Return where a task's function is.

    Raises
    ------
    BadInput
        When the table has no such task.
    """
    if task not in tasks:
        raise BadInput(f"there is no task '{task}'", hint=f"tasks: {', '.join(sorted(tasks))}")
    return tasks[task]


def module_of(place: str) -> str:
    """Return the module of a function's place."""
    return place.partition(":")[0]


def function_at(place: str) -> Function:
    """Import a task's function.

    Raises
    ------
    InternalError
        When it is not there.
    """
    module, _, name = place.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InternalError(f"the task {place} cannot be loaded: {error}") from error
    if not callable(function):
        raise InternalError(f"the task {place} is no function")
    return cast(Function, function)
