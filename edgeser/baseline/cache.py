"""A cache of functionals on disk, beside that of features: an entry that does not check is absent.

An entry is a header, a digest and float32 values.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import EdgeserError
from quantize.foundation.files import read_bounded, write_atomically

_MAGIC = b"EDGESERO"
_VERSION = 1
_HEADER = struct.Struct("<8sII16s")
_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FunctionalsCache:
    """Entries in `folder`, spread over 256 subfolders by the first two digits of the key."""

    folder: Path

    @staticmethod
    def key(*, functionals: str, version: str, file_hash: str) -> str:
        """Return the entry's name: SHA-256 of all that the functionals depend on.

        Parameters
        ----------
        functionals, version
            The set's name, and openSMILE's version.
        file_hash
            Of the recording.
        """
        text = f"{_VERSION}\n{functionals}\n{version}\n{file_hash}"
        return hashlib.sha256(text.encode()).hexdigest()

    def load(self, key: str, features: int) -> NDArray[np.float32] | None:
        """Return float32 ``[features]``, or `None` when it is absent or does not check out."""
        try:
            data = read_bounded(self._path(key), limit_bytes=_LIMIT_BYTES)
        except EdgeserError:
            return None
        if len(data) != _HEADER.size + 4 * features:
            return None
        magic, version, count, digest = _HEADER.unpack_from(data)
        body = data[_HEADER.size :]
        if (magic, version, count) != (_MAGIC, _VERSION, features) or digest != _digest(body, key):
            return None
        return np.frombuffer(body, "<f4").astype(np.float32)

    def store(self, key: str, values: NDArray[np.float32]) -> bool:
        """Write ``[features]`` whole or not at all; a full or read-only disk only costs speed.

        Returns whether it was stored.
        """
        body = values.astype("<f4").tobytes()
        header = _HEADER.pack(_MAGIC, _VERSION, values.size, _digest(body, key))
        try:
            write_atomically(self._path(key), header + body, sync=False)
        except EdgeserError:
            return False
        return True

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.functionals"


def _digest(body: bytes, key: str) -> bytes:
    return hashlib.blake2b(body, digest_size=16, key=key.encode()).digest()
