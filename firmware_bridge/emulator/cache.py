"""Programs that were built before: found again by a hash of all that they are made of.

They are built in folders of this tool's own, never in a project that somebody else may have
written; what is found there is used only if it is what was put there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath

from firmware_bridge.boards import Board
from firmware_bridge.emulator.build import BuiltFirmware, build_firmware, measure
from firmware_bridge.emulator.kept import kept
from firmware_bridge.emulator.tools import find_tool
from firmware_bridge.project.contents import Contents
from firmware_bridge.project.makefile import EMULATED, FIRMWARE


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
    seconds: list[float] = []

    def build(work: Path) -> None:
        for path, data in contents.items():
            target = work / PurePosixPath(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        seconds.append(build_firmware(work, board).seconds)

    names = _products(board)
    with kept(cache, _key(contents, board), names, build) as folder:
        yield measure(folder / FIRMWARE, folder / names[-1], seconds=sum(seconds))


def _key(contents: Contents, board: Board) -> str:
    """Return a hash of the files and of the compiler, told from another by size and time."""
    compiler = Path(find_tool(board.compiler)).resolve()
    status = compiler.stat()
    made_of = {path: sha256(data).hexdigest() for path, data in sorted(contents.items())}
    about = [board.name, str(compiler), status.st_size, status.st_mtime_ns, made_of]
    return sha256(json.dumps(about).encode()).hexdigest()


def _products(board: Board) -> tuple[str, ...]:
    return (FIRMWARE, EMULATED) if len(board.consoles) > 1 else (FIRMWARE,)
