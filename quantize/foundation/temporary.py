"""Temporary folders that are gone when the work is done, however it ended.

A folder is removed on leaving. What a killed process could not remove is removed by the next one:
each folder holds a file that its maker keeps locked, and a lock goes with its process.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quantize.foundation.errors import CheckFailed, InternalError
from quantize.foundation.files import file_error

_NAME = re.compile(r"edgeser-[a-z-]+-[a-z0-9_]{8}")
_LOCK = ".in-use-by-edgeser"
_OLD_S = 24 * 3600
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def temporary_folder(purpose: str, *, parent: Path | None = None) -> Iterator[Path]:
    """Yield a new empty folder that only this user may enter; remove it on leaving.

    Parameters
    ----------
    purpose
        What it is for, as part of its name: lower-case letters and hyphens.
    parent
        Where it is made; the system's place for temporary files by default, from which folders
        that a killed process left behind are removed first.

    Raises
    ------
    BadInput
        When it cannot be made: no space, no permission.
    """
    place = Path(tempfile.gettempdir()) if parent is None else Path(parent)
    _clear_once(place)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"edgeser-{purpose}-", dir=place)).resolve()
    except OSError as error:
        raise file_error(error, place, "work in") from error
    lock = -1
    try:
        try:
            lock = _locked(folder)
            inside = folder / "inside"
            inside.mkdir()
        except OSError as error:
            raise file_error(error, place, "work in") from error
        try:
            yield inside
        except OSError as error:
            if error.errno in _FULL:  # wherever it was noticed: what it names is gone in a moment
                raise file_error(error, place, "work in") from error
            raise
        except (CheckFailed, InternalError) as error:
            # What others say of a file that they could not write in full names no cause.
            if _is_full(place):
                full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                raise file_error(full, place, "work in") from error
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock >= 0:
            os.close(lock)


def _is_full(place: Path) -> bool:
    try:
        return os.statvfs(place).f_bavail == 0
    except OSError:
        return False


def _locked(folder: Path) -> int:
    """Make the file that says whose the folder is; it has its name only once it is locked."""
    unnamed = folder / f"{_LOCK}.new"
    lock = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / _LOCK)
    except BaseException:
        os.close(lock)
        raise
    return lock


@functools.cache
def _clear_once(place: Path) -> None:
    """Remove the folders in `place` that are ours and whose maker is gone; once a process."""
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and _is_left_over(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left_over(entry: os.DirEntry[str]) -> bool:
    """Whether a folder was made here by this user, and nobody holds its lock any more."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:  # its maker has removed it since it was listed
        return False
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return False
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        lock = os.open(Path(entry.path) / _LOCK, flags)
    except FileNotFoundError:  # killed while it was made
        return time.time() - status.st_mtime > _OLD_S
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(lock)
