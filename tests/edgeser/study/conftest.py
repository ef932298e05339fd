"""Jobs of made-up tasks, and executors that know them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.study.jobs import Job, job_key
from edgeser.study.processes import ProcessExecutor

HERE = Path(__file__).parent
_NAMES = ("training", "number", "refusal", "fault", "crash", "out_of_memory", "killed", "nonsense")
FAKE = {name: f"fake_tasks:fake_{name}" for name in (*_NAMES, "shared", "child_id")}


@pytest.fixture
def fake_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and its children find `fake_tasks`."""
    monkeypatch.syspath_prepend(HERE)
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{before}" if before else str(HERE))


@pytest.fixture
def fake_job(fake_path: None) -> Callable[..., Job]:
    """Make a job of a made-up task."""

    def make(task: str, **arguments: Any) -> Job:
        key = job_key({"task": task, **arguments}, code="test")
        return Job(key, f"{task} {arguments}", task, arguments)

    return make


@pytest.fixture
def processes(tmp_path: Path, fake_path: None) -> Callable[..., ProcessExecutor]:
    """Make an executor that knows the made-up tasks."""

    def make(workers: int = 2, **options: Any) -> ProcessExecutor:
        return ProcessExecutor(workers, tmp_path / "logs", tasks=FAKE, **options)

    return make
