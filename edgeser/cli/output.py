"""What every command shares: where results, progress and notes go, and the options for it."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import click

from edgeser.cli.overwriting import refuse_overwriting
from edgeser.progress import Progress
from quantize.foundation.foreign import printable, shortened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

F = TypeVar("F", bound=Callable[..., Any])
_SHOW_AFTER_S = 1.0
_LONGEST_LINE = 2000
_LONGEST_SHOWN = 10_000


def message_line(text: str) -> str:
    """Return a message as the one line that is shown of it, whatever it quotes."""
    return printable(shortened(" ".join(text.split())), limit=_LONGEST_LINE)


def harmless(text: str) -> str:
    """Return lines of which a terminal obeys nothing; the ends of the lines are kept."""
    return "\n".join(printable(line, limit=_LONGEST_SHOWN) for line in text.split("\n"))


class _Notes:
    """Standard error where it is read no more, or its disk is full: that costs the notes alone."""

    def write(self, text: str) -> int:
        """Write what can be written."""
        tell(text)
        return len(text)

    def flush(self) -> None:
        """Write what is waiting."""
        tell("")

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def tell(text: str) -> None:
    """Write a text to standard error; where that cannot be, nothing is written there any more."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stderr.fileno())
        os.close(nowhere)


@dataclass
class Output:
    """Results on stdout, everything else on stderr; a `Reporter` for the library."""

    json: bool = False
    quiet: bool = False
    _bars: RichProgress | None = field(default=None, repr=False)

    @functools.cached_property
    def out(self) -> Console:
        """The console on stdout."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=False, markup=False, emoji=False)

    @functools.cached_property
    def err(self) -> Console:
        """The console on stderr."""
        from rich.console import Console

        notes = None if sys.stderr is None else cast(TextIO, _Notes())
        return Console(file=notes, stderr=True, highlight=False, markup=False, emoji=False)

    def note(self, text: str) -> None:
        """Tell one line on stderr, unless quiet."""
        if not self.quiet:
            self._tell(text)

    def problem(self, text: str) -> None:
        """Tell one line on stderr of what failed, quiet or not."""
        self._tell(f"edgeser: {text}")

    def stage(self, title: str) -> Progress:
        """Begin a stage: a bar on a terminal once it takes over a second, else one line."""
        self.close()
        if self.quiet:
            return lambda done, total: None
        if not sys.stderr.isatty():
            self._tell(title)
            return lambda done, total: None
        return _Bar(self, title)

    def result(self, value: dict[str, Any]) -> None:
        """Print a JSON result on stdout."""
        self.close()
        click.echo(json.dumps(value, indent=2, allow_nan=False))  # in ASCII: nothing is obeyed

    def show(self, renderable: Any) -> None:
        """Print something for people on stdout, unless quiet or JSON was asked for."""
        self.close()
        if self.quiet or self.json:
            return
        if isinstance(renderable, str):
            click.echo(harmless(renderable))  # a path must not be broken over lines
        else:
            from rich.segment import Segment, Segments

            parts = [  # the console's own styles are added afterwards
                part if part.control else Segment(harmless(part.text), part.style)
                for part in self.out.render(renderable)
            ]
            with self.out.capture() as text:
                self.out.print(Segments(parts), end="")
            click.echo(text.get(), nl=False)

    def close(self) -> None:
        """End the bar that is shown, if any."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def _tell(self, text: str) -> None:
        """Print one line, not broken at the terminal's width."""
        self.err.print(message_line(text), markup=False, soft_wrap=True)


class _Bar:
    """A progress function that shows a bar with the time left after the first second."""

    def __init__(self, output: Output, title: str) -> None:
        self._output = output
        self._title = title
        self._start = time.monotonic()
        self._task: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._task is None:
            if time.monotonic() - self._start < _SHOW_AFTER_S:
                return
            self._output._bars = self._open()
            self._task = self._output._bars.add_task(self._title, total=total)
        if self._output._bars is not None:
            self._output._bars.update(self._task, completed=done, total=total)

    def _open(self) -> RichProgress:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        bars = Progress(*columns, console=self._output.err, transient=True)
        bars.start()
        return bars


def common_options(function: F) -> F:
    """Add --json, --quiet and --debug, and hand the command its `Output` as `output`."""

    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
    @click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
    @click.option("--debug", is_flag=True, help="Show a traceback on errors.")
    @functools.wraps(function)
    def wrapped(*args: Any, as_json: bool, quiet: bool, debug: bool, **kwargs: Any) -> Any:
        del debug
        refuse_overwriting(click.get_current_context())
        output = Output(json=as_json, quiet=quiet)
        try:
            return function(*args, output=output, **kwargs)
        finally:
            output.close()

    return cast(F, wrapped)
