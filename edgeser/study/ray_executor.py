"""Jobs on a Ray cluster: this machine's, or one that somebody started on many."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from edgeser.study.child import last_line, write_shared
from edgeser.study.code import code_version
from edgeser.study.executor import Event, Happened, OnEvent, Outcome, State
from edgeser.study.jobs import Job
from edgeser.study.tasks import TASKS, Tasks, module_of, place_of
from quantize.foundation.errors import BadInput, EdgeserError, ToolMissing
from quantize.foundation.extras import extra
from quantize.foundation.files import append_text, file_error, require_writable
from quantize.foundation.foreign import printable
from quantize.foundation.processes import running
from quantize.foundation.temporary import temporary_folder

_MOST_AT_ONCE = 256
"""Jobs that wait on the cluster: enough for it to grow by, few enough to share a store."""
_DRIVERS = 3
"""How often the cluster is connected to before it counts as gone."""
_GOODBYE_S = 10.0
CONNECTION_LOST = "the connection to the cluster was lost"
"""Where a job starts anew that was on its way when the connection broke."""
_ERRORS: dict[str, type[EdgeserError]] = {"BadInput": BadInput, "ToolMissing": ToolMissing}


@dataclass(frozen=True)
class RayExecutor:
    """Does jobs as tasks of Ray.

    A task that loses its worker or its node is started anew by Ray, elsewhere. Ray's usage
    statistics are switched off, and there is no dashboard.

    Parameters
    ----------
    address
        ``"local"`` starts a cluster on this machine for as long as the jobs run; ``"auto"`` finds
        the one that runs on this machine; ``HOST:PORT`` is that of a cluster's head.
    logs
        Folder of the logs: ``KEY.log`` of each job, from whatever node, and ``ray.log``.
    cpus
        Processors of a local cluster; all of this machine when ``None``.
    shared
        Files that every job may read, by relative names: put once into the cluster's object store;
        each task is told of a folder with them by its argument ``shared_dir``.
    patience_s
        Seconds that the cluster's head may be silent before it counts as gone.
    tasks
        The table of tasks.
    """

    address: str
    logs: Path
    cpus: int | None = None
    shared: Mapping[str, bytes] = field(default_factory=dict)
    patience_s: float = 60.0
    tasks: Tasks = field(default_factory=lambda: TASKS)

    @property
    def place(self) -> str:
        """Where the jobs run, in words."""
        if self.address in ("local", "auto"):
            return "a Ray cluster on this machine"
        return f"the Ray cluster at {printable(self.address)}"

    def run(self, jobs: Iterable[Job], on_event: OnEvent) -> Iterator[Outcome]:
        """Do the jobs: see `Executor.run`."""
        waiting = iter(jobs)
        first = next(waiting, None)
        if first is None:  # nothing to do: no cluster is needed
            return
        if importlib.util.find_spec("ray") is None:
            raise ToolMissing("Ray is not installed", hint=extra("ray").install)
        begun: dict[str, Job] = {first.key: first}
        for attempt in range(1, _DRIVERS + 1):
            with ExitStack() as stack:
                driver = _Driver(self, stack, begun)
                try:
                    yield from driver.work(waiting, on_event)
                except _DriverGone as error:
                    _say_gone(self, error, last=attempt == _DRIVERS)
                except ToolMissing as error:
                    if attempt == 1:
                        raise
                    _say_gone(self, error, last=True)
                else:
                    return
            for job in begun.values():
                on_event(Event(job, Happened.AGAIN, CONNECTION_LOST))


class _DriverGone(ToolMissing):
    """The process that speaks with the cluster ended: its node went, or the whole cluster."""


def _say_gone(executor: RayExecutor, error: ToolMissing, *, last: bool) -> None:
    """Raise that the cluster is gone, unless it is to be tried again."""
    if last:
        hint = error.hint if isinstance(error, _DriverGone) else error.message
        raise ToolMissing(f"{executor.place} is gone", hint=hint) from error


class _Driver:
    """The child process that speaks with the cluster, and the jobs that it has.

    Ray ends it when the node goes that it is connected to; another one then takes its jobs.
    """

    def __init__(self, executor: RayExecutor, stack: ExitStack, begun: dict[str, Job]) -> None:
        self._executor = executor
        self._log = executor.logs / "ray.log"
        self._jobs = begun
        self._started: set[str] = set()
        shared = self._shared(stack)
        command = [*_quiet(), sys.executable, "-m", "edgeser.study.ray_driver"]
        require_writable(self._log)
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context(self._log.open("wb"))
        except OSError as error:
            raise file_error(error, self._log, "write") from error
        process = stack.enter_context(running(command, stdin=subprocess.PIPE, stderr=log))
        stack.callback(_end, process)
        self._process = process
        assert process.stdin is not None  # noqa: S101  it is a pipe
        assert process.stdout is not None  # noqa: S101  it is a pipe
        self._stdin: IO[bytes] = process.stdin
        self._stdout = io.BufferedReader(io.FileIO(process.stdout.fileno(), closefd=False))
        self._send(
            {
                "address": executor.address,
                "cpus": executor.cpus,
                "patience_s": executor.patience_s,
                "shared": shared,
            }
        )

    def work(self, waiting: Iterator[Job], on_event: OnEvent) -> Iterator[Outcome]:
        self._await_ready()
        for job in list(self._jobs.values()):
            self._submit(job)
        more = self._fill(waiting)
        while self._jobs:
            said = self._read()
            if "news" in said:
                self._tell(said["news"], on_event)
            elif "outcome" in said:
                yield self._outcome(said["outcome"])
                more = more and self._fill(waiting)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_GOODBYE_S)

    def _shared(self, stack: ExitStack) -> dict[str, str]:
        if not self._executor.shared:
            return {}
        folder = stack.enter_context(temporary_folder("shared"))
        write_shared(self._executor.shared, folder)
        return {name: str(folder / name) for name in self._executor.shared}

    def _fill(self, waiting: Iterator[Job]) -> bool:
        """Send jobs while there is room; return whether there may be more."""
        while len(self._jobs) < _MOST_AT_ONCE:
            job = next(waiting, None)
            if job is None:
                self._stdin.close()
                return False
            self._submit(job)
        return True

    def _submit(self, job: Job) -> None:
        function = place_of(job.task, self._executor.tasks)
        self._jobs[job.key] = job
        log = self._executor.logs / f"{job.key}.log"
        log.unlink(missing_ok=True)
        self._send(
            {
                "key": job.key,
                "name": job.name,
                "task": job.task,
                "arguments": job.arguments,
                "cpus": job.cpus,
                "function": function,
                "code": code_version([module_of(function)]),
            }
        )

    def _send(self, value: Mapping[str, Any]) -> None:
        with suppress(BrokenPipeError):  # its last words are read next
            self._stdin.write(json.dumps(value).encode() + b"\n")
            self._stdin.flush()

    def _await_ready(self) -> None:
        while "ready" not in self._read():
            pass

    def _read(self) -> dict[str, Any]:
        line = self._stdout.readline()
        try:
            said = json.loads(line)
        except ValueError:
            last = last_line(self._log)
            hint = f"{self._log} ends: {last}" if last else "start it and run this again"
            raise _DriverGone(f"{self._executor.place} is gone", hint=hint) from None
        if "fatal" in said:
            self._process.kill()  # there is nobody to say goodbye to
            raise _ERRORS.get(said["fatal"], ToolMissing)(said["message"], hint=said["hint"])
        return dict(said)

    def _tell(self, news: dict[str, Any], on_event: OnEvent) -> None:
        job = self._jobs.get(news["key"])
        if job is None:
            return
        if "log" in news:
            append_text(self._executor.logs / f"{job.key}.log", news["log"])
            return
        again = job.key in self._started
        self._started.add(job.key)
        on_event(Event(job, Happened.AGAIN if again else Happened.STARTED, news["where"]))

    def _outcome(self, said: dict[str, Any]) -> Outcome:
        job = self._jobs.pop(said["key"])
        state = State(said["state"])
        return Outcome(job, state, said["result"], said["seconds"], said["reason"])


def _quiet() -> list[str]:
    """Return the beginning of a command in which Ray sends nothing to its makers."""
    env = shutil.which("env")
    return [env, "RAY_USAGE_STATS_ENABLED=0"] if env else []


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the driver say goodbye to the cluster, for a while."""
    with suppress(OSError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_GOODBYE_S)
