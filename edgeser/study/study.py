"""A study from its file to its table: planned, forecast, done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgeser.corpora.choice import require_paths
from edgeser.corpora.synthesis.making import make_corpus, place_of
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.study.combine import Cell, Resolve, WorkHash, combine, cost_jobs
from edgeser.study.config import Study
from edgeser.study.executor import Executor
from edgeser.study.jobs import Job
from edgeser.study.rows import StudyTable
from edgeser.study.scores import check_result
from edgeser.study.store import ResultStore
from edgeser.study.table import summarise
from edgeser.study.tasks import TASKS, Tasks
from edgeser.study.work import work_off

Read = Callable[[Mapping[str, str], Mapping[str, str]], WorkHash]


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study with all its jobs, and where their results are.

    Parameters
    ----------
    study, recipe
        What is tried, on what.
    cells
        Every combination with its job.
    cost_jobs
        Of variants, by their names: what they cost; none where no task measures it.
    folder
        Of the study: ``results/``, ``logs/`` and the tables.
    """

    study: Study
    recipe: Recipe
    cells: tuple[Cell, ...]
    folder: Path
    cost_jobs: tuple[tuple[str, Job], ...] = ()

    @property
    def jobs(self) -> tuple[tuple[str, Job], ...]:
        """All jobs, each with the name of its variant."""
        return (*((cell.variant, cell.job) for cell in self.cells), *self.cost_jobs)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a study would do.

    Parameters
    ----------
    jobs, there
        How many there are, and of how many the results are there.
    seconds_each
        What those took in the mean; ``None`` where there are none.
    seconds_left
        What the others will take with so many workers, each as long as those of its variant took;
        ``None`` where nothing was measured.
    problems
        Results that cannot be used, a line each.
    """

    jobs: int
    there: int
    seconds_each: float | None
    seconds_left: float | None
    problems: tuple[str, ...]


def plan_study(
    study: Study,
    recipe: Recipe,
    *,
    folder: Path,
    features: str | None = None,
    tasks: Tasks = TASKS,
    read: Read | None = None,
    resolve: Resolve | None = None,
    reporter: Reporter = SILENT,
) -> StudyPlan:
    """Make every job of a study: every variant's recipe is made and every corpus read first.

    Parameters
    ----------
    study
        What is tried.
    recipe
        Its recipe, with the corpora and their paths; synthetic voices need none.
    folder
        Of the study.
    features
        The folder where features are cached, or ``None``.
    tasks
        The table of tasks.
    read
        Reads corpora, given the adapter and the path of each by its name, and returns what the keys
        are made of: the hash of a training's plan. ``None``: the recipe's hash alone.
    resolve
        As in `edgeser.study.combine.combine`; ``None``: recipes stay as they are.
    reporter
        Of stages.

    Raises
    ------
    BadInput
        When a variant, an arrangement or a corpus cannot be used.
    """
    require_paths(recipe.corpora)
    paths = {choice.name: choice.path for choice in recipe.corpora if choice.path is not None}
    common = partial(combine, study, recipe, tasks=tasks)
    if resolve is not None:
        common = partial(common, resolve=resolve)
    common(paths=paths, work_hash=lambda _: "")  # before any reading
    work_hash: WorkHash = _hash_of_recipe
    if read is not None:
        paths |= _made_voices(recipe, folder, reporter)
        work_hash = read({c.name: c.read_by for c in recipe.corpora}, paths)
    cells = common(paths=paths, work_hash=work_hash, features=features)
    costs = cost_jobs(cells, work_hash=work_hash, tasks=tasks) if study.costs else ()
    return StudyPlan(study, recipe, cells, folder, costs)


def _hash_of_recipe(recipe: Recipe) -> str:
    return recipe.hash


def _made_voices(recipe: Recipe, folder: Path, reporter: Reporter) -> dict[str, str]:
    """Make the synthetic voices that are asked for, once for all jobs; return where they are."""
    made = {}
    for choice in recipe.corpora:
        if choice.is_made:
            root = place_of(choice, folder) / choice.name
            make_corpus(choice, root, reporter=reporter)
            made[choice.name] = str(root)
    return made


def forecast(plan: StudyPlan, *, workers: int = 1) -> Forecast:
    """Say what a study would do; nothing is changed."""
    store = ResultStore(plan.folder)
    variants = {job.key: variant for variant, job in plan.jobs}
    found = {key: store.find(key) for key in variants}
    seconds: dict[str, list[float]] = {}
    for key, variant in variants.items():
        kept = found[key].kept
        if kept is not None:
            seconds.setdefault(variant, []).append(kept.seconds)
    measured = [value for values in seconds.values() for value in values]
    if not measured:
        each = left = None
    else:
        each = sum(measured) / len(measured)
        means = {variant: sum(values) / len(values) for variant, values in seconds.items()}
        missing = [variant for key, variant in variants.items() if found[key].kept is None]
        left = sum(means.get(variant, each) for variant in missing) / workers
    problems = tuple(item.problem for item in found.values() if item.problem)
    return Forecast(len(variants), len(measured), each, left, problems)


def run_study(plan: StudyPlan, executor: Executor, *, reporter: Reporter = SILENT) -> StudyTable:
    """Do what is missing of a study and return its table.

    Raises
    ------
    BadInput
        When the folder cannot be written.
    ToolMissing
        When the place where jobs run is not there, or is gone; what was done is kept.
    """
    worked = work_off(
        [job for _, job in plan.jobs],
        store=ResultStore(plan.folder),
        executor=executor,
        check=check_result,
        reporter=reporter,
    )
    return summarise(
        plan.study,
        plan.cells,
        worked.kept,
        worked.failures,
        cost_jobs=plan.cost_jobs,
        recipe_hash=plan.recipe.hash,
        reused=worked.reused,
    )
