"""The folder of a run that a stranger made: nothing in it is run, and the figures are right."""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Edgeser = Callable[..., Any]


@pytest.fixture(scope="module")
def planted(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a run with all that make, a shell or a loader might run."""
    folder = tmp_path_factory.mktemp("stranger") / "run"
    shutil.copytree(run_folder, folder)
    mark = folder / "WAS-RUN"
    build = folder / "firmware" / "build"
    (build / "x").mkdir(parents=True)
    (build / "x" / "y.d").write_text(f"$(shell touch {mark})\n")
    for name in ("Makefile", "GNUmakefile", "makefile"):
        (folder / "firmware" / name).write_text(f"$(shell touch {mark})\nall:\n\ttouch {mark}\n")
    later = time.time() + 10_000
    for program in ("firmware.elf", "emulated.elf", "arm-none-eabi-gcc", "make", "qemu-system-arm"):
        for place in (build, folder, folder / "firmware"):
            path = place / program
            path.write_text(f"#!/bin/sh\ntouch {mark}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
            os.utime(path, (later, later))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("bench", "--device", "emulator"),
        ("parity", "--device", "emulator", "--clips", "2"),
    ],
)
def test_nothing_in_it_is_run(planted: Path, edgeser: Edgeser, command: tuple[str, ...]) -> None:
    verb, *options = command
    ran = edgeser(verb, planted, *options, "--json", cwd=planted)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found.get("passed", True)
    assert not (planted / "WAS-RUN").exists()


@pytest.mark.parametrize("name", ["bundle.zip", "trained.zip", "state/parity.json"])
def test_a_fifo_in_it_is_refused_before_it_is_read(
    run_folder: Path, edgeser: Edgeser, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    verbs = {"trained.zip": ("export", folder, "--target", "int8")}
    ran = edgeser(*verbs.get(name, ("report", folder)))
    assert ran.code == 2, ran.err
    (line,) = ran.err.splitlines()
    assert "is not a regular file" in line or "holds no" in line
