"""What CI reads: results as JUnit XML and Markdown, and the summary of a GitHub job."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from quantize.foundation.errors import CheckFailed, EdgeserError
from quantize.foundation.files import append_text, require_writable, write_atomically

if TYPE_CHECKING:
    from edgeser.benchmark.bench_report import BudgetCheck
    from edgeser.cli.output import Output

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)


def result_options(function: F) -> F:
    """Add --junit and --markdown."""
    for option in (
        click.option(
            "--markdown",
            type=_FILE,
            help="Write a Markdown table; also appended to $GITHUB_STEP_SUMMARY when that is set.",
        ),
        click.option("--junit", type=_FILE, help="Write JUnit XML: a test case for each check."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """Where results go; nowhere what is `None`: what a CI server reads, and what --save keeps.

    Raises
    ------
    BadInput
        On making it, when one of them or $GITHUB_STEP_SUMMARY cannot be written: before any work
        is done for it.
    click.UsageError
        When both are one file.
    """

    junit: Path | None
    markdown: Path | None
    saved: Path | None = None

    def __post_init__(self) -> None:
        for path in (self.junit, self.markdown, self.saved):
            if path is not None:
                require_writable(path)
        if (summary := _summary()) is not None:
            require_writable(summary, "append to")
        if self.junit is not None and self.junit.resolve() in _resolved(self.markdown, summary):
            raise click.UsageError("--junit and the Markdown would go into the same file")
        if self.saved is not None and self.saved.resolve() in _resolved(
            self.junit, self.markdown, summary
        ):
            raise click.UsageError("--save and another result would go into the same file")

    @contextmanager
    def writing(
        self,
        *,
        junit: Callable[[], str],
        markdown: Callable[[], str],
        saved: Callable[[], dict[str, Any]] | None = None,
    ) -> Iterator[None]:
        """Write what is wanted, then let the results be shown; nothing is lost by a full disk.

        `saved` is what --json prints, for --save.

        Each file is tried whatever became of the others. What could not be written is raised at the
        end, when the results have been shown.

        Raises
        ------
        BadInput
            The first file that could not be written.
        """
        failed: list[EdgeserError] = []
        for write in self._writes(junit, markdown, saved):
            try:
                write()
            except EdgeserError as error:
                failed.append(error)
        yield
        if failed:
            raise failed[0]

    @contextmanager
    def also_when_it_fails(self, suite: str) -> Iterator[None]:
        """Write a check that ended the work, such as firmware larger than its board, as failed."""
        from edgeser.report import junit, markdown

        try:
            yield
        except CheckFailed as error:
            reason = str(error)
            with self.writing(
                junit=lambda: junit.suite_xml(suite, [junit.Case("it runs", reason)], []),
                markdown=lambda: markdown.failure_markdown(suite, reason),
            ):
                raise

    def _writes(
        self,
        junit: Callable[[], str],
        markdown: Callable[[], str],
        saved: Callable[[], dict[str, Any]] | None,
    ) -> Iterator[Callable[[], None]]:
        if (kept := self.saved) is not None and saved is not None:
            from edgeser.report.schemas.form import dump_json

            yield lambda: write_atomically(kept, dump_json(saved()).encode())
        if (path := self.junit) is not None:
            yield lambda: write_atomically(path, junit().encode())
        summary, table = _summary(), self.markdown
        if table is not None and table.resolve() not in _resolved(summary):
            yield lambda: write_atomically(table, markdown().encode())
        if summary is not None:
            yield lambda: append_text(summary, markdown())


def name_broken(checks: Sequence[BudgetCheck], output: Output) -> None:
    """Name each budget that is broken in a line of its own."""
    from edgeser.benchmark.budget import describe

    for check in checks:
        if not check.passed:
            output.problem(f"budget broken: {describe(check)}")


def _summary() -> Path | None:
    """Return the file of a GitHub job that Markdown is appended to; `None` elsewhere."""
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(place) if place else None


def _resolved(*paths: Path | None) -> list[Path]:
    return [path.resolve() for path in paths if path is not None]
