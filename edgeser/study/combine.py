"""A study to its jobs: every variant with every seed and fold on every arrangement of corpora."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from edgeser.baseline.licence import baseline_versions
from edgeser.corpora.division import is_by_clip
from edgeser.debias.extra import require_pyworld
from edgeser.installed import package_versions
from edgeser.recipe import Recipe, parse_recipe, with_settings
from edgeser.study.code import code_version
from edgeser.study.config import MOST_JOBS, Arrangement, Study, Variant, arrangements_of
from edgeser.study.jobs import Job, job_key
from edgeser.study.tasks import (
    BASELINE,
    CONDITIONS,
    COSTS,
    TASKS,
    TRAIN,
    Tasks,
    module_of,
    place_of,
)
from edgeser.typed_tables import from_table, to_table
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

SETS_ITSELF = ("seed", "corpora", "corpus", "name")
"""Keys of a recipe that a study sets, or that name it: no variant may."""
WorkHash = Callable[[Recipe], str]
"""Returns the hash of recipe and recordings: all that a training depends on but the code."""
Resolve = Callable[[Recipe], Recipe]
"""Puts into a variant's recipe what it names and must be read, such as an encoder of words."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination and the job that fills it.

    Parameters
    ----------
    variant, arrangement
        Their names.
    trained
        Names of the corpora that are trained on.
    seed, fold
        Of the training; the fold is ``None`` where the study has none.
    job
        What is to be done.
    heard
        Names of the corpora whose test speakers are heard in training (`random-clips`).
    """

    variant: str
    arrangement: str
    trained: tuple[str, ...]
    seed: int
    fold: int | None
    job: Job
    heard: tuple[str, ...] = ()


def _as_it_is(recipe: Recipe) -> Recipe:
    return recipe


def combine(
    study: Study,
    recipe: Recipe,
    *,
    paths: Mapping[str, str],
    work_hash: WorkHash,
    features: str | None = None,
    tasks: Tasks = TASKS,
    resolve: Resolve = _as_it_is,
) -> tuple[Cell, ...]:
    """Return a study's combinations, in the order of the file.

    Parameters
    ----------
    study
        What is tried.
    recipe
        `common_recipe`, with the command line's settings and corpora in it.
    paths
        Where each corpus is, by its name.
    work_hash
        Of each job's recipe; it is what the jobs' keys are made of.
    features
        The folder where features are cached, or ``None``.
    tasks
        The table of tasks; here `TRAIN` is done.
    resolve
        What is done with each variant's recipe, once.

    Raises
    ------
    BadInput
        When a variant has an unknown key (with the nearest one) or a value that is refused, or an
        arrangement a corpus that there is not: before any job is done.
    """
    table = to_table(recipe)
    known = [choice["name"] for choice in table["corpora"]]
    arrangements = arrangements_of(study, known) or (None,)
    count = len(study.variants) * len(study.seeds) * len(arrangements) * (study.folds or 1)
    if count > MOST_JOBS:
        raise BadInput(f"the study has {count} jobs", hint=f"{MOST_JOBS} are the most")
    made = _Making(paths, work_hash, features, tasks, package_versions())
    heard_under = study.changed_conditions
    found = []
    for variant, base in _variants(study, recipe, resolve):
        for arrangement, fold in _with_folds(arrangements, study):
            chosen = _chosen(base, arrangement, fold, study)
            trained = tuple(c["name"] for c in chosen["corpora"] if c["role"] != "test")
            named = " + ".join(known) if arrangement is None else arrangement.name
            for seed in study.seeds:
                resolved = from_table(Recipe, {**chosen, "seed": seed}, where="the study")
                said = [variant.name, named, f"seed {seed}"]
                name = ", ".join(said if fold is None else [*said, f"fold {fold}"])
                job = _variants_job(variant, name, resolved, made, heard_under)
                heard = tuple(choice.name for choice in resolved.corpora if is_by_clip(choice))
                found.append(Cell(variant.name, named, trained, seed, fold, job, heard))
    return tuple(found)


def cost_jobs(
    cells: Sequence[Cell],
    *,
    work_hash: WorkHash,
    tasks: Tasks = TASKS,
) -> tuple[tuple[str, Job], ...]:
    """Return a job for each variant that measures what it costs; none without such a task.

    Baselines have none. Each is given what the variant's first training is given.
    """
    if COSTS not in tasks:
        return ()
    first = {cell.variant: cell.job for cell in reversed(cells)}
    versions = package_versions()
    found = []
    for variant in dict.fromkeys(c.variant for c in cells if c.job.task == TRAIN):
        given = first[variant].arguments
        recipe = parse_recipe(given["recipe_toml"], where="the study")
        made = _Making(given["corpora"], work_hash, given["features_dir"], tasks, versions)
        found.append((variant, _job(COSTS, f"{variant}, costs", recipe, made)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Making:
    """What the jobs of a study share."""

    paths: Mapping[str, str]
    work_hash: WorkHash
    features: str | None
    tasks: Tasks
    versions: Mapping[str, str]
    """Of the packages that shape a run."""


def _variants_job(
    variant: Variant, name: str, recipe: Recipe, made: _Making, conditions: Sequence[str]
) -> Job:
    if variant.baseline is None:  # without conditions the key is what it was before there were any
        asked = {CONDITIONS: list(conditions)} if conditions else {}
        needed = {"pyworld": require_pyworld()} if recipe.debias.asked else {}
        return _job(TRAIN, name, recipe, made, arguments=asked, packages=needed)
    also = {"baseline": to_table(variant.baseline)}
    job = _job(BASELINE, name, recipe, made, arguments=also, packages=baseline_versions())
    return replace(job, cpus=1)


def _job(
    task: str,
    name: str,
    recipe: Recipe,
    made: _Making,
    *,
    arguments: Mapping[str, Any] = MappingProxyType({}),
    packages: Mapping[str, str] = MappingProxyType({}),
) -> Job:
    """Return a job; what it is given beside a recipe, and needs beside the usual, is in its key."""
    code = code_version([module_of(place_of(task, made.tasks))])
    versions = {**made.versions, **packages}
    inputs = {"task": task, "work": made.work_hash(recipe), "packages": versions, **arguments}
    corpora = [choice["name"] for choice in to_table(recipe)["corpora"]]
    return Job(
        key=job_key(inputs, code=code),
        name=name,
        task=task,
        arguments={
            "recipe_toml": recipe.to_toml(),
            "corpora": {name: made.paths[name] for name in corpora if name in made.paths},
            "features_dir": made.features,
            **arguments,
        },
        cpus=max(1, recipe.training.threads),
    )


def _variants(
    study: Study, recipe: Recipe, resolve: Resolve
) -> list[tuple[Variant, dict[str, Any]]]:
    """Return the table of each variant's recipe; all are made before any is used."""
    return [
        (v, to_table(resolve(_varied(recipe, v.set, f"variant {printable(v.name)}"))))
        for v in study.variants
    ]


