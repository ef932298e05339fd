"""Files that are either whole or not there, and reads that have an end."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from quantize.foundation.errors import BadInput, EdgeserError

_CHUNK_BYTES = 1 << 20
_LFS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
LONGEST_POINTER = 1024
"""Bytes that no pointer to a file elsewhere has."""


def file_error(error: OSError, path: Path, doing: str) -> EdgeserError:
    """Turn an `OSError` into one line with file, reason and next step."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    hints = {
        errno.ENOSPC: "free some space or choose another folder",
        errno.EDQUOT: "free some of the quota or choose another folder",
        errno.EACCES: "check the permissions or choose another folder",
        errno.EPERM: "check the permissions or choose another folder",
        errno.EROFS: "the file system is read-only; choose another folder",
        errno.ENOENT: "check the path",
    }
    hint = hints.get(error.errno or 0, "check the path and try again")
    return BadInput(f"cannot {doing} {path}: {reason}", hint=hint)


@contextmanager
def atomic_writer(path: Path, *, sync: bool = True) -> Iterator[IO[bytes]]:
    """Yield a binary file that becomes `path` on success and vanishes on any failure.

    The bytes go to a temporary name in the same folder, are synced, then renamed over `path`:
    a reader sees the earlier file or the whole new one, never a part. Without `sync` that holds
    for a crash of the program but not of the machine: for caches that check what they read.

    Raises
    ------
    BadInput
        When the folder cannot be written or the disk is full; `path` is as it was.
    """
    path = Path(path)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(6)}.tmp"
    try:  # from before there is a file: Ctrl-C may come as soon as it is there
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        with os.fdopen(descriptor, "w+b") as handle:
            yield handle
            handle.flush()
            if sync:
                os.fsync(handle.fileno())
        temporary.replace(path)
        if sync:
            _sync_folder(path.parent)
    except OSError as error:
        raise file_error(error, path, "write") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_atomically(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write `data` to `path`, whole or not at all (see `atomic_writer`).

    What is there and no regular file, such as /dev/null, is refused: it would be replaced.
    """
    require_writable(Path(path))
    with atomic_writer(path, sync=sync) as handle:
        handle.write(data)


def open_regular(path: Path, *, buffering: int = -1) -> IO[bytes]:
    """Open a regular file, or a link to one, for reading bytes; nothing else is waited for.

    A FIFO without a writer would block, and a device such as /dev/zero has no end: the file is
    opened without blocking and looked at before a byte is read.

    Parameters
    ----------
    buffering
        As of `open`: 0 where something else reads from the file's descriptor too.

    Raises
    ------
    BadInput
        When it is missing, a folder, a FIFO, a device or a socket, or unreadable.
    """
    path = Path(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind):
            return os.fdopen(descriptor, "rb", buffering)
        os.close(descriptor)
    except FileNotFoundError as error:
        raise BadInput(f"cannot read {path}: it does not exist", hint="check the path") from error
    except ValueError as error:  # a NUL, or half of a surrogate pair
        raise BadInput(f"cannot read {path}: no file has such a name", hint="check it") from error
    except OSError as error:
        if error.errno != errno.ENXIO:  # what a socket answers
            raise file_error(error, path, "read") from error
        kind = 0
    if stat.S_ISDIR(kind):
        raise BadInput(f"cannot read {path}: it is a folder", hint="give a file in it")
    raise BadInput(f"cannot read {path}: it is not a regular file", hint="check the path")


def read_bounded(path: Path, *, limit_bytes: int) -> bytes:
    """Read a whole regular file of at most `limit_bytes`.

    Raises
    ------
    BadInput
        When it is missing, not a regular file, unreadable or larger than the limit.
    """
    path = Path(path)
    with open_regular(path) as handle:
        try:
            data = handle.read(limit_bytes + 1)
        except OSError as error:
            raise file_error(error, path, "read") from error
    if len(data) > limit_bytes:
        raise BadInput(
            f"cannot read {path}: it is larger than {limit_bytes} bytes",
            hint="check that this is the file you meant",
        )
    return data


def is_lfs_pointer(data: bytes) -> bool:
    """Return whether bytes are what Git LFS puts in the place of a file that is not fetched."""
    return len(data) < LONGEST_POINTER and data.startswith(_LFS)


def require_writable(path: Path, doing: str = "write") -> None:
    """Raise now what `write_atomically` or `append_text` would raise after minutes of work.

    Nothing is written and no folder is made: the file, or the nearest folder above it that is
    there, is looked at.

    Parameters
    ----------
    doing
        ``"write"`` a file whole, or ``"append to"`` one; messages say so.

    Raises
    ------
    BadInput
        When it cannot be written, or is there and no regular file.
    """
    try:
        exists = path.exists()
        if exists and not path.is_file():
            raise _irregular(path, doing)
        place = path if exists and doing == "append to" else path.absolute().parent
        while doing == "write" and not place.exists():
            place = place.parent
        place.stat()
    except OSError as error:
        raise file_error(error, path, doing) from error
    allowed = os.access(place, os.W_OK if place == path else os.W_OK | os.X_OK)
    if not allowed or (place != path and not place.is_dir()):
        raise BadInput(
            f"cannot {doing} {path}: {place} cannot be written", hint="choose another place"
        )


def _irregular(path: Path, doing: str) -> BadInput:
    return BadInput(f"cannot {doing} {path}: it is not a regular file", hint="choose another name")


def append_text(path: Path, text: str) -> None:
    """Append text in UTF-8 to a file, which is made if it is not there.

    Raises
    ------
    BadInput
        When it cannot be written, or is there and no regular file.
    """
    try:
        if path.exists() and not path.is_file():
            raise _irregular(path, "append to")
        with path.open("a", encoding="utf-8") as handle:
            handle.write(text)
    except OSError as error:
        raise file_error(error, path, "append to") from error


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a regular file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open_regular(path) as handle:
        try:
            while chunk := handle.read(_CHUNK_BYTES):
                digest.update(chunk)
        except OSError as error:
            raise file_error(error, Path(path), "read") from error
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
