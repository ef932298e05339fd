"""Jobs on a Ray cluster of two node processes, of which one is killed; and clusters that are not.

The jobs are made up (`fake_tasks`), small and deterministic.
"""

from __future__ import annotations

import importlib.util
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.study import study_json
from edgeser.study import ray_executor
from edgeser.study.combine import Cell
from edgeser.study.config import Study, Variant
from edgeser.study.executor import Event, Executor, Happened, OnEvent, Outcome
from edgeser.study.jobs import Job, canonical_json
from edgeser.study.processes import ProcessExecutor
from edgeser.study.ray_executor import RayExecutor
from edgeser.study.store import Kept, ResultStore
from edgeser.study.table import summarise
from edgeser.study.work import work_off
from quantize.foundation.errors import BadInput, EdgeserError, ToolMissing

MakeJob = Callable[..., Job]
NEEDS_RAY = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[ray]'"
)


@pytest.fixture
def on_ray(tmp_path: Path, processes: Callable[..., ProcessExecutor]) -> Callable[..., RayExecutor]:
    tasks = processes().tasks

    def make(address: str, **options: Any) -> RayExecutor:
        return RayExecutor(address, tmp_path / "ray-logs", tasks=tasks, **options)

    return make


@pytest.fixture
def cluster(fake_path: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of one node on this machine; more can be added."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=options)
    try:
        yield cluster
    finally:
        cluster.shutdown()


@dataclass(frozen=True)
class Heard:
    """An executor whose events a test hears first."""

    executor: Executor
    hear: OnEvent

    @property
    def place(self) -> str:
        return self.executor.place

    def run(self, jobs: Iterable[Job], on_event: OnEvent) -> Iterator[Outcome]:
        def both(event: Event) -> None:
            self.hear(event)
            on_event(event)

        return self.executor.run(jobs, both)


def table_of(jobs: list[Job], kept: Mapping[str, Kept]) -> str:
    """Return the table of two variants with three seeds each, as JSON."""
    study = Study("killed", seeds=(0, 1, 2), variants=(Variant("a"), Variant("b")))
    cells = [Cell("ab"[n // 3], "cremad", ("cremad",), n % 3, None, j) for n, j in enumerate(jobs)]
    table = summarise(study, cells, kept)
    assert [(row.variant, row.seeds) for row in table.rows] == [("a", (0, 1, 2)), ("b", (0, 1, 2))]
    return dump_json(study_json(table))


@NEEDS_RAY
@pytest.mark.slow
def test_a_node_that_is_killed_changes_no_bit(
    cluster: Any,
    fake_job: MakeJob,
    on_ray: Callable[..., RayExecutor],
    processes: Callable[..., ProcessExecutor],
    tmp_path: Path,
) -> None:
    jobs = [fake_job("training", recipe_toml=f"seed = {n}", seconds=1.0) for n in range(6)]
    second = cluster.add_node(num_cpus=1)
    executor = on_ray(cluster.address)
    started: list[Event] = []
    killed: list[str] = []

    def hear(event: Event) -> None:
        started.append(event)
        if second.node_id[:8] in event.where and not killed:
            killed.append(event.job.key)
            cluster.remove_node(second, allow_graceful=False)

    there = ResultStore(tmp_path / "ray")
    worked = work_off(jobs, store=there, executor=Heard(executor, hear))
    assert not worked.failures
    (key,) = killed
    again = [event for event in started if event.job.key == key and event.what is Happened.AGAIN]
    assert len(again) == 1
    here = ResultStore(tmp_path / "here")
    alone = work_off(jobs, store=here, executor=processes(1))
    assert table_of(jobs, worked.kept) == table_of(jobs, alone.kept)
    for job in jobs:
        ours, theirs = alone.kept[job.key].result, worked.kept[job.key].result
        assert canonical_json(ours) == canonical_json(theirs)
        log = (executor.logs / f"{job.key}.log").read_text()
        assert "a line on stderr" in log


@NEEDS_RAY
@pytest.mark.slow
def test_a_connection_that_is_lost_is_made_again(
    cluster: Any, fake_job: MakeJob, on_ray: Callable[..., RayExecutor], tmp_path: Path
) -> None:
    """As when the node goes that this side is connected to, and not the cluster."""
    jobs = [fake_job("number", number=number, seconds=1.0) for number in range(2)]
    lost: list[int] = []

    def hear(event: Event) -> None:
        if not lost:
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # the cluster's own come and go
                    if "edgeser.study.ray_driver" in child.cmdline():
                        child.kill()
                        lost.append(child.pid)

    executor = Heard(on_ray(cluster.address), hear)
    worked = work_off(jobs, store=ResultStore(tmp_path), executor=executor)
    assert len(lost) == 1
    assert [worked.kept[job.key].result["number"] for job in jobs] == [0, 1]


@NEEDS_RAY
@pytest.mark.slow
def test_a_cluster_that_goes_is_named_and_nothing_is_lost(
    cluster: Any, fake_job: MakeJob, on_ray: Callable[..., RayExecutor], tmp_path: Path
) -> None:
    quick = fake_job("number", number=1)
    bad = fake_job("fault")
    slow = fake_job("number", number=2, seconds=120)
    store = ResultStore(tmp_path)
    executor = on_ray(cluster.address, patience_s=2.0, shared={"a.txt": b"one"})
    shared = fake_job("shared")

    def hear(event: Event) -> None:
        if event.job is slow:
            cluster.remove_node(cluster.head_node, allow_graceful=False)

    start = time.monotonic()
    with pytest.raises(ToolMissing, match="is gone") as error:
        work_off([quick, bad, shared, slow], store=store, executor=Heard(executor, hear))
    assert time.monotonic() - start < 45
    assert "\n" not in str(error.value)
    assert store.find(quick.key).kept is not None
    kept = store.find(shared.key).kept
    assert kept is not None
    assert kept.result == {"a.txt": "one"}
    assert store.find(slow.key).kept is None
    assert "ZeroDivisionError" in (executor.logs / f"{bad.key}.log").read_text()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@NEEDS_RAY
@pytest.mark.parametrize(
    ("address", "kind", "said"),
    [
        ("127.0.0.1:CLOSED", ToolMissing, "does not answer"),
        ("no-such-host.invalid:6379", ToolMissing, "does not answer"),
        ("nonsense", BadInput, "no address"),
        ("ray://10.0.0.1:10001", BadInput, "no address"),
        ("127.0.0.1:99999", BadInput, "no address"),
        ("a\x1b[31m\n:1", ToolMissing, r"a\\x1b\[31m"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(
    fake_job: MakeJob,
    on_ray: Callable[..., RayExecutor],
    address: str,
    kind: type[EdgeserError],
    said: str,
) -> None:
    address = address.replace("CLOSED", str(closed_port()))
    with pytest.raises(kind, match=said) as error:
        list(on_ray(address).run([fake_job("number", number=1)], lambda event: None))
    assert "\n" not in str(error.value)


def test_no_ray_says_how_to_get_it(
    fake_job: MakeJob, on_ray: Callable[..., RayExecutor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_executor.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolMissing) as error:
        list(on_ray("auto").run([fake_job("number", number=1)], lambda event: None))
    assert str(error.value) == "Ray is not installed (pip install 'edgeser[ray]')"
    assert list(on_ray("auto").run([], lambda event: None)) == []
