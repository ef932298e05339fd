"""What is slow; what begins first, so that no process is left alone with a long module; threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
# Rooms whose tests train, convert, compile or emulate; and fixtures that do so anywhere.
SLOW_ROOMS = (
    *("end_to_end", "fuzz", "edgeser/acceptance", "edgeser/baseline", "edgeser/network"),
    *("edgeser/pipeline", "edgeser/teacher", "edgeser/training", "firmware_bridge/boards"),
    *("firmware_bridge/compiler", "firmware_bridge/emulator", "firmware_bridge/kernels"),
    *("firmware_bridge/project", "firmware_bridge/runtime", "quantize/convert"),
)
SLOW_FIXTURES = {
    *("edgeser", "edgeser_program", "exactness", "exported", "layout", "sanitized"),
    *("build_hand_made", "cluster", "cremad", "processes", "shared", "speech", "streamer"),
}
# The longest first: each takes a minute or more of a processor.
LONGEST = (
    *("test_words.py", "test_vad.py", "test_network_options.py", "test_road.py"),
    *("test_explain.py", "test_study.py", "test_labels.py", "test_pretrained.py"),
)


def share_processors() -> None:
    """Let the processes of one session have no more threads together than there are processors.

    Before NumPy and PyTorch are imported, which read it once; commands and children inherit it.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        threads = max(1, (os.cpu_count() or 1) // processes)
        for library in ("OMP", "OPENBLAS"):
            os.environ.setdefault(f"{library}_NUM_THREADS", str(threads))


def is_slow(item: pytest.Item) -> bool:
    """Tell tests of slow rooms, and those that use a slow fixture."""
    place = item.path.relative_to(_TESTS).as_posix()
    used = set(getattr(item, "fixturenames", ()))
    return place.startswith(tuple(f"{room}/" for room in SLOW_ROOMS)) or bool(used & SLOW_FIXTURES)


def longest_first(items: list[pytest.Item]) -> None:
    """Order modules, and nothing within them: the longest, then the slow, then the others."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> int:
        room = item.path.relative_to(_TESTS).as_posix().rpartition("/")[0]
        if room != "end_to_end":
            return len(LONGEST) + (1 if item.path in slow else 2)
        return LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)

    modules = {path: number for number, path in enumerate(dict.fromkeys(i.path for i in items))}
    items.sort(key=lambda item: (rank(item), modules[item.path]))
