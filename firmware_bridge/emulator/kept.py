"""What was built before, kept in a folder of this tool's own: used only as it was put there.

Each thing has a folder named for the hash of all that it is made of, with a record of its files'
hashes. Where others may write, nothing is kept.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from quantize.foundation.errors import EdgeserError, InternalError
from quantize.foundation.files import file_error, read_bounded, sha256_of_file, write_atomically
from quantize.foundation.temporary import temporary_folder

_RECORD = "built.json"
_RECORD_LIMIT = 1 << 16
_KEPT = 24
"""Things that stay in a cache: those used last. One takes a megabyte or two."""
_UNFINISHED = ".building-"
_ABANDONED_AFTER_S = 24 * 3600.0
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def kept(
    cache: Path | None, key: str, names: tuple[str, ...], build: Callable[[Path], None]
) -> Iterator[Path]:
    """Give a folder that holds what `build` makes; build it unless that was done before.

    As long as it is in use nobody else who clears the cache removes it.

    Parameters
    ----------
    cache
        Where folders are kept; a temporary one when `None`, or when others may write there.
    key
        64 hexadecimal digits, of all that it is made of.
    names
        The files that are kept, relative to the folder that `build` is given; nothing else is.
    build
        Makes them in a folder that is empty at first.

    Raises
    ------
    BadInput
        When the cache cannot be written.
    """
    if cache is None or not _is_ours_alone(_made(cache)):
        with temporary_folder("build") as folder:
            yield _build(folder, key, names, build)
        return
    while True:
        folder = _found(cache / key, names) or _build(cache, key, names, build)
        with _in_use(folder) as held:
            if held:
                yield folder
                return


def _made(cache: Path) -> Path:
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(error, cache, "write") from error
    return cache


def _is_ours_alone(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return ours and not status.st_mode & _OTHERS_MAY_WRITE


def _found(folder: Path, names: tuple[str, ...]) -> Path | None:
    """Return the folder, or `None` where what was built is not there as it was put there."""
    if not _is_ours_alone(folder):
        return None
    try:
        files = json.loads(read_bounded(folder / _RECORD, limit_bytes=_RECORD_LIMIT))
        for name in names:
            if sha256_of_file(folder / name) != files[name]:
                return None
        os.utime(folder)
    except (EdgeserError, OSError, ValueError, KeyError, TypeError):
        return None
    return folder


def _build(cache: Path, key: str, names: tuple[str, ...], build: Callable[[Path], None]) -> Path:
    """Build beside, rename when whole: of two at once, the one that is later takes the other's."""
    try:
        work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=cache))
    except OSError as error:
        raise file_error(error, cache, "write") from error
    try:
        build(work)
        return _in_place(_products_apart(work, names), cache / key, names)
    except OSError as error:
        raise file_error(error, work, "write") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _forget(cache)


def _products_apart(work: Path, names: tuple[str, ...]) -> Path:
    """Move what was built, and a record of it, into a folder of its own, and return that."""
    apart = work / ".products"
    apart.mkdir(mode=0o700)  # whatever the user's umask grants to others
    for name in names:
        (apart / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).rename(apart / name)
    hashes = {name: sha256_of_file(apart / name) for name in names}
    write_atomically(apart / _RECORD, json.dumps(hashes).encode())
    return apart


def _in_place(apart: Path, target: Path, names: tuple[str, ...]) -> Path:
    with _alone_in(target.parent):
        if (found := _found(target, names)) is None:
            with suppress(FileNotFoundError):  # where something damaged is
                target.rename(apart.with_name(".damaged"))
            apart.rename(target)
            found = _found(target, names)
    if found is None:
        raise InternalError(f"what was built at {target} is not what is there")
    return found


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    """Hold off others who put something there: none takes away what another has just put."""
    descriptor = os.open(cache, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _in_use(folder: Path) -> Iterator[bool]:
    """Hold a folder against `_forget`; false where that was quicker and took it away."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        # A folder that was removed while this waited is still open, under no name.
        yield os.fstat(descriptor).st_nlink > 0 and (folder / _RECORD).is_file()
    finally:
        os.close(descriptor)


def _remove_unused(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass  # somebody runs it
    finally:
        os.close(descriptor)


def _forget(cache: Path) -> None:
    """Remove what was used longest ago, and what a killed process left half done."""
    with suppress(OSError):
        now = time.time()
        for path in cache.glob(f"{_UNFINISHED}*"):
            if now - path.lstat().st_mtime > _ABANDONED_AFTER_S and _is_ours_alone(path):
                shutil.rmtree(path, ignore_errors=True)
        folders = [path for path in cache.iterdir() if len(path.name) == 2 * sha256().digest_size]
        for folder in sorted(folders, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            _remove_unused(folder)
