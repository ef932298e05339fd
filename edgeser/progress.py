"""How library code tells what it is doing, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Progress = Callable[[int, int], None]
"""Called with the number of steps done and the number of all."""


class Reporter(Protocol):
    """Someone who is told of stages and of things worth knowing."""

    def stage(self, title: str) -> Progress:
        """Begin a stage; the returned function is told of its steps."""
        ...

    def note(self, text: str) -> None:
        """Tell one line that a user should read, such as a file that was left out."""
        ...


class SilentReporter:
    """Listens to nothing: the default of every library function."""

    def stage(self, title: str) -> Progress:
        """Return a function that does nothing."""
        del title
        return lambda done, total: None

    def note(self, text: str) -> None:
        """Do nothing."""
        del text


SILENT = SilentReporter()
