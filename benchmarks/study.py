"""A study of four small trainings: two workers against one, one thread each."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from edgeser.corpora import write_synthetic_corpus
from edgeser.study.jobs import Job, job_key
from edgeser.study.processes import ProcessExecutor
from edgeser.study.store import ResultStore
from edgeser.study.work import work_off

_RECIPE = Path(__file__).parents[1] / "tests" / "tiny_recipe.toml"
_JOBS, _RATIO = 4, 0.6
_EPOCHS, _ROUNDS = 200, 2


def _jobs(voices: Path) -> list[Job]:
    text = _RECIPE.read_text("utf-8").replace("epochs = 40", f"epochs = {_EPOCHS}")
    jobs = []
    for seed in range(_JOBS):
        arguments: dict[str, Any] = {
            "recipe_toml": f"seed = {seed}\n{text}",
            "corpora": {"synthetic": str(voices)},
            "features_dir": None,
        }
        key = job_key({"seed": seed}, code="benchmark")
        jobs.append(Job(key, f"seed {seed}", "train", arguments))
    return jobs


def _seconds(jobs: list[Job], workers: int, folder: Path) -> float:
    executor = ProcessExecutor(workers, folder / "logs")
    start = time.perf_counter()
    worked = work_off(jobs, store=ResultStore(folder), executor=executor)
    assert len(worked.kept) == len(jobs), worked.failures
    return time.perf_counter() - start


def main() -> None:
    """Print the seconds of one and of two workers, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        voices = scratch / "voices"
        write_synthetic_corpus(voices, speakers=5, utterances=1)
        jobs = _jobs(voices)
        spent: dict[int, list[float]] = {1: [], 2: []}
        for number in range(_ROUNDS):  # in turn, so that what else runs here hits both
            for workers, seconds in spent.items():
                seconds.append(_seconds(jobs, workers, scratch / f"{workers}-{number}"))
        one, two = min(spent[1]), min(spent[2])
    ratio = two / one
    print(
        f"study of {_JOBS} trainings, one thread each: two workers {two:.1f} s, {ratio:.2f} x one "
        f"worker; target {_RATIO}: {'met' if ratio <= _RATIO else 'MISSED'}"
    )
    print(f"  ({one:.1f} s with one worker; best of {_ROUNDS}, measured on this host)")


if __name__ == "__main__":
    main()
