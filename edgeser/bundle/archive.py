"""A zip that proves what it holds: written whole with a manifest last, read with suspicion."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from quantize.foundation.errors import BadInput
from quantize.foundation.files import atomic_writer, file_error, open_regular
from quantize.foundation.zips import ZIP_ERRORS, open_zip

MANIFEST = "manifest.json"
SCHEMA = "edgeser.bundle/1"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LIMIT_MEMBERS = 64
_LIMIT_MEMBER_BYTES = 64 << 20
_LIMIT_TOTAL_BYTES = 128 << 20
_LIMIT_RATIO = 200
_AGAIN = "copy it again, or make it anew with 'edgeser export'"
_WHAT_ELSE = (
    "give a bundle.zip, the folder of a run or a model that 'edgeser models' lists; "
    "'inspect', 'lint', 'estimate', 'bench' and 'export --target firmware' also take a .tflite"
)


def write_archive(path: Path, members: Mapping[str, bytes]) -> None:
    """Write `members` and, last, a manifest with the SHA-256 of each; same members, same bytes.

    Raises
    ------
    BadInput
        When the file cannot be written; an earlier one at `path` is as it was.
    """
    with atomic_writer(path) as handle, zipfile.ZipFile(handle, "w") as archive:
        for name, data in members.items():
            _add(archive, name, data)
        files = {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in members.items()
        }
        manifest = {"schema": SCHEMA, "files": files}
        _add(archive, MANIFEST, json.dumps(manifest, indent=2, sort_keys=True).encode())


def read_archive(path: Path, *, required: tuple[str, ...]) -> dict[str, bytes]:
    """Read an archive after checking names, kinds, sizes, ratios and hashes.

    Parameters
    ----------
    path
        The zip.
    required
        Members without which it is of no use.

    Raises
    ------
    BadInput
        Naming the file, the member and what is wrong with it.
    """
    try:
        with open_regular(path) as handle:
            if handle.read(2) != b"PK":  # what every zip begins with
                raise _bad(path, "it is no zip", hint=_WHAT_ELSE)
            handle.seek(0)
            archive = open_zip(handle)
            entries = _checked_entries(path, archive.infolist())
            members = {entry.filename: _read_member(path, archive, entry) for entry in entries}
    except OSError as error:
        raise file_error(error, path, "read") from error
    except ZIP_ERRORS as error:
        raise _bad(path, f"it is not a readable zip: {error}") from error
    except ValueError as error:
        raise _bad(path, f"its directory is damaged: {error}") from error
    _check_manifest(path, members)
    for name in required:
        if name not in members:
            raise _bad(path, f"its member {name} is missing")
    return members


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(entry, data)


def _bad(path: Path, reason: str, *, hint: str = _AGAIN) -> BadInput:
    return BadInput(f"cannot use the bundle {path}: {reason}", hint=hint)


def _checked_entries(path: Path, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(entries) > _LIMIT_MEMBERS:
        raise _bad(path, f"it has {len(entries)} members; {_LIMIT_MEMBERS} are allowed")
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if not _NAME.fullmatch(name):
            raise _bad(path, f"its member name {name[:80]!r} is not a plain file name")
        if name in seen:
            raise _bad(path, f"its member {name} is there twice")
        seen.add(name)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _bad(path, f"its member {name} is a link or no plain file")
        if entry.file_size > _LIMIT_MEMBER_BYTES:
            raise _bad(path, f"its member {name} claims {entry.file_size} bytes")
        if entry.file_size > _LIMIT_RATIO * max(entry.compress_size, 1024):
            raise _bad(path, f"its member {name} claims to grow more than {_LIMIT_RATIO} times")
    if sum(entry.file_size for entry in entries) > _LIMIT_TOTAL_BYTES:
        raise _bad(path, f"it claims more than {_LIMIT_TOTAL_BYTES} bytes in all")
    return entries


def _read_member(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as handle:
        data = handle.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise _bad(path, f"its member {entry.filename} is not as long as it claims")
    return data


def _check_manifest(path: Path, members: dict[str, bytes]) -> None:
    try:
        manifest = json.loads(members.pop(MANIFEST))
        schema, files = manifest["schema"], manifest["files"]
        hashes = {str(name): str(entry["sha256"]) for name, entry in files.items()}
    except KeyError as error:
        raise _bad(path, f"its manifest lacks {error}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(path, "its manifest is damaged") from error
    if schema != SCHEMA:
        raise _bad(path, f"its format is {str(schema)[:40]!r}, not {SCHEMA}")
    if set(hashes) != set(members):
        odd = sorted(set(hashes) ^ set(members))[0]
        raise _bad(path, f"its manifest and its members differ: {odd[:80]}")
    for name, data in members.items():
        if hashlib.sha256(data).hexdigest() != hashes[name]:
            raise _bad(path, f"its member {name} is not what the manifest's SHA-256 says")
