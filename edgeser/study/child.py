"""One job in a process of its own: begun, looked at from time to time, ended whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from edgeser.study.executor import Outcome, State
from edgeser.study.jobs import Job, canonical_json
from edgeser.study.tasks import SHARED
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.foundation.files import file_error, open_regular, require_writable
from quantize.foundation.foreign import MOST_QUOTED, printable
from quantize.foundation.processes import running

ATTEMPTS = 2
"""How often a job is tried that is killed, as a system that is out of memory does."""
_KILLED = (signal.SIGKILL, signal.SIGTERM)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_TAIL_BYTES = 4096


class JobChild:
    """A job that runs in a child process.

    Parameters
    ----------
    job
        What to do.
    function
        Where its task's function is, ``"module:function"``.
    log
        The file that takes what the child writes; an earlier one is written over.
    shared
        A folder of shared files, which the task is told of, or ``None``.

    Raises
    ------
    BadInput
        When the log cannot be written.
    ToolMissing
        When no process can be started.
    """

    def __init__(self, job: Job, function: str, *, log: Path, shared: Path | None = None) -> None:
        self.job = job
        self.log = log
        self._stack = ExitStack()
        self._start = time.monotonic()
        try:
            self._begin(function, shared)
        except BaseException:
            self._stack.close()
            raise

    def _begin(self, function: str, shared: Path | None) -> None:
        require_writable(self.log)
        arguments: dict[str, Any] = dict(self.job.arguments)
        if shared is not None:
            arguments[SHARED] = str(shared)
        given = canonical_json({"function": function, "arguments": arguments})
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            stdin = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  by the stack
            stdin.write(given)
            stdin.seek(0)
            self._answer: IO[bytes] = self._stack.enter_context(
                tempfile.TemporaryFile()  # noqa: SIM115  closed by the stack
            )
            written = self._stack.enter_context(self.log.open("wb"))
        except OSError as error:
            raise file_error(error, self.log, "write") from error
        command = [*_limited(self.job.cpus), sys.executable, "-m", "edgeser.study.worker"]
        try:
            self._process = self._stack.enter_context(
                running(command, stdin=stdin, stdout=self._answer, stderr=written)
            )
        except OSError as error:
            raise ToolMissing(
                f"no process can be started for {printable(self.job.name)}: {error.strerror}",
                hint="use fewer workers",
            ) from error

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    def poll(self) -> Outcome | None:
        """Return how the job ended, or ``None`` while it runs. A killed one is `State.LOST`."""
        code = self._process.poll()
        if code is None:
            return None
        seconds = time.monotonic() - self._start
        if code == 0:
            return self._answered(seconds)
        if code < 0:
            name = _signal_name(-code)
            if -code in _KILLED:
                hint = ", as a system does that is out of memory" if -code == signal.SIGKILL else ""
                return self._ended(State.LOST, seconds, f"was killed by {name}{hint}")
            return self._ended(State.FAILED, seconds, f"crashed with {name}")
        return self._ended(State.FAILED, seconds, last_line(self.log) or f"ended with code {code}")

    def close(self) -> None:
        """End the child if it still runs."""
        self._stack.close()

    def _answered(self, seconds: float) -> Outcome:
        self._answer.seek(0)
        try:
            said = json.loads(self._answer.read())
            if "error" in said:
                return self._ended(State.FAILED, seconds, str(said["error"]))
            return Outcome(self.job, State.DONE, said["result"], seconds)
        except (ValueError, KeyError, TypeError, RecursionError):
            return self._ended(State.FAILED, seconds, "gave no readable answer")

    def _ended(self, state: State, seconds: float, reason: str) -> Outcome:
        return Outcome(self.job, state, None, seconds, printable(reason, limit=2 * MOST_QUOTED))


def last_line(log: Path) -> str:
    """Return the last line of a log that says something; empty where there is none."""
    with open_regular(log) as lines:
        lines.seek(0, os.SEEK_END)
        lines.seek(max(0, lines.tell() - _TAIL_BYTES))
        said = lines.read(_TAIL_BYTES).decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(said) if line.strip()), "")


def write_shared(shared: Mapping[str, bytes], folder: Path) -> None:
    """Write shared files into a folder.

    Raises
    ------
    BadInput
        When a name leads out of the folder, or there is no room.
    """
    for name, content in shared.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BadInput(
                f"the name of a shared file leads out of its folder: {printable(name)}",
                hint="give relative names",
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise file_error(error, path, "write") from error


def _limited(cpus: int) -> list[str]:
    """Return the beginning of a command whose libraries use so many threads."""
    env = shutil.which("env")
    return [env, *(f"{name}={cpus}" for name in _THREADS)] if env else []


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
