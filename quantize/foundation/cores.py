"""The same work for many items on all cores, in threads: for what waits or leaves Python's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def on_all_cores(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int | None = None
) -> Iterator[_Result]:
    """Yield the results in the order of the items; few are made before they are asked for.

    What is not begun is left undone when the caller stops asking, or when an item's work fails: its
    error is raised in its turn.

    Parameters
    ----------
    work
        Called in several threads at once.
    items
        Taken in this thread.
    workers
        Threads; as many as there are cores when `None`.
    """
    count = workers or len(os.sched_getaffinity(0))
    pool = ThreadPoolExecutor(count)
    begun: deque[Future[_Result]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > 2 * count:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
