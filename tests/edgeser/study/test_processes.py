"""Jobs in child processes: what comes back, and every way to fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from edgeser.study.executor import Event, Happened, Outcome, State
from edgeser.study.jobs import Job
from edgeser.study.processes import ProcessExecutor
from quantize.foundation.errors import BadInput

MakeJob = Callable[..., Job]
MakeExecutor = Callable[..., ProcessExecutor]


def run(executor: ProcessExecutor, *jobs: Job) -> tuple[dict[str, Outcome], list[Event]]:
    events: list[Event] = []
    return {outcome.job.key: outcome for outcome in executor.run(jobs, events.append)}, events


def test_results_come_back_and_threads_are_limited(
    fake_job: MakeJob, processes: MakeExecutor
) -> None:
    jobs = [fake_job("number", number=number) for number in range(5)]
    outcomes, events = run(processes(), *jobs)
    assert [outcomes[job.key].result for job in jobs] == [
        {"number": number, "threads": "1"} for number in range(5)
    ]
    assert all(outcome.state is State.DONE and outcome.seconds > 0 for outcome in outcomes.values())
    assert [event.what for event in events] == [Happened.STARTED] * 5


def test_two_workers_work_at_the_same_time(fake_job: MakeJob, processes: MakeExecutor) -> None:
    jobs = [fake_job("number", number=number, seconds=1.5) for number in range(2)]
    start = time.monotonic()
    run(processes(2), *jobs)
    assert time.monotonic() - start < 2.8


@pytest.mark.parametrize(
    ("task", "state", "reason"),
    [
        ("refusal", State.FAILED, "the corpus is empty (give another)"),
        ("fault", State.FAILED, "ZeroDivisionError: no way"),
        ("crash", State.FAILED, "crashed with SIGSEGV"),
        ("out_of_memory", State.FAILED, "out of memory"),
    ],
)
def test_a_failure_is_named_in_one_line_and_stops_nobody(
    fake_job: MakeJob, processes: MakeExecutor, task: str, state: State, reason: str
) -> None:
    bad, good = fake_job(task), fake_job("number", number=1)
    outcomes, _ = run(processes(1), bad, good)
    assert (outcomes[bad.key].state, outcomes[bad.key].reason) == (state, reason)
    assert outcomes[good.key].state is State.DONE


def test_a_result_that_is_no_json_is_a_failure(fake_job: MakeJob, processes: MakeExecutor) -> None:
    bad = fake_job("nonsense")
    outcomes, _ = run(processes(1), bad)
    assert outcomes[bad.key].state is State.FAILED
    assert "no JSON" in outcomes[bad.key].reason


def test_a_job_that_is_killed_is_tried_again(
    fake_job: MakeJob, processes: MakeExecutor, tmp_path: Path
) -> None:
    once = fake_job("killed", tally=str(tmp_path / "once"), times=1)
    always = fake_job("killed", tally=str(tmp_path / "always"), times=9)
    outcomes, events = run(processes(2), once, always)
    assert outcomes[once.key].result == {"killed": 1}
    assert outcomes[always.key].state is State.LOST
    said = "was killed by SIGKILL, as a system does that is out of memory"
    assert outcomes[always.key].reason == said
    assert (tmp_path / "always").read_bytes() == b"xx"
    assert [event.where for event in events if event.what is Happened.AGAIN] == [said, said]


def test_what_a_task_writes_is_in_its_log(
    fake_job: MakeJob, processes: MakeExecutor, tmp_path: Path
) -> None:
    job, bad = fake_job("training", recipe_toml="x"), fake_job("fault")
    run(processes(1), job, bad)
    log = (tmp_path / "logs" / f"{job.key}.log").read_text()
    assert sorted(log.splitlines()) == ["a line on stderr", "a line on stdout"]
    log = (tmp_path / "logs" / f"{bad.key}.log").read_text()
    assert "before the fault" in log
    assert "Traceback" in log


def test_shared_files_lie_in_a_folder_that_tasks_are_told_of(
    fake_job: MakeJob, processes: MakeExecutor
) -> None:
    job = fake_job("shared")
    outcomes, _ = run(processes(1, shared={"a.txt": b"one", "sub/b.txt": b"two"}), job)
    assert outcomes[job.key].result == {"a.txt": "one", "sub/b.txt": "two"}
    with pytest.raises(BadInput, match="leads out"):
        run(processes(1, shared={"../a.txt": b"one"}), job)


def test_an_interrupt_ends_the_children(
    fake_job: MakeJob, processes: MakeExecutor, tmp_path: Path
) -> None:
    place = tmp_path / "pid"
    job = fake_job("child_id", place=str(place), seconds=60)
    timer = Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run(processes(1), job)
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text()), 0)


def test_numbers_of_workers_that_make_no_sense_are_refused(processes: MakeExecutor) -> None:
    with pytest.raises(BadInput, match="0 workers"):
        processes(0)
