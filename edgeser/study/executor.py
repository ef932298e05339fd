"""Who does the jobs: one protocol, so that processes of this machine and a cluster are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from edgeser.study.jobs import Job
from quantize.foundation.string_enum import StrEnum


class State(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    """It said no, or crashed: doing it again brings the same."""
    LOST = "lost"
    """It was killed, or its node went, and so it was when tried again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, and its result or the reason.

    Parameters
    ----------
    job, state
        Which job, and how it ended.
    result
        What the task returned, JSON; ``None`` unless it is done.
    seconds
        Wall-clock seconds of the last attempt.
    reason
        One line, where it is not done.
    """

    job: Job
    state: State
    result: Any = None
    seconds: float = 0.0
    reason: str = ""


class Happened(StrEnum):
    """What an event tells of a job."""

    STARTED = "started"
    AGAIN = "again"
    """It was killed or its node was lost; it is tried once more."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling while jobs run; `where` names the node or process."""

    job: Job
    what: Happened
    where: str


OnEvent = Callable[[Event], None]


class Executor(Protocol):
    """Someone who does jobs."""

    @property
    def place(self) -> str:
        """Where the jobs run, in words: ``"2 processes"``."""
        ...

    def run(self, jobs: Iterable[Job], on_event: OnEvent) -> Iterator[Outcome]:
        """Do the jobs and yield each one's outcome as it comes, in any order.

        `jobs` is asked for the next one only when there is room for it. A job that fails does not
        stop the others. When the iterator is closed, or an exception comes in, what runs is ended.

        Raises
        ------
        ToolMissing
            When the place where jobs run is not there, or is gone.
        """
        ...
