"""Programs that are started here end here: with all that they started, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

Stream = IO[bytes] | int


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program as the leader of a process group; end the whole group on leaving.

    Ctrl-C on a terminal does not reach that group: it is ended from here, not behind our back.

    Raises
    ------
    OSError
        When it cannot be started.
    """
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        bufsize=0,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with the group that it leads, wait for it, and close its pipes."""
    # Also when the leader is gone already: what it started may still be there.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def run(
    command: Sequence[str | Path],
    *,
    timeout_s: float,
    given: bytes | None = None,
    stderr: Stream = subprocess.PIPE,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; it and all that it started are gone when this returns.

    Parameters
    ----------
    command
        The program and its arguments; no shell reads them.
    timeout_s
        Wall-clock seconds.
    given
        What it reads from its standard input; nothing when `None`.
    stderr
        ``subprocess.STDOUT`` to have both in one.
    cwd
        Where it runs.

    Raises
    ------
    OSError
        When it cannot be started.
    subprocess.TimeoutExpired
        When it took longer.
    """
    stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
    with running(command, stdin=stdin, stderr=stderr, cwd=cwd) as process:
        out, err = process.communicate(given, timeout=timeout_s)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
