"""Jobs in processes of this machine, some at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from edgeser.study.child import ATTEMPTS, JobChild, write_shared
from edgeser.study.executor import Event, Happened, OnEvent, Outcome, State
from edgeser.study.jobs import Job
from edgeser.study.tasks import TASKS, Tasks, place_of
from quantize.foundation.errors import BadInput
from quantize.foundation.temporary import temporary_folder

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class ProcessExecutor:
    """Does jobs in fresh processes, `workers` at once.

    A job that is killed is tried once more; one that fails or crashes is not.

    Parameters
    ----------
    workers
        At least 1.
    logs
        Folder of the logs, ``KEY.log``.
    shared
        Files that every job may read, by relative names: a folder with them is made once, and each
        task is told of it by its argument ``shared_dir``.
    tasks
        The table of tasks.

    Raises
    ------
    BadInput
        When `workers` is below 1.
    """

    workers: int
    logs: Path
    shared: Mapping[str, bytes] = field(default_factory=dict)
    tasks: Tasks = field(default_factory=lambda: TASKS)

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= 1024:
            raise BadInput(f"there cannot be {self.workers} workers", hint="choose 1 to 1024")

    @property
    def place(self) -> str:
        """Where the jobs run, in words."""
        return "one process" if self.workers == 1 else f"{self.workers} processes"

    def run(self, jobs: Iterable[Job], on_event: OnEvent) -> Iterator[Outcome]:
        """Do the jobs: see `Executor.run`."""
        with ExitStack() as stack:
            folder = None
            if self.shared:
                folder = stack.enter_context(temporary_folder("shared"))
                write_shared(self.shared, folder)
            slots: list[tuple[JobChild, int]] = []
            stack.callback(_close_all, slots)
            waiting = iter(jobs)
            more = True
            while more or slots:
                while more and len(slots) < self.workers:
                    job = next(waiting, None)
                    if job is None:
                        more = False
                    else:
                        slots.append((self._start(job, folder), 1))
                        on_event(Event(job, Happened.STARTED, "this machine"))
                yield from self._ended(slots, folder, on_event)

    def _start(self, job: Job, shared: Path | None) -> JobChild:
        function = place_of(job.task, self.tasks)
        return JobChild(job, function, log=self.logs / f"{job.key}.log", shared=shared)

    def _ended(
        self, slots: list[tuple[JobChild, int]], shared: Path | None, on_event: OnEvent
    ) -> list[Outcome]:
        """Return the outcomes of the children that ended, and free their slots; or wait a while."""
        found = []
        for slot in list(slots):
            child, attempt = slot
            outcome = child.poll()
            if outcome is None:
                continue
            child.close()
            slots.remove(slot)
            if outcome.state is State.LOST and attempt < ATTEMPTS:
                slots.append((self._start(child.job, shared), attempt + 1))
                on_event(Event(child.job, Happened.AGAIN, outcome.reason))
            else:
                found.append(outcome)
        if not found and slots:
            time.sleep(_LOOK_EVERY_S)
        return found


def _close_all(slots: list[tuple[JobChild, int]]) -> None:
    for child, _ in slots:
        child.close()
