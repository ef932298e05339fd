"""Jobs worked off: reused, interrupted, failed, damaged, and by two processes at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeser.progress import Progress
from edgeser.study.executor import OnEvent, Outcome, State
from edgeser.study.jobs import Job, job_key
from edgeser.study.store import ResultStore
from edgeser.study.work import Worked, work_off
from quantize.foundation.errors import BadInput


class InPlace:
    """An executor that does its jobs here and now, and counts them."""

    place = "this process"

    def __init__(self, interrupt_after: int = 1000) -> None:
        self.did: list[str] = []
        self._interrupt_after = interrupt_after

    def run(self, jobs: Iterable[Job], on_event: OnEvent) -> Iterator[Outcome]:
        for job in jobs:
            if len(self.did) == self._interrupt_after:
                raise KeyboardInterrupt
            self.did.append(job.name)
            if job.arguments.get("fails"):
                yield Outcome(job, State.FAILED, None, 0.1, "it said no")
            else:
                yield Outcome(job, State.DONE, {"number": job.arguments["number"]}, 0.1)


class Listener:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def stage(self, title: str) -> Progress:
        return lambda done, total: self.steps.append((done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


def job(number: int, **arguments: Any) -> Job:
    return Job(
        job_key({"n": number}, code=""), f"job {number}", "t", {"number": number} | arguments
    )


def done(tmp_path: Path, executor: InPlace, jobs: list[Job], **options: Any) -> Worked:
    return work_off(jobs, store=ResultStore(tmp_path), executor=executor, **options)


def test_results_are_reused_and_an_interrupted_study_goes_on(tmp_path: Path) -> None:
    jobs = [job(number) for number in range(4)]
    with pytest.raises(KeyboardInterrupt):
        done(tmp_path, InPlace(interrupt_after=2), jobs)
    second = InPlace()
    worked = done(tmp_path, second, jobs)
    assert second.did == ["job 2", "job 3"]
    assert worked.reused == 2
    assert [worked.kept[job.key].result["number"] for job in jobs] == [0, 1, 2, 3]
    third = InPlace()
    assert done(tmp_path, third, jobs).reused == 4
    assert third.did == []


def test_a_failure_is_named_and_tried_again_the_next_time(tmp_path: Path) -> None:
    heard = Listener()
    worked = done(tmp_path, InPlace(), [job(0, fails=True), job(1)], reporter=heard)
    assert [(f.job.name, f.reason) for f in worked.failures] == [("job 0", "it said no")]
    assert "failed: job 0: it said no" in heard.notes
    assert list(worked.kept) == [job(1).key]
    assert heard.steps[-1] == (2, 2)
    again = InPlace()
    assert not done(tmp_path, again, [job(0), job(1)]).failures
    assert again.did == ["job 0"]


def test_one_key_is_one_job(tmp_path: Path) -> None:
    executor = InPlace()
    done(tmp_path, executor, [job(0), job(0)])
    assert executor.did == ["job 0"]


def test_a_damaged_result_is_named_done_again_and_nothing_is_lost(tmp_path: Path) -> None:
    jobs = [job(0), job(1)]
    done(tmp_path, InPlace(), jobs)
    path = ResultStore(tmp_path).path_of(jobs[0].key)
    path.write_bytes(path.read_bytes()[:100])
    executor, heard = InPlace(), Listener()
    worked = done(tmp_path, executor, jobs, reporter=heard)
    assert executor.did == ["job 0"]
    assert len(worked.kept) == 2
    assert len([note for note in heard.notes if path.name in note]) == 1
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.stat().st_size == 100


def test_a_result_that_is_not_what_it_should_be_is_a_failure(tmp_path: Path) -> None:
    def check(job: Job, result: Any) -> None:
        if result["number"] == 1:
            raise BadInput("the number is 1")

    jobs = [job(0), job(1)]
    worked = done(tmp_path, InPlace(), jobs, check=check)
    assert [failure.reason for failure in worked.failures] == ["the number is 1"]
    done(tmp_path, InPlace(), jobs)
    executor = InPlace()
    done(tmp_path, executor, jobs, check=check)
    assert executor.did == ["job 1"]


def test_two_processes_share_the_work_of_one_store(tmp_path: Path) -> None:
    """Each of eight jobs is done once, by either; both come to the whole."""
    program = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_work import job
from edgeser.study.executor import Outcome, State
from edgeser.study.store import ResultStore
from edgeser.study.work import work_off

class Slow:
    place = "a process"
    def run(self, jobs, on_event):
        for one in jobs:
            time.sleep(0.2)
            print("did", one.name)
            yield Outcome(one, State.DONE, {"number": one.arguments["number"]}, 0.2)

worked = work_off([job(n) for n in range(8)], store=ResultStore(Path(sys.argv[2])), executor=Slow())
print("whole", sorted(kept.result["number"] for kept in worked.kept.values()))
"""
    command = [sys.executable, "-c", program, str(Path(__file__).parent), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].splitlines() for process in both]
    assert [lines[-1] for lines in said] == [f"whole {list(range(8))}"] * 2
    did = sorted(line for lines in said for line in lines if line.startswith("did"))
    assert did == [f"did job {number}" for number in range(8)]


def test_a_folder_that_cannot_be_written_is_named(unwritable_folder: Path) -> None:
    with pytest.raises(BadInput, match="cannot write"):
        done(unwritable_folder, InPlace(), [job(0)])


def test_processes_do_the_work_and_keep_it(
    tmp_path: Path, fake_job: Callable[..., Job], processes: Callable[..., Any]
) -> None:
    jobs = [fake_job("number", number=number) for number in range(3)] + [fake_job("crash")]
    worked = work_off(jobs, store=ResultStore(tmp_path), executor=processes(2))
    assert [failure.reason for failure in worked.failures] == ["crashed with SIGSEGV"]
    assert len(worked.kept) == 3
    assert len(list((tmp_path / "logs").glob("*.log"))) == 4
