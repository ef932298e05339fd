"""`edgeser study`: many trainings, one table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import STUDY_FORECAST_SCHEMA

if TYPE_CHECKING:
    from edgeser.study.executor import Executor
    from edgeser.study.rows import StudyTable
    from edgeser.study.study import Forecast, StudyPlan


@click.command("study")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--corpus",
    "corpora",
    multiple=True,
    metavar="NAME:PATH",
    help="Recordings, such as cremad:/data/CREMA-D; repeat it for several.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a key of the recipe in all variants, such as training.epochs=2.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of results, logs and tables; runs/study-NAME by default.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Processes at once; as many as this machine's cores suffice for by default.",
)
@click.option("--ray", "address", metavar="auto|local|HOST:PORT", help="Work on a Ray cluster.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and how long.")
@common_options
def command(
    file: Path,
    corpora: tuple[str, ...],
    settings: tuple[str, ...],
    out: Path | None,
    workers: int | None,
    address: str | None,
    dry_run: bool,
    output: Output,
) -> int:
    """Do every training of the study in FILE, and make one table of them.

    Results are kept in the folder by what they depend on: a study that was interrupted goes on,
    and one that has grown does only what is new. A training that fails is named, does not stop the
    others, and is tried again the next time. Exit code 1 when there is one.

    A variant may be a classical baseline (needs the extra 'edgeser[baseline]'): its features are
    those of openSMILE, which is licensed for research and other non-commercial use.
    """
    from edgeser.cli.places import cache_folder
    from edgeser.pipeline.jobs.plans import Recordings, with_its_encoder
    from edgeser.pipeline.source import resolve_recipe
    from edgeser.recipe import load_recipe
    from edgeser.study.combine import common_recipe
    from edgeser.study.config import load_study
    from edgeser.study.study import forecast, plan_study, run_study
    from quantize.foundation.foreign import printable

    study = load_study(file)
    common = common_recipe(study, load_recipe(study.recipe))
    recipe = resolve_recipe(common, corpora=corpora, settings=settings)
    kind = recipe.labels.kind
    plan = plan_study(
        study,
        recipe,
        folder=out or Path("runs") / f"study-{_file_name(study.name)}",
        features=str((cache_folder() / "features").absolute()),
        read=lambda *where: Recordings(*where, labels=kind, reporter=output).work_hash,
        resolve=with_its_encoder,
        reporter=output,
    )
    at_once = workers or _workers(plan)
    if dry_run:
        _show_forecast(forecast(plan, workers=at_once), plan, at_once, output)
        return 0
    table = run_study(plan, _executor(plan, at_once, workers, address), reporter=output)
    written = _write(table, plan.folder)
    _show(table, written, output)
    for job, reason in table.failures:
        output.problem(f"{printable(job)} has no result: {reason}")
    return 1 if table.failures else 0


def _workers(plan: StudyPlan) -> int:
    """Return how many jobs this machine's cores suffice for."""
    threads = max(cell.job.cpus for cell in plan.cells)
    return max(1, len(os.sched_getaffinity(0)) // threads)


def _executor(plan: StudyPlan, at_once: int, workers: int | None, address: str | None) -> Executor:
    from edgeser.study.processes import ProcessExecutor
    from edgeser.study.ray_executor import RayExecutor

    logs = plan.folder / "logs"
    if address is None:
        return ProcessExecutor(at_once, logs)
    threads = max(cell.job.cpus for cell in plan.cells)
    return RayExecutor(address, logs, cpus=workers and workers * threads)


def _file_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)


def _write(table: StudyTable, folder: Path) -> list[Path]:
    from edgeser.report.schemas.form import dump_json
    from edgeser.report.schemas.study import study_json
    from edgeser.report.study.html import render_study
    from edgeser.report.study.table import study_markdown
    from quantize.foundation.files import write_atomically

    texts = {
        "study.json": dump_json(study_json(table)),
        "study.md": study_markdown(table),
        "study.html": render_study(table),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    return [folder / name for name in texts]


def _show(table: StudyTable, written: list[Path], output: Output) -> None:
    from edgeser.report.schemas.study import study_json
    from edgeser.report.study.table import study_tables

    if output.json:
        output.result(study_json(table))
        return
    output.show(study_tables(table))
    output.show(f"table: {', '.join(map(str, written))}")


def _show_forecast(found: Forecast, plan: StudyPlan, workers: int, output: Output) -> None:
    for problem in found.problems:
        output.note(problem)
    if output.json:
        output.result(
            {
                "schema": STUDY_FORECAST_SCHEMA,
                "jobs": found.jobs,
                "there": found.there,
                "workers": workers,
                "seconds_each": found.seconds_each,
                "seconds_left": found.seconds_left,
            }
        )
        return
    output.show(f"{found.jobs} jobs, {found.there} results are there in {plan.folder}")
    left = found.jobs - found.there
    if not left:
        output.show("nothing is left to do")
    elif found.seconds_left is None or found.seconds_each is None:
        output.show(f"{left} to do; how long is not known: nothing was measured yet")
    else:
        output.show(
            f"{left} to do, about {_time(found.seconds_left)} with {workers} at once "
            f"(measured: {_time(found.seconds_each)} each)"
        )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
