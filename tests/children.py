"""Children of `call_in_child` in tests: forked from processes that have loaded what they need."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

from quantize.convert.tensorflow_child import convert_onnx
from quantize.foundation import child
from quantize.runtimes import worker

PLACE = "EDGESER_TESTS_CHILDREN"
"""Environment variable: the folder in which each warm process has a folder with its socket."""
CONVERSIONS, RUNS, JOBS = "conversions", "runs", "jobs"
_PROGRAM = Path(__file__).with_name("warm_child.py")
_JOB = Path(__file__).with_name("warm_job.py")
ONE_THREAD = ("OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1")
_MEMORY = str(8 << 30)  # what children have unless a test says otherwise
_plain_run = child.run
_seen: set[str] = set()


def install(*, all_seen: bool = False) -> None:
    """Have `call_in_child` ask a warm process from now on.

    The first run of each function is started anew, so that it is seen to import what it needs,
    unless another process has done so.
    """
    child.run = _run  # type: ignore[assignment]
    if all_seen:
        _seen.update(vars(worker))


def install_jobs(study_child: Any) -> None:
    """Have jobs of studies with one thread forked too; `study_child` is `edgeser.study.child`."""
    plainly = study_child.running

    def running(command: list[str], **streams: Any) -> AbstractContextManager[Any]:
        folder = os.environ.get(PLACE)
        if folder and set(ONE_THREAD) <= set(command):
            place = command.index(sys.executable)
            stub = [sys.executable, "-I", "-S", str(_JOB), str(Path(folder) / JOBS)]
            command = [*command[:place], *stub, *command[place:]]
        return plainly(command, **streams)

    study_child.running = running


class WarmChildren:
    """Starts the warm processes, once for all processes of a session of tests; ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._started = ExitStack()
        for kind in (CONVERSIONS, RUNS, JOBS):
            with suppress(FileExistsError):
                (folder / kind).mkdir()
                self._start(kind)

    def _start(self, kind: str) -> None:
        command = [sys.executable, "-P", str(_PROGRAM), kind, "socket", str(self.folder / kind)]
        if kind == JOBS:
            command = ["env", *ONE_THREAD, *command]
        with (self.folder / kind / "said").open("wb") as said:
            process = subprocess.Popen(
                command, cwd=self.folder / kind, stdin=subprocess.PIPE, stdout=said, stderr=said
            )
        assert process.stdin is not None
        self._started.callback(process.wait, 30)
        self._started.callback(process.stdin.close)

    def close(self) -> None:
        self._started.close()


def _run(command: list[str], **settings: Any) -> subprocess.CompletedProcess[bytes]:
    folder, kind = os.environ.get(PLACE), _kind_of(command)
    if folder and kind:
        with suppress(ConnectionError, FileNotFoundError):  # not started yet, or ended
            return _forked(Path(folder) / kind, command, **settings)
    return _plain_run(command, **settings)


def _kind_of(command: list[str]) -> str:
    """Say which warm process can do what a child is asked for; empty where none can.

    One that is timed and weighed, or has another path or less memory, is started anew.
    """
    module, name, memory = command[-3:]
    if module == convert_onnx.__module__:
        return CONVERSIONS
    usual = memory == _MEMORY and "PYTHONPATH" not in os.environ
    if module != worker.__name__ or name == worker.time_runs.__name__ or not usual:
        return ""
    first = name not in _seen
    _seen.add(name)
    return "" if first else RUNS


def _forked(
    folder: Path, command: list[str], *, given: bytes, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    until = time.monotonic() + timeout_s
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel,
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        # The path of a socket is short: reached through the folder, which may lie deep.
        opened = os.open(folder, os.O_RDONLY)
        try:
            channel.connect(f"/proc/self/fd/{opened}/socket")
        finally:
            os.close(opened)
        asked.write(given)
        asked.seek(0)
        request = json.dumps(command[command.index("quantize.foundation.child") + 1 :])
        socket.send_fds(channel, [request.encode()], [f.fileno() for f in (asked, out, err)])
        channel.settimeout(max(until - time.monotonic(), 0.001))
        try:
            code = int(channel.recv(64))
        except TimeoutError as error:
            raise subprocess.TimeoutExpired(command, timeout_s) from error
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())
