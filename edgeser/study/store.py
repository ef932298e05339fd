"""Results by key: each a file that is whole or not there, and says so itself.

Several processes may work on one folder. A result appears by a rename, and who works on a job holds
a lock on a byte of one file, at a place that the key says: a lock goes with its process, however
that ends.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeser.study.jobs import Job, canonical_json, is_key
from quantize.foundation.errors import EdgeserError
from quantize.foundation.files import file_error, read_bounded, write_atomically
from quantize.foundation.foreign import printable

SCHEMA = "edgeser.study-result/1"
_LIMIT_BYTES = 256 << 20
_HELD = (errno.EACCES, errno.EAGAIN)
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class Kept:
    """A result that is there.

    Parameters
    ----------
    key, name
        Of its job.
    seconds
        Wall-clock seconds that it took, with the start of its process.
    result
        What the task returned: JSON.
    """

    key: str
    name: str
    seconds: float
    result: Any


@dataclass(frozen=True, slots=True)
class Found:
    """What the store has of a job: its result, or why what is there is none."""

    kept: Kept | None
    problem: str = ""


class ResultStore:
    """The results below a folder, in ``results/KEY.json``.

    Parameters
    ----------
    root
        The study's folder; nothing is made before the first result or claim.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.folder = self.root / "results"
        self._claims = -1

    def path_of(self, key: str) -> Path:
        """Return where the result of a job is kept."""
        return self.folder / f"{key}.json"

    def find(self, key: str) -> Found:
        """Look for a result; nothing is changed.

        A file that is cut short, was altered or is of another job is no result: `Found.problem`
        names it in one line.
        """
        path = self.path_of(key)
        if not os.path.lexists(path):
            return Found(None)
        try:
            data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
        except EdgeserError as error:
            return Found(None, f"{error.message}; its job is done again")
        try:
            return Found(_parsed(data, key))
        except (EdgeserError, ArithmeticError, ValueError, LookupError, TypeError) as error:
            reason = printable(str(error))
        except RecursionError:
            reason = "lists without end"
        return Found(None, f"{path} is cut short or was altered: {reason}; its job is done again")

    def set_aside(self, key: str) -> Path | None:
        """Move a damaged result out of the way, under a name of its own; only with a claim on it.

        Returns
        -------
        Where it is now, or ``None`` when there was none.

        Raises
        ------
        BadInput
            When it cannot be moved.
        """
        path = self.path_of(key)
        aside = path.with_name(f"{key}.damaged-{secrets.token_hex(3)}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise file_error(error, path, "move") from error
        return aside

    def keep(self, job: Job, result: Any, *, seconds: float) -> Kept:
        """Write a job's result, whole or not at all.

        Raises
        ------
        BadInput
            When the result is no JSON, or the folder cannot be written.
        """
        kept = Kept(job.key, printable(job.name), round(float(seconds), 3), result)
        content = _content(kept)
        sha256 = hashlib.sha256(canonical_json(content)).hexdigest()
        write_atomically(self.path_of(job.key), canonical_json({**content, "sha256": sha256}))
        return kept

    def claim(self, key: str) -> bool:
        """Take a job for this process; ``False`` when another process works on it.

        Where the file system has no locks every claim is granted: the worst is work done twice.

        Raises
        ------
        BadInput
            When the folder cannot be written.
        """
        try:
            if self._claims < 0:
                self.folder.mkdir(parents=True, exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                self._claims = os.open(self.folder / ".claims", flags, 0o666)
            fcntl.lockf(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte_of(key))
        except OSError as error:
            if error.errno in _HELD:
                return False
            if error.errno not in _NO_LOCKS:
                raise file_error(error, self.folder, "write in") from error
        return True

    def release(self, key: str) -> None:
        """Give up a claim."""
        if self._claims >= 0:
            with suppress(OSError):
                fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, _byte_of(key))

    def close(self) -> None:
        """Give up every claim."""
        if self._claims >= 0:
            os.close(self._claims)
            self._claims = -1


def _byte_of(key: str) -> int:
    """Return the byte that is locked for a key: two of a study's keys never meet in 60 bits."""
    return int(key[:15], 16)


def _content(kept: Kept) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "key": kept.key,
        "name": kept.name,
        "seconds": kept.seconds,
        "result": kept.result,
    }


def _parsed(data: bytes, key: str) -> Kept:
    table = json.loads(data)
    if not isinstance(table, dict):
        raise TypeError("it is no JSON object")
    sha256 = table.pop("sha256")
    kept = Kept(table["key"], table["name"], table["seconds"], table["result"])
    if table["schema"] != SCHEMA:
        raise ValueError(f"its schema is {printable(str(table['schema']))}, not {SCHEMA}")
    if hashlib.sha256(canonical_json(table)).hexdigest() != sha256:
        raise ValueError("its content does not fit its SHA-256")
    if not is_key(key) or kept.key != key:
        raise ValueError(f"it is the result of another job, {printable(str(kept.key))}")
    return kept
