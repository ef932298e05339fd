"""A cache of functionals on disk, beside that of features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.entries import Entries, entry_key

_VERSION = 2
_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FunctionalsCache:
    """Functionals that were computed once, in `folder`, as float32 values; see `Entries`."""

    folder: Path

    @staticmethod
    def key(*, functionals: str, version: str, file_hash: str) -> str:
        """Return the entry's name, of all that the functionals depend on.

        Parameters
        ----------
        functionals, version
            The set's name, and openSMILE's version.
        file_hash
            Of the recording.
        """
        return entry_key(_VERSION, functionals, version, file_hash)

    def load(self, key: str, features: int) -> NDArray[np.float32] | None:
        """Return float32 ``[features]``, or `None` when it is absent or does not check out."""
        body = self._entries.load(key)
        if body is None or len(body) != 4 * features:
            return None
        return np.frombuffer(body, "<f4").astype(np.float32)

    def store(self, key: str, values: NDArray[np.float32]) -> bool:
        """Write ``[features]``; return whether it was stored."""
        return self._entries.store(key, values.astype("<f4").tobytes())

    @property
    def _entries(self) -> Entries:
        return Entries(self.folder, "functionals", _LIMIT_BYTES)
