"""Temporary folders go with their work, and those of killed processes with the next one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from quantize.foundation import temporary
from quantize.foundation.errors import BadInput, CheckFailed, EdgeserError, InternalError
from quantize.foundation.temporary import temporary_folder

HOLDS_ONE = """
import sys, time
from pathlib import Path
from quantize.foundation.temporary import temporary_folder
with temporary_folder("test", parent=Path(sys.argv[1])) as folder:
    (folder / "large").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def next_run() -> None:
    """What is left over is looked for once a process."""
    temporary._clear_once.cache_clear()


def test_it_is_gone_afterwards_however_the_work_ends(tmp_path: Path) -> None:
    with temporary_folder("test", parent=tmp_path) as folder:
        assert folder.parent.parent == tmp_path
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        (folder / "x").write_text("x")
    with pytest.raises(KeyboardInterrupt), temporary_folder("test", parent=tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS_ONE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        with temporary_folder("test", parent=tmp_path):
            assert (left / "large").is_file(), "it is in use"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left.is_dir()
    temporary._clear_once.cache_clear()
    with temporary_folder("test", parent=tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder.parent]


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".in-use-by-edgeser").touch()
    place = tmp_path / "place"
    place.mkdir()
    (place / "edgeser-notes").mkdir()
    (place / "edgeser-test-abcdefgh").mkdir()  # being made, or somebody's
    (place / "edgeser-test-bbcdefgh").write_text("a file")
    (place / "edgeser-test-cbcdefgh").symlink_to(elsewhere)
    before = set(place.iterdir())
    with temporary_folder("test", parent=place):
        pass
    assert set(place.iterdir()) == before
    assert elsewhere.is_dir()


def test_what_was_killed_while_it_was_made_goes_when_it_is_old(tmp_path: Path) -> None:
    half = tmp_path / "edgeser-test-abcdefgh"
    half.mkdir()
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(half, (long_ago, long_ago))
    with temporary_folder("test", parent=tmp_path):
        pass
    assert not half.exists()


def test_one_that_its_maker_removes_while_it_is_looked_at(tmp_path: Path) -> None:
    theirs = tmp_path / "edgeser-test-abcdefgh"
    theirs.mkdir()
    with os.scandir(tmp_path) as entries:
        (listed,) = entries
        theirs.rmdir()
    assert not temporary._is_left_over(listed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folders_of_other_users_stay(tmp_path: Path) -> None:
    theirs = tmp_path / "edgeser-test-abcdefgh"
    theirs.mkdir()
    (theirs / ".in-use-by-edgeser").touch()
    os.chown(theirs, 12345, 12345)
    with temporary_folder("test", parent=tmp_path):
        pass
    assert theirs.is_dir()


def test_a_full_disk_is_named_wherever_it_is_noticed(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="No space left") as caught,
        temporary_folder("test", parent=tmp_path),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(tmp_path) in caught.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [CheckFailed, InternalError])
@pytest.mark.parametrize(("free", "raised"), [(0, BadInput), (1, None)])
def test_a_failure_on_a_full_disk_is_the_disks(
    failure: type[EdgeserError],
    free: int,
    raised: type[EdgeserError] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda place: SimpleNamespace(f_bavail=free))
    with (
        pytest.raises(raised or failure, match="No space left" if raised else "65504 written"),
        temporary_folder("test", parent=tmp_path),
    ):
        raise failure("983040 requested and 65504 written")


def test_a_place_that_cannot_be_written_is_named(unwritable_folder: Path) -> None:
    with (
        pytest.raises(BadInput, match="cannot work in") as caught,
        temporary_folder("test", parent=unwritable_folder),
    ):
        pass
    assert str(unwritable_folder) in caught.value.message
