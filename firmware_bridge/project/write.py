"""Writing a project: whole or not at all, and the same bytes each time."""

from __future__ import annotations

import json
import secrets
import shutil
from hashlib import sha256
from pathlib import Path

from firmware_bridge.boards import Board
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project.contents import Contents, collect
from firmware_bridge.project.firmware_project import FirmwareProject, ModelSources, StreamSettings
from firmware_bridge.project.makefile import makefile
from firmware_bridge.project.readme import frontend_hash, readme
from quantize.foundation.errors import BadInput
from quantize.foundation.files import file_error, read_bounded, sha256_of_file

MANIFEST = "manifest.json"
FORMAT = "edgeser firmware 1"
_MANIFEST_LIMIT = 1 << 20
_MADE_THERE = ("build/", "models/model_edgetpu.tflite")
"""What building a project puts into it: the second by the Coral Dev Board Micro's, once it is
compiled."""


def write_project(
    directory: Path,
    *,
    board: Board,
    model: ModelSources,
    frontend: FrontendSources | None = None,
    stream: StreamSettings | None = None,
    self_test_output: bytes | None = None,
) -> FirmwareProject:
    """Write a self-contained C project; see `project_contents`.

    Parameters
    ----------
    directory
        Where to; another project that is there is replaced, the same one left as it is, with what
        was built of it; anything else that is there is kept.

    Returns
    -------
    FirmwareProject
        Where it is and what is in it.

    Raises
    ------
    BadInput
        When the directory holds something else, cannot be written, or the settings do not go
        together.
    """
    contents = project_contents(
        board=board,
        model=model,
        frontend=frontend,
        stream=stream,
        self_test_output=self_test_output,
    )
    place(Path(directory), contents)
    return FirmwareProject(directory=Path(directory), files=hashes_of(contents))


def hashes_of(contents: Contents) -> dict[str, str]:
    """Return the SHA-256 of every file but the manifest, which lists them."""
    return {
        path: sha256(contents[path]).hexdigest() for path in sorted(contents) if path != MANIFEST
    }


def project_contents(
    *,
    board: Board,
    model: ModelSources,
    frontend: FrontendSources | None = None,
    stream: StreamSettings | None = None,
    self_test_output: bytes | None = None,
) -> Contents:
    """Return every file of a self-contained C project, by its path.

    Parameters
    ----------
    board
        What it is for.
    model
        The model as C.
    frontend, stream
        The frontend as C, and how decisions are taken on its stream: both or neither.
    self_test_output
        The model's output for `self_test_input`, which the device's self-test compares with.

    Raises
    ------
    BadInput
        When the settings do not go together.
    """
    _check(frontend, stream)
    contents = collect(
        board=board,
        model=model,
        frontend=frontend,
        stream=stream,
        self_test_output=self_test_output,
    )
    contents["Makefile"] = makefile(board, contents).encode()
    contents["README.md"] = readme(board, model, frontend).encode()
    manifest = {
        "format": FORMAT,
        "board": board.name,
        "model": {"name": model.name, "hash": model.hash},
        "frontend": frontend_hash(frontend) if frontend else None,
        "files": hashes_of(contents),
    }
    contents[MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    return contents


def place(directory: Path, contents: Contents) -> None:
    """Write files, their manifest among them, whole or not at all.

    Raises
    ------
    BadInput
        When the directory holds something else, or cannot be written.
    """
    _check_place(directory)
    try:
        if not _is_there(directory, contents):
            _replace(directory, contents)
    except OSError as error:
        raise file_error(error, directory, "write") from error


def _check(frontend: FrontendSources | None, stream: StreamSettings | None) -> None:
    if (frontend is None) != (stream is None):
        raise BadInput(
            "a frontend and the settings of its stream go together", hint="give both or neither"
        )
    if stream is not None and (stream.hop_frames < 1 or not 1 <= stream.smoothing <= 1000):
        raise BadInput(
            f"a stream cannot hop by {stream.hop_frames} frames and sum {stream.smoothing} windows",
            hint="both are at least 1, the sum is of at most 1000",
        )


def _check_place(directory: Path) -> None:
    """Refuse a directory that holds anything but an earlier project as it was written."""
    if not directory.exists() and not directory.is_symlink():
        return
    what = "something else is there"
    if directory.is_dir() and not directory.is_symlink():
        present = {path.name for path in directory.iterdir()}
        what = _foreign(directory) if present else ""
    if what:
        raise BadInput(
            f"cannot write the firmware to {directory}: {what}",
            hint="choose another directory, or remove it first",
        )


def _foreign(directory: Path) -> str:
    """Say what in `directory` is not as an earlier project was written; empty if nothing."""
    if not (directory / MANIFEST).is_file():
        return "something else is there"
    try:
        manifest = json.loads(read_bounded(directory / MANIFEST, limit_bytes=_MANIFEST_LIMIT))
        files = dict(manifest["files"]) if manifest["format"] == FORMAT else {}
    except (ValueError, KeyError, TypeError):
        files = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_dir() or name == MANIFEST or name.startswith(_MADE_THERE):
            continue
        if name not in files:
            return f"{name} there is not from an earlier export"
        if sha256_of_file(path) != files[name]:
            return f"{name} there was changed since it was exported"
    return ""


def _is_there(directory: Path, contents: Contents) -> bool:
    """Whether the very same project is there, whole: then what was built of it can stay too."""
    return all(
        (directory / path).is_file()
        and sha256_of_file(directory / path) == sha256(data).hexdigest()
        for path, data in contents.items()
    )


def _replace(directory: Path, contents: Contents) -> None:
    """Write beside `directory`, then rename; an earlier project is gone only when that is done."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    unique = f".{directory.name}.{secrets.token_hex(6)}"
    new, old = directory.parent / f"{unique}.new", directory.parent / f"{unique}.old"
    try:
        new.mkdir()
        for path, data in contents.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if directory.exists():
            directory.rename(old)
        try:
            new.rename(directory)
        except OSError:
            if old.exists():
                old.rename(directory)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
