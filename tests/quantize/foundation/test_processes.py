"""What was started is gone afterwards, with all that it started itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quantize.foundation.processes import run

STARTS_ANOTHER = """
import subprocess, sys, time
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], **quiet)
with open(sys.argv[1], "w") as note:
    note.write(str(other.pid))
if sys.argv[2] == "wait":
    time.sleep(3600)
"""
HAS_A_CHILD = """
import subprocess, sys, time
child = "import time; from quantize.foundation.launch import end_with_parent; "
child += "end_with_parent(); print(1, flush=True); time.sleep(60)"
other = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE)
other.stdout.readline()
print(other.pid, flush=True)
time.sleep(60)
"""


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_a_programs_output_and_status_come_back() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.exit(3)"
    done = run([sys.executable, "-c", code], given=b"x" * 300_000 + b"y", timeout_s=20)
    assert (done.returncode, done.stdout[:2], len(done.stdout)) == (3, b"yx", 300_001)


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    done = run([sys.executable, "-c", STARTS_ANOTHER, note, "end"], timeout_s=20)
    assert done.returncode == 0, done.stderr
    until(lambda: is_gone(int(note.read_text())))


def test_what_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    timeout_s = 1.0
    # On a busy machine it may be stopped before it has started the other: longer then.
    while not note.exists() or not note.read_text():
        timeout_s *= 2
        assert timeout_s < 100, "it never started the other"
        with pytest.raises(subprocess.TimeoutExpired):
            run([sys.executable, "-c", STARTS_ANOTHER, note, "wait"], timeout_s=timeout_s)
    until(lambda: is_gone(int(note.read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_child_goes_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", HAS_A_CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    until(lambda: is_gone(child))