def common_recipe(study: Study, recipe: Recipe) -> Recipe:
    """Return a study's recipe with what its file sets in all variants; errors are as in `combine`.

    What the command line sets goes before: set it in the recipe that this returns.
    """
    return _varied(recipe, study.set, "[set]") if study.set else recipe


def _varied(recipe: Recipe, changes: Mapping[str, Any], where: str) -> Recipe:
    """Return the recipe with some keys changed; errors say `where` they are from."""
    settings = []
    for path, value in _leaves(changes, ()):
        if path[0] in SETS_ITSELF:
            raise BadInput(
                f"{where}: '{printable('.'.join(path))}' is for the study to set",
                hint="use the study's seeds, folds and [[arrangements]]",
            )
        settings.append(f"{'.'.join(path)}={_toml(value, where, path)}")
    try:
        return with_settings(recipe, settings)
    except BadInput as error:
        said = error.message.removeprefix("--set:").removeprefix("--set ").lstrip()
        raise BadInput(f"{where}: {said}", hint=error.hint) from error


def _leaves(
    table: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each value of nested tables with its key, split at dots."""
    for key, value in table.items():
        below = (*path, *key.split("."))
        if isinstance(value, dict):
            yield from _leaves(value, below)
        else:
            yield below, value


def _toml(value: Any, where: str, path: Sequence[str]) -> str:
    import tomli_w

    name, equals, text = tomli_w.dumps({"value": value}).partition("=")
    if name.strip() != "value" or not equals:  # a list of tables, which has no short form
        key = printable(".".join(path))
        raise BadInput(f"{where}: '{key}' is a list of tables", hint="set its keys one by one")
    return text.strip()


def _with_folds(
    arrangements: Sequence[Arrangement | None], study: Study
) -> Iterator[tuple[Arrangement | None, int | None]]:
    """Yield each arrangement once for each fold; once where it has no corpus to divide."""
    for arrangement in arrangements:
        divides = arrangement is None or set(arrangement.train) & set(arrangement.test)
        folds = None if study.folds is None or not divides else study.folds
        yield from ((arrangement, fold) for fold in ([None] if folds is None else range(folds)))


def _chosen(
    base: Mapping[str, Any], arrangement: Arrangement | None, fold: int | None, study: Study
) -> dict[str, Any]:
    """Return the table of a recipe with the corpora, roles and fold of one combination."""
    choices = base["corpora"]
    if arrangement is not None:
        choices = [
            {**choice, "role": _role(arrangement, choice["name"])}
            for choice in choices
            if choice["name"] in arrangement.corpora
        ]
    if study.split is not None:
        choices = [{**choice, "split": study.split} for choice in choices]
    if fold is not None:
        choices = [{**choice, "folds": study.folds, "fold": fold} for choice in choices]
    choices = [{key: c[key] for key in c if key != "path"} for c in choices]
    return {**base, "corpora": choices}


def _role(arrangement: Arrangement, name: str) -> str:
    if name in arrangement.train:
        return "both" if name in arrangement.test else "train"
    return "test"
