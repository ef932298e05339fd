"""Entries of a cache on disk, each under the hash of all that it depends on.

An entry is a digest and a body. What does not check out (a cut file, a flipped bit, an entry under
another's name) is treated as absent and made again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from quantize.foundation.errors import EdgeserError
from quantize.foundation.files import read_bounded, write_atomically

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of one kind, spread over 256 subfolders by the first two digits of the key.

    Parameters
    ----------
    folder
        Where they are.
    kind
        The end of their files' names.
    limit_bytes
        The longest body that is read.
    """

    folder: Path
    kind: str
    limit_bytes: int

    def load(self, key: str) -> bytes | None:
        """Return the body, or `None` when it is absent or does not check out."""
        try:
            data = read_bounded(self._path(key), limit_bytes=_DIGEST_BYTES + self.limit_bytes)
        except EdgeserError:
            return None
        body = data[_DIGEST_BYTES:]
        return body if data[:_DIGEST_BYTES] == _digest(body, key) else None

    def store(self, key: str, body: bytes) -> bool:
        """Write the entry whole or not at all; a full or read-only disk only costs speed.

        Returns whether it was stored.
        """
        try:
            write_atomically(self._path(key), _digest(body, key) + body, sync=False)
        except EdgeserError:
            return False
        return True

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.{self.kind}"


def entry_key(*depends_on: object) -> str:
    """Return the name of an entry: SHA-256 of all that it depends on, one line each."""
    return hashlib.sha256("\n".join(map(str, depends_on)).encode()).hexdigest()


def _digest(body: bytes, key: str) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES, key=key.encode()).digest()
