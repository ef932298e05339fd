"""`edgeser evaluate --drift` and `--save-drift`: recordings held against those of a training."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from edgeser.cli.suits import is_given, option_of
from quantize.foundation.files import require_writable

if TYPE_CHECKING:
    from edgeser.bundle import Bundle
    from edgeser.cli.output import Output
    from edgeser.cli.results import ResultFiles
    from edgeser.corpora.audio.files import Sound
    from edgeser.evaluation.drift import DriftReport

F = TypeVar("F", bound=Callable[..., Any])
_SAVED = "edgeser.drift-reference-file/1"
_TOLERANCES = ("max_psi", "max_clipped")


@dataclass(frozen=True, slots=True)
class DriftChoice:
    """What is asked for of drift; nothing when all is left out."""

    reference: Path | None
    save: Path | None
    recordings: tuple[Path, ...]
    tolerances: dict[str, float]

    def __post_init__(self) -> None:
        if self.reference is not None and self.save is not None:
            raise click.UsageError("--drift reads a reference and --save-drift writes one")
        if self.recordings and self.reference is None and self.save is None:
            raise click.UsageError("--recordings have no labels: give --drift or --save-drift too")
        if self.reference is None:
            for name in self.tolerances:
                raise click.UsageError(f"{option_of(name)} is for --drift")

    @property
    def alone(self) -> bool:
        """Whether nothing else is asked for: no labels are needed."""
        return self.save is not None or bool(self.recordings)

    def report(
        self, bundle: Bundle, run: Path, sounds: list[Sound], name: str, output: Output
    ) -> DriftReport:
        """Return how far recordings are from the reference; a run's report shows it."""
        from edgeser.cli.places import run_folder_of
        from edgeser.evaluation.drift import DriftTolerances
        from edgeser.pipeline.drift import drift_of, load_reference

        assert self.reference is not None  # noqa: S101 - asked before
        return drift_of(
            bundle,
            load_reference(self.reference),
            sounds,
            name=name,
            tolerances=DriftTolerances(**self.tolerances),
            folder=run_folder_of(run),
            reporter=output,
        )


def drift_options(function: F) -> F:
    """Add --drift, --save-drift, --recordings, --max-psi and --max-clipped, as `drift`."""

    @functools.wraps(function)
    def with_drift(
        *,
        reference: Path | None,
        save_drift: Path | None,
        recordings: tuple[Path, ...],
        **given: Any,
    ) -> Any:
        tolerances = {name: given.pop(name) for name in _TOLERANCES}
        chosen = {name: value for name, value in tolerances.items() if value is not None}
        return function(drift=DriftChoice(reference, save_drift, recordings, chosen), **given)

    decorated: Any = with_drift
    for option in (
        click.option(
            "--max-clipped",
            type=click.FloatRange(0, 1),
            help="With --drift: how much more of a plane's int8 values may be clipped than in "
            "training, 0.05 by default.",
        ),
        click.option(
            "--max-psi",
            type=click.FloatRange(0),
            help="With --drift: largest population stability index of a plane, 0.25 by default.",
        ),
        click.option(
            "--recordings",
            type=click.Path(path_type=Path),
            multiple=True,
            help="With --drift or --save-drift: files or folders without labels, instead of a "
            "corpus; may be repeated.",
        ),
        click.option(
            "--save-drift",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="REFERENCE.json",
            help="Only write what the clips that it was trained on are like (or --recordings).",
        ),
        click.option(
            "--drift",
            "reference",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="REFERENCE.json",
            help="Also hold features and levels against that reference. Exit code 1 when they are "
            "too far from what was trained.",
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


def refuse_beside_drift(names: tuple[str, ...]) -> None:
    """Refuse options that mean nothing where only drift is looked at.

    Raises
    ------
    click.UsageError
        Naming the first.
    """
    for name in names:
        if is_given(name):
            raise click.UsageError(
                f"{option_of(name)} needs labels: leave out --recordings and --save-drift"
            )


def refuse_results_of_saving(choice: DriftChoice) -> None:
    """Refuse files of results where nothing is judged.

    Raises
    ------
    click.UsageError
        Naming the first.
    """
    for name in ("junit", "markdown"):
        if choice.save is not None and is_given(name):
            raise click.UsageError(f"--save-drift judges nothing: leave out {option_of(name)}")


def drift_alone(
    bundle: Bundle,
    choice: DriftChoice,
    corpora: tuple[str, ...],
    run: Path,
    files: ResultFiles,
    output: Output,
) -> int:
    """Write a reference, or hold recordings without labels against one; return the exit code."""
    from edgeser.cli.places import run_folder_of
    from edgeser.pipeline.drift import (
        reference_of,
        reference_of_recordings,
        save_reference,
        sounds_below,
    )

    if choice.save is not None:
        require_writable(choice.save)
    sounds = sounds_below(choice.recordings, output) if choice.recordings else []
    name = "recordings without labels"
    if choice.save is None:
        return show_drift(choice.report(bundle, run, sounds, name, output), files, output)
    if sounds:
        made = reference_of_recordings(bundle, sounds, name=name, reporter=output)
    else:
        made = reference_of(bundle, corpora=corpora, folder=run_folder_of(run), reporter=output)
    save_reference(made, choice.save)
    if output.json:
        output.result({"schema": _SAVED, "path": str(choice.save), "source": made.source})
    else:
        output.show(f"reference: {choice.save} ({made.source})")
    return 0


def show_drift(report: DriftReport, files: ResultFiles, output: Output) -> int:
    """Write what CI reads, show the rest; return the exit code."""
    from edgeser.report.drift import drift_tables
    from edgeser.report.junit import drift_junit
    from edgeser.report.markdown import drift_markdown
    from edgeser.report.schemas.drift import drift_json

    with files.writing(junit=lambda: drift_junit(report), markdown=lambda: drift_markdown(report)):
        if output.json:
            output.result(drift_json(report))
        else:
            output.show(drift_tables(report))
        return say_drift(report, output)


def say_drift(report: DriftReport, output: Output) -> int:
    """Name each failure in a line of its own; return the exit code."""
    for failure in report.failures:
        output.problem(f"too far from the training: {failure}")
    return 0 if report.passed else 1
