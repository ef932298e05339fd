"""What runs on the nodes of a Ray cluster: a job in a child process, and the board of news.

Ray moves these by their names, so edgeser must be installed on every node; a node whose sources
differ from the driver's does nothing.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from edgeser.study.child import ATTEMPTS, JobChild, write_shared
from edgeser.study.code import code_version
from edgeser.study.executor import Happened, Outcome, State
from edgeser.study.jobs import Job
from edgeser.study.tasks import module_of
from quantize.foundation.errors import EdgeserError
from quantize.foundation.files import open_regular
from quantize.foundation.temporary import temporary_folder

_LOOK_EVERY_S = 0.2
_NEWS_EVERY_S = 1.0
MOST_OF_A_LOG = 8 << 20
"""Bytes of a job's log that travel."""


class Board:
    """Takes news of jobs from all nodes until the driver asks for them; a Ray actor."""

    def __init__(self) -> None:
        self._news: list[dict[str, Any]] = []

    def tell(self, news: dict[str, Any]) -> None:
        """Take one piece of news."""
        self._news.append(news)

    def drain(self) -> list[dict[str, Any]]:
        """Return the news since the last time."""
        news, self._news = self._news, []
        return news


class Tell(Protocol):
    """How a node tells the board; nothing is waited for, and a board that is gone is no error."""

    def __call__(self, news: dict[str, Any]) -> None:
        """Send one piece of news."""
        ...


def perform(
    given: dict[str, Any], node: str, tell: Tell, shared: dict[str, bytes]
) -> dict[str, Any]:
    """Do one job on this node, in a child process; tell of it as it goes.

    Parameters
    ----------
    given
        ``key``, ``name``, ``task``, ``arguments``, ``cpus``, ``function`` and ``code``.
    node
        The name of this node, for people.
    tell
        Takes news.
    shared
        Files for the job's shared folder.

    Returns
    -------
    ``state``, ``result``, ``seconds`` and ``reason`` of an `Outcome`.
    """
    function = given.pop("function")
    code = given.pop("code")
    job = Job(**given)
    try:
        if code_version([module_of(function)]) != code:
            reason = f"the edgeser on {node} is another one: install the same on every node"
            return _plain(Outcome(job, State.FAILED, reason=reason))
        with temporary_folder("job") as folder:
            return _plain(_outcome(job, function, node, tell, shared, folder))
    except EdgeserError as error:
        return _plain(Outcome(job, State.FAILED, reason=f"on {node}: {error}"))


def _outcome(
    job: Job, function: str, node: str, tell: Tell, shared: dict[str, bytes], folder: Path
) -> Outcome:
    place = folder / "shared" if shared else None
    if place is not None:
        write_shared(shared, place)
    attempt = 1
    while True:
        what = Happened.STARTED if attempt == 1 else Happened.AGAIN
        tell({"key": job.key, "what": what.value, "where": node})
        outcome = _attempt(JobChild(job, function, log=folder / "log", shared=place), tell)
        if outcome.state is not State.LOST or attempt == ATTEMPTS:
            return outcome
        attempt += 1


def _attempt(child: JobChild, tell: Tell) -> Outcome:
    with closing(child):
        log = _Log(child.log, child.job.key, tell)
        while (outcome := child.poll()) is None:
            time.sleep(_LOOK_EVERY_S)
            log.tell_new()
        log.tell_new(last=True)
        return outcome


class _Log:
    """A log that grows here and is told of there."""

    def __init__(self, path: Path, key: str, tell: Tell) -> None:
        self._path, self._key, self._tell = path, key, tell
        self._at = 0
        self._told = time.monotonic()

    def tell_new(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._told < _NEWS_EVERY_S:
            return
        self._told = now
        with open_regular(self._path) as log:
            log.seek(self._at)
            new = log.read(MOST_OF_A_LOG - self._at)
        self._at += len(new)
        if new:
            text = new.decode("utf-8", "backslashreplace")
            self._tell({"key": self._key, "log": text})


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": outcome.state.value,
        "result": outcome.result,
        "seconds": outcome.seconds,
        "reason": outcome.reason,
    }
