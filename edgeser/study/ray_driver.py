"""The process that speaks with a Ray cluster, for `RayExecutor`: lines of JSON in and out.

It is a process of its own since Ray ends the process that it runs in when the cluster goes away,
and takes its signals and its standard streams: here that costs nothing but this process.

In: one line that says where the cluster is, then a line for each job; the end of the input says
that there are no more. Out: ``ready``, news of jobs, outcomes, or one ``fatal``.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from edgeser.study.executor import State
from edgeser.study.ray_node import Board, perform
from quantize.foundation.errors import BadInput, EdgeserError, ToolMissing
from quantize.foundation.files import open_regular
from quantize.foundation.foreign import MOST_QUOTED, printable
from quantize.foundation.launch import end_with_parent

_LOOK_EVERY_S = 0.25
_CHECK_EVERY_S = 1.0
_CONNECT_S = 5.0
_RETRIES = 3
"""How often a job starts anew when its worker or its node is lost."""
Say = Callable[[dict[str, Any]], None]


def main() -> None:
    """Do the jobs that come in; exit code 0 whatever became of them, the lines say it."""
    end_with_parent()
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    say = partial(_say, answer, threading.Lock())
    given = json.loads(sys.stdin.buffer.readline())
    try:
        _Cluster(given, say).work()
    except EdgeserError as error:
        kind = type(error).__name__
        say({"fatal": kind, "message": error.message, "hint": error.hint})


def _say(answer: IO[str], lock: threading.Lock, value: dict[str, Any]) -> None:
    with lock:
        answer.write(json.dumps(value, allow_nan=False) + "\n")
        answer.flush()


class _Cluster:
    """A connection to a cluster, and the jobs that are on it."""

    def __init__(self, given: dict[str, Any], say: Say) -> None:
        import ray

        self._ray, self._say = ray, say
        self._name = "the local Ray cluster"
        if given["address"] != "local":
            self._name = f"the Ray cluster at {printable(given['address'])}"
        _connect(ray, given, self._name)
        context = ray.get_runtime_context()
        watched = (context.gcs_address, self._name, float(given["patience_s"]), say)
        threading.Thread(target=_watch, args=watched, daemon=True).start()
        pinned = _on_node(context.get_node_id())
        self._board = ray.remote(num_cpus=0, **pinned)(Board).remote()
        self._run = ray.remote(max_retries=_RETRIES)(_perform)
        self._names = list(given["shared"])
        self._blobs = [ray.put(_content(Path(path))) for path in given["shared"].values()]
        self._waiting: dict[Any, str] = {}

    def work(self) -> None:
        alive = [node for node in self._ray.nodes() if node["Alive"]]
        cpus = self._ray.cluster_resources().get("CPU", 0.0)
        self._say({"ready": len(alive), "cpus": cpus})
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
        more = True
        while more or self._waiting:
            more = self._take_jobs(lines) and more
            self._tell_news()
            self._take_outcomes()
        self._tell_news()
        self._ray.shutdown()

    def _take_jobs(self, lines: queue.SimpleQueue[bytes]) -> bool:
        """Send the jobs that came in to the cluster; return whether there may be more."""
        while True:
            try:
                line = lines.get_nowait()
            except queue.Empty:
                return True
            if not line:
                return False
            job = json.loads(line)
            options = {"num_cpus": job["cpus"], "name": job["name"]}
            ref = self._run.options(**options).remote(job, self._board, self._names, *self._blobs)
            self._waiting[ref] = job["key"]

    def _tell_news(self) -> None:
        asked = self._board.drain.remote()
        ready, _ = self._ray.wait([asked], timeout=_CONNECT_S)
        if ready:
            for news in self._ray.get(asked):
                self._say({"news": news})

    def _take_outcomes(self) -> None:
        if not self._waiting:
            time.sleep(_LOOK_EVERY_S)
            return
        ready, _ = self._ray.wait(list(self._waiting), timeout=_LOOK_EVERY_S)
        for ref in ready:
            key = self._waiting.pop(ref)
            try:
                outcome = self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                outcome = _lost(error)
            self._tell_news()  # what the job said last goes before its outcome
            self._say({"outcome": {"key": key, **outcome}})


def _watch(address: str, name: str, patience_s: float, say: Say) -> None:
    """Tell when the cluster's head has not answered for a while; in a thread of its own.

    Ray's own calls wait for a minute when the head is gone, whatever time limit they are given.
    """
    seen = time.monotonic()
    while time.monotonic() - seen <= patience_s:
        if _answers(address):
            seen = time.monotonic()
        time.sleep(_CHECK_EVERY_S)
    hint = "start it and run this again: what is done is kept"
    say({"fatal": "ToolMissing", "message": f"{name} is gone", "hint": hint})


def _perform(given: dict[str, Any], board: Any, names: list[str], *blobs: bytes) -> dict[str, Any]:
    """Do a job on a node of the cluster: the function that Ray calls."""
    import ray

    node = f"{socket.gethostname()} ({ray.get_runtime_context().get_node_id()[:8]})"

    def tell(news: dict[str, Any]) -> None:
        board.tell.remote(news)

    return perform(given, node, tell, dict(zip(names, blobs, strict=True)))


def _connect(ray: Any, given: dict[str, Any], name: str) -> None:
    address = given["address"]
    if address not in ("auto", "local") and not _answers(address):
        raise ToolMissing(
            f"{name} does not answer", hint="check the address, HOST:PORT of its head"
        )
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        options |= {"include_dashboard": False, "num_cpus": given["cpus"]}
    try:
        ray.init(address=address, configure_logging=True, **options)
    except ConnectionError as error:
        if address == "auto":
            hint = "start one with 'ray start --head', or give --ray local"
            raise ToolMissing("no Ray cluster runs on this machine", hint=hint) from error
        raise ToolMissing(f"{name} does not answer", hint="check the address") from error
    except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        said = printable(" ".join(str(error).split()), limit=MOST_QUOTED)
        raise ToolMissing(f"{name} cannot be used: {said}", hint="look at its log") from error


def _content(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read()


def _on_node(node_id: str) -> dict[str, Any]:
    """Return the options that keep an actor on the driver's node, and nowhere else.

    Ray moves what is merely asked for to another node when that is free sooner; the connection
    would then be lost with a node that it has nothing to do with.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node_id=node_id, soft=False)}


def _lost(error: Exception) -> dict[str, Any]:
    said = printable(str(error).strip().partition("\n")[0], limit=MOST_QUOTED)
    kind = type(error).__name__
    state = State.FAILED if kind.startswith("RayTaskError") else State.LOST
    return {"state": state.value, "result": None, "seconds": 0.0, "reason": f"{kind}: {said}"}


def _answers(address: str) -> bool:
    """Return whether something listens at ``HOST:PORT``.

    Raises
    ------
    BadInput
        When it is no such address.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise BadInput(
            f"{printable(address)!r} is no address of a Ray cluster",
            hint="give auto, local or the head's HOST:PORT, on a machine of the cluster",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def _read_lines(lines: queue.SimpleQueue[bytes]) -> None:
    """Pass lines on; an empty one says that there are no more."""
    while line := sys.stdin.buffer.readline():
        lines.put(line)
    lines.put(b"")


if __name__ == "__main__":
    main()
