"""What was built before is used again only as it was put there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_bridge.boards import HOST
from firmware_bridge.emulator import built_firmware, kept
from firmware_bridge.project import Contents, ModelSources, project_contents
from quantize.foundation.errors import BadInput, InternalError

TWO_AT_ONCE = """
import sys
from pathlib import Path
from firmware_bridge.boards import HOST
from firmware_bridge.emulator import built_firmware
root, cache = map(Path, sys.argv[1:])
names = [path for path in root.rglob("*") if path.is_file()]
contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in names}
sys.stdin.read(1)
with built_firmware(contents, HOST, cache=cache) as built:
    print(built.elf, built.text_bytes)
"""


@pytest.fixture
def contents(hand_made_model: ModelSources) -> Contents:
    return project_contents(board=HOST, model=hand_made_model)


@pytest.fixture
def build(contents: Contents, tmp_path: Path) -> Callable[[], tuple[Path, float]]:
    """Build, or find; return the program and how long it took."""

    def built() -> tuple[Path, float]:
        with built_firmware(contents, HOST, cache=tmp_path / "cache") as found:
            subprocess.run([found.elf], stdin=subprocess.DEVNULL, check=True, capture_output=True)
            return found.elf, found.seconds

    return built


def test_it_is_built_once(build, tmp_path: Path) -> None:
    first, seconds = build()
    assert seconds > 0
    assert build() == (first, 0.0)
    (kept,) = (tmp_path / "cache").iterdir()
    names = sorted(path.name for path in kept.rglob("*") if path.is_file())
    assert names == ["built.json", "firmware.elf"]


@pytest.mark.parametrize("damage", ["cut", "other", "gone", "record", "record-gone", "link"])
def test_what_is_damaged_is_built_anew(build, tmp_path: Path, damage: str) -> None:
    elf, _ = build()
    record = elf.parents[1] / "built.json"
    if damage == "cut":
        elf.write_bytes(elf.read_bytes()[:1000])
    elif damage == "other":
        planted = f"#!/bin/sh\ntouch {tmp_path}/planted\n"
        elf.write_text(planted)
    elif damage == "gone":
        elf.unlink()
    elif damage == "record":
        record.write_text("{")
    elif damage == "record-gone":
        record.unlink()
    else:
        elf.unlink()
        elf.symlink_to("/dev/zero")
    again, seconds = build()
    assert again == elf
    assert seconds > 0
    assert not (tmp_path / "planted").exists()
    assert build() == (elf, 0.0)


def test_other_files_or_flags_make_another_program(contents: Contents, tmp_path: Path) -> None:
    programs = set()
    makefile = contents["Makefile"].replace(b"OPTIMISE := -O2", b"OPTIMISE := -O1")
    for made_of in (contents, {**contents, "Makefile": makefile}):
        with built_firmware(made_of, HOST, cache=tmp_path) as built:
            programs.add(built.elf)
    assert len(programs) == 2


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_where_others_may_write_nothing_is_kept_or_found(build, tmp_path: Path, mode: int) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(mode)
    elf, _ = build()
    assert not elf.is_relative_to(cache)
    assert not elf.exists()
    assert list(cache.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_another_user_put_there_is_not_used(build) -> None:
    elf, _ = build()
    os.chown(elf.parents[1], 12345, 12345)
    _, seconds = build()
    assert seconds > 0


@pytest.mark.parametrize("mask", [0, 0o002, 0o077])
def test_it_is_kept_whatever_the_umask(build, mask: int) -> None:
    """Many systems let a user's group write what the user makes."""
    before = os.umask(mask)
    try:
        elf, _ = build()
        assert build() == (elf, 0.0)
    finally:
        os.umask(before)
    assert not elf.parents[1].stat().st_mode & 0o022


def test_what_a_killed_build_left_is_cleared_once_it_is_old(build, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    old, recent = cache / ".building-old", cache / ".building-recent"
    for folder in (old, recent):
        folder.mkdir(mode=0o700)
        (folder / "half.o").write_bytes(b"half")
    two_days_ago = time.time() - 48 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    build()
    assert not old.exists()
    assert (recent / "half.o").exists()


def _other_programs(contents: Contents, cache: Path, count: int) -> None:
    """Build so many others, which is what clears a cache of what was used longest ago."""
    for number in range(count):
        other = contents | {"note.txt": str(number).encode()}
        with built_firmware(other, HOST, cache=cache):
            pass


def test_what_runs_is_not_cleared_away(
    contents: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_KEPT", 1)
    cache = tmp_path / "cache"
    with built_firmware(contents, HOST, cache=cache) as running:
        os.utime(running.elf.parents[0], (0, 0))
        _other_programs(contents, cache, 2)
        assert running.elf.is_file()
    os.utime(running.elf.parents[0], (0, 0))
    _other_programs(contents, cache, 3)
    assert not running.elf.exists()
    assert len(list(cache.iterdir())) == 1


def test_a_disk_that_fills_during_the_build_is_told(contents: Contents, tmp_path: Path) -> None:
    said = "x.c:1:1: fatal error: closing x.o: No space left on device"
    full = {**contents, "Makefile": f"build/firmware.elf:\n\t@echo '{said}'; false\n".encode()}
    with (
        pytest.raises(BadInput, match="cannot be built: No space left"),
        built_firmware(full, HOST, cache=tmp_path),
    ):
        pass


@pytest.mark.parametrize("damaged", [False, True])
def test_all_at_once_get_the_program(contents: Contents, tmp_path: Path, damaged: bool) -> None:
    if damaged:
        with built_firmware(contents, HOST, cache=tmp_path / "cache") as built:
            built.elf.write_bytes(b"half")
    root = tmp_path / "project"
    for path, data in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    command = [sys.executable, "-c", TWO_AT_ONCE, str(root), str(tmp_path / "cache")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(command, **pipes) for _ in range(3)]
    answers = [process.communicate(b"x", timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_program_that_does_not_build_leaves_nothing(contents: Contents, tmp_path: Path) -> None:
    broken = {**contents, "model/model.c": b"int x = y;\n"}
    with (
        pytest.raises(InternalError, match="does not build"),
        built_firmware(broken, HOST, cache=tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(
    contents: Contents, unwritable_folder: Path
) -> None:
    with (
        pytest.raises(BadInput, match="cannot write") as caught,
        built_firmware(contents, HOST, cache=unwritable_folder / "cache"),
    ):
        pass
    assert str(unwritable_folder) in caught.value.message
