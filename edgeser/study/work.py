"""Jobs worked off: what is there is taken, what is missing done, each result kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeser.progress import SILENT, Reporter
from edgeser.study.executor import Event, Executor, Happened, Outcome, State
from edgeser.study.jobs import Job
from edgeser.study.store import Kept, ResultStore
from quantize.foundation.errors import EdgeserError
from quantize.foundation.foreign import printable

_LOOK_EVERY_S = 1.0
Check = Callable[[Job, Any], object]
"""Raises an `EdgeserError` when a result is not what it should be."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that has no result, and why, in one line."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of the jobs.

    Parameters
    ----------
    kept
        The results by key.
    failures
        The jobs without one, in the order of the jobs.
    reused
        How many results were there before.
    """

    kept: Mapping[str, Kept]
    failures: tuple[Failure, ...]
    reused: int


def work_off(
    jobs: Sequence[Job],
    *,
    store: ResultStore,
    executor: Executor,
    check: Check = lambda job, result: None,
    reporter: Reporter = SILENT,
) -> Worked:
    """Do the jobs that have no result yet.

    Jobs with one key are one job. What another process works on in the same store is waited for,
    at the end.

    Parameters
    ----------
    check
        Asked of each result before it is kept: one that is not what it should be is a failure.

    Raises
    ------
    BadInput
        When the store cannot be written.
    ToolMissing
        What the executor raises; results that came before are kept.
    """
    return _Work(jobs, store, executor, check, reporter).done()


class _Work:
    """The state of one call: what is left, what was found, what failed."""

    def __init__(
        self,
        jobs: Sequence[Job],
        store: ResultStore,
        executor: Executor,
        check: Check,
        reporter: Reporter,
    ) -> None:
        self._all = list({job.key: job for job in jobs}.values())
        self._waiting = list(self._all)
        self._store, self._executor = store, executor
        self._check, self._reporter = check, reporter
        self._kept: dict[str, Kept] = {}
        self._failed: dict[str, str] = {}
        self._told: set[str] = set()
        self._progress = reporter.stage(f"{len(self._all)} jobs in {executor.place}")

    def done(self) -> Worked:
        try:
            self._take_what_is_there()
            reused = len(self._kept)
            if reused:
                self._reporter.note(f"{reused} of {len(self._all)} results are there already")
            while self._waiting:
                for outcome in self._executor.run(self._claimed(), self._tell):
                    self._take(outcome)
                if self._waiting:  # another process has them
                    time.sleep(_LOOK_EVERY_S)
        finally:
            self._store.close()
        failures = [Failure(j, self._failed[j.key]) for j in self._all if j.key in self._failed]
        return Worked(self._kept, tuple(failures), reused)

    def _take_what_is_there(self) -> None:
        for job in list(self._waiting):
            self._look_for(job)
        self._progress(len(self._kept), len(self._all))

    def _look_for(self, job: Job) -> bool:
        found = self._store.find(job.key)
        if found.problem and found.problem not in self._told:
            self._told.add(found.problem)
            self._reporter.note(found.problem)
        if found.kept is None:
            return bool(found.problem)
        if wrong := self._wrong_with(job, found.kept.result):
            self._reporter.note(f"{printable(job.name)} is done again: {wrong}")
            return True
        self._kept[job.key] = found.kept
        self._waiting.remove(job)
        return False

    def _claimed(self) -> Iterator[Job]:
        """Yield the jobs that are to be done here, each once it is asked for."""
        for job in list(self._waiting):
            if not self._store.claim(job.key):
                continue
            damaged = self._look_for(job)  # another process may have done it by now
            if job not in self._waiting:
                self._store.release(job.key)
                self._advance()
                continue
            if damaged and (aside := self._store.set_aside(job.key)) is not None:
                self._reporter.note(f"it is kept as {aside}")
            self._waiting.remove(job)
            yield job

    def _take(self, outcome: Outcome) -> None:
        job, reason = outcome.job, outcome.reason
        if outcome.state is State.DONE:
            reason = self._wrong_with(job, outcome.result)
        if reason:
            self._failed[job.key] = reason
            self._reporter.note(f"{_ended(outcome)}: {printable(job.name)}: {reason}")
        else:
            kept = self._store.keep(job, outcome.result, seconds=outcome.seconds)
            self._kept[job.key] = kept
            self._reporter.note(f"done in {outcome.seconds:.0f} s: {printable(job.name)}")
        self._store.release(job.key)
        self._advance()

    def _wrong_with(self, job: Job, result: Any) -> str:
        try:
            self._check(job, result)
        except EdgeserError as error:
            return str(error)
        return ""

    def _advance(self) -> None:
        self._progress(len(self._kept) + len(self._failed), len(self._all))

    def _tell(self, event: Event) -> None:
        if event.what is Happened.AGAIN:
            self._reporter.note(f"tried again: {printable(event.job.name)}: {event.where}")


def _ended(outcome: Outcome) -> str:
    return (State.FAILED if outcome.state is State.DONE else outcome.state).value
