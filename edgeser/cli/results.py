"""What CI reads: results as JUnit XML and Markdown, and the summary of a GitHub job."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from quantize.foundation.errors import BadInput
from quantize.foundation.files import append_text, write_atomically

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
    """Where results go; nowhere what is `None`.

    Raises
    ------
    BadInput
        On making it, when one cannot be written: before any work is done for it.
    """

    junit: Path | None
    markdown: Path | None

    def __post_init__(self) -> None:
        for path in (self.junit, self.markdown):
            if path is not None:
                _check_can_be_written(path)

    def write(self, *, junit: Callable[[], str], markdown: Callable[[], str]) -> None:
        """Write what is wanted, each as its function gives it."""
        if self.junit is not None:
            write_atomically(self.junit, junit().encode())
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if self.markdown is None and not summary:
            return
        text = markdown()
        if self.markdown is not None:
            write_atomically(self.markdown, text.encode())
        if summary:
            append_text(Path(summary), text)


def _check_can_be_written(path: Path) -> None:
    """Look whether the file, or the nearest folder above it that is there, can be written."""
    if path.exists() and not path.is_file():
        raise BadInput(f"cannot write {path}: it is not a regular file", hint="choose another name")
    place = path.absolute().parent
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise BadInput(f"cannot write {path}: {place} cannot be written", hint="choose another")
