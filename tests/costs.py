"""What is slow; what begins first, so that no process is left alone with a long module; threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
# Rooms and modules that train, convert, compile or emulate; and fixtures that do so anywhere.
SLOW_PLACES = (
    *("end_to_end", "fuzz", "edgeser/acceptance", "edgeser/baseline", "edgeser/network"),
    *("edgeser/pipeline", "edgeser/teacher", "edgeser/training", "firmware_bridge/boards"),
    *("firmware_bridge/compiler", "firmware_bridge/emulator", "firmware_bridge/kernels"),
    *("firmware_bridge/project", "firmware_bridge/runtime", "quantize/convert"),
    *("quantize/runtimes", "edgeser/corpora/test_spoken.py", "edgeser/corpora/test_synthetic.py"),
    "test_site.py",
    *("firmware_bridge/frontend/test_angles.py", "firmware_bridge/frontend/test_c_code.py"),
    *("firmware_bridge/frontend/test_c_tables.py", "firmware_bridge/frontend/test_phase.py"),
    *("firmware_bridge/frontend/test_on_device.py", "firmware_bridge/test_certainty.py"),
    *("firmware_bridge/test_readmes.py", "edgeser/report/test_hostile_sources.py"),
    *("edgeser/report/test_overlay.py", "edgeser/bundle/test_shipping.py"),
    *("edgeser/cli/test_model_alone.py", "edgeser/debias/test_ranking.py"),
    *("edgeser/debias/test_world.py", "edgeser/rerecord/test_cut.py"),
    *("quantize/tflite/test_mutants.py",),
)
SLOW_FIXTURES = {
    *("edgeser", "edgeser_program", "exactness", "exported", "layout", "sanitized"),
    *("build_hand_made", "cluster", "cremad", "processes", "shared", "speech", "streamer"),
}
# The longest first: each takes half a minute of a processor or more.
LONGEST = (
    *("end_to_end/test_words.py", "end_to_end/test_vad.py", "end_to_end/test_network_options.py"),
    *("end_to_end/test_road.py", "end_to_end/test_explain.py", "end_to_end/test_study.py"),
    *("end_to_end/test_labels.py", "end_to_end/test_pretrained.py", "end_to_end/test_accept.py"),
    *("edgeser/pipeline/test_edgetpu_presets.py", "edgeser/network/test_int8.py"),
    *("edgeser/acceptance/test_diagnose.py", "edgeser/network/test_words_int8.py"),
)


def place_of(path: Path) -> str:
    return path.relative_to(_TESTS).as_posix()


def is_slow_place(path: Path) -> bool:
    """Tell rooms and modules in which every test is slow."""
    place = place_of(path)
    return any(place == slow or place.startswith(f"{slow}/") for slow in SLOW_PLACES)


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
    """Tell tests of slow places, and those that use a slow fixture."""
    used = set(getattr(item, "fixturenames", ()))
    return is_slow_place(item.path) or bool(used & SLOW_FIXTURES)


def longest_first(items: list[pytest.Item]) -> None:
    """Order modules, and nothing within them: the longest, whole roads, other slow ones, others."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    modules = {path: number for number, path in enumerate(dict.fromkeys(i.path for i in items))}

    def rank(item: pytest.Item) -> tuple[int, int]:
        place = place_of(item.path)
        if place in LONGEST:
            return LONGEST.index(place), 0
        others = 0 if place.startswith("end_to_end/") else 1 if item.path in slow else 2
        return len(LONGEST) + others, modules[item.path]

    items.sort(key=rank)
