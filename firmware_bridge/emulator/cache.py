"""Programs that were built before: found again by a hash of all that they are made of.

They are built in folders of this tool's own, never in a project that somebody else may have
written; what is found there is used only if it is what was put there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

from firmware_bridge.boards import Board
from firmware_bridge.emulator.build import BuiltFirmware, build_firmware, measure
from firmware_bridge.emulator.tools import find_tool
from firmware_bridge.project.contents import Contents
from firmware_bridge.project.makefile import EMULATED, FIRMWARE
from quantize.foundation.errors import EdgeserError, InternalError
from quantize.foundation.files import file_error, read_bounded, sha256_of_file, write_atomically
from quantize.foundation.temporary import temporary_folder

_RECORD = "built.json"
_RECORD_LIMIT = 1 << 16
_KEPT = 24
"""Programs that stay in the cache: those used last. One takes a megabyte or two."""
_UNFINISHED = ".building-"
_ABANDONED_AFTER_S = 24 * 3600.0
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def built_firmware(
    contents: Contents, board: Board, *, cache: Path | None = None
) -> Iterator[BuiltFirmware]:
    """Give the program that a project's files make; build it unless that was done before.

    Parameters
    ----------
    contents
        The files of the project, its Makefile among them.
    board
        What it is for.
    cache
        Where programs are kept; built anew in a temporary folder when `None`, or when others may
        write there.

    Raises
    ------
    ToolMissing
        When the compiler or make is not installed.
    CheckFailed
        When the program does not fit the board.
    BadInput
        When the cache cannot be written.
    InternalError
        When it does not compile, or takes too long.
    """
    key = _key(contents, board)
    if cache is not None and _is_ours_alone(_made(cache)):
        yield _found(cache / key, board) or _build(cache, key, contents, board)
        return
    with temporary_folder("firmware") as folder:
        yield _build(folder, key, contents, board)


def _key(contents: Contents, board: Board) -> str:
    """Return a hash of the files and of the compiler, told from another by size and time."""
    compiler = Path(find_tool(board.compiler)).resolve()
    status = compiler.stat()
    made_of = {path: sha256(data).hexdigest() for path, data in sorted(contents.items())}
    about = [board.name, str(compiler), status.st_size, status.st_mtime_ns, made_of]
    return sha256(json.dumps(about).encode()).hexdigest()


def _products(board: Board) -> tuple[str, ...]:
    return (FIRMWARE, EMULATED) if len(board.consoles) > 1 else (FIRMWARE,)


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


def _found(folder: Path, board: Board) -> BuiltFirmware | None:
    """Return what was built before, or `None` where it is not there as it was put there."""
    if not _is_ours_alone(folder):
        return None
    try:
        files = json.loads(read_bounded(folder / _RECORD, limit_bytes=_RECORD_LIMIT))
        for name in _products(board):
            if sha256_of_file(folder / name) != files[name]:
                return None
        os.utime(folder)
        return measure(folder / FIRMWARE, folder / _products(board)[-1], seconds=0.0)
    except (EdgeserError, OSError, ValueError, KeyError, TypeError):
        return None


def _build(cache: Path, key: str, contents: Contents, board: Board) -> BuiltFirmware:
    """Build beside, rename when whole: of two at once, the one that is later takes the other's."""
    try:
        work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=cache))
    except OSError as error:
        raise file_error(error, cache, "write") from error
    try:
        for path, data in contents.items():
            target = work / PurePosixPath(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        built = build_firmware(work, board)
        return _in_place(_products_apart(work, board), cache / key, board, seconds=built.seconds)
    except OSError as error:
        raise file_error(error, work, "write") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _forget(cache)


def _products_apart(work: Path, board: Board) -> Path:
    """Move what was built, and a record of it, into a folder of its own, and return that."""
    apart = work / ".products"
    apart.mkdir(mode=0o700)  # whatever the user's umask grants to others
    for name in _products(board):
        (apart / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).rename(apart / name)
    hashes = {name: sha256_of_file(apart / name) for name in _products(board)}
    write_atomically(apart / _RECORD, json.dumps(hashes).encode())
    return apart


def _in_place(apart: Path, target: Path, board: Board, *, seconds: float) -> BuiltFirmware:
    with _alone_in(target.parent):
        if (found := _found(target, board)) is None:
            with suppress(FileNotFoundError):  # where something damaged is
                target.rename(apart.with_name(".damaged"))
            apart.rename(target)
            found = _found(target, board)
    if found is None:
        raise InternalError(f"what was built at {target} is not what is there")
    return replace(found, seconds=seconds)


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    """Hold off others who put something there: none takes away what another has just put."""
    descriptor = os.open(cache, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _forget(cache: Path) -> None:
    """Remove the programs used longest ago, and what a killed process left half done."""
    with suppress(OSError):
        now = time.time()
        for path in cache.glob(f"{_UNFINISHED}*"):
            if now - path.lstat().st_mtime > _ABANDONED_AFTER_S and _is_ours_alone(path):
                shutil.rmtree(path, ignore_errors=True)
        folders = [path for path in cache.iterdir() if len(path.name) == 2 * sha256().digest_size]
        for folder in sorted(folders, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)
