"""A cache of features on disk, keyed by content: frontend, file and variant.

An entry is a small header, a digest and the raw arrays. What does not check out (another version, a
cut file, a flipped bit) is treated as absent and computed again.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_bridge.frontend import FrontendFeatures
from quantize.foundation.errors import EdgeserError
from quantize.foundation.files import read_bounded, write_atomically

_MAGIC = b"EDGESERF"
_HEADER = struct.Struct("<8sIIII16s")
_VERSION = 1
_LIMIT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """Entries in `folder`, spread over 256 subfolders by the first two digits of the key."""

    folder: Path

    @staticmethod
    def key(*, frontend_hash: str, file_hash: str, variant: str) -> str:
        """Return the entry's name: SHA-256 of all that the features depend on."""
        text = f"{_VERSION}\n{frontend_hash}\n{file_hash}\n{variant}"
        return hashlib.sha256(text.encode()).hexdigest()

    def load(self, key: str) -> FrontendFeatures | None:
        """Return the entry, or `None` when it is absent or does not check out."""
        try:
            data = read_bounded(self._path(key), limit_bytes=_LIMIT_BYTES)
        except EdgeserError:
            return None
        return _decode(data, key)

    def store(self, key: str, features: FrontendFeatures) -> bool:
        """Write the entry whole or not at all; a full or read-only disk only costs speed.

        Returns whether it was stored.
        """
        try:
            write_atomically(self._path(key), _encode(features, key), sync=False)
        except EdgeserError:
            return False
        return True

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.features"


def _digest(body: bytes | memoryview, key: str) -> bytes:
    return hashlib.blake2b(body, digest_size=16, key=key.encode()).digest()


def _encode(features: FrontendFeatures, key: str) -> bytes:
    frames, channels = features.amplitude.shape
    planes = features.phase.shape[2]
    body = features.amplitude.astype("<u2").tobytes() + features.phase.astype("<i2").tobytes()
    header = _HEADER.pack(_MAGIC, _VERSION, frames, channels, planes, _digest(body, key))
    return header + body


def _decode(data: bytes, key: str) -> FrontendFeatures | None:
    if len(data) < _HEADER.size:
        return None
    magic, version, frames, channels, planes, digest = _HEADER.unpack_from(data)
    amplitude_bytes = 2 * frames * channels
    body = memoryview(data)[_HEADER.size :]
    if (magic, version) != (_MAGIC, _VERSION) or len(body) != amplitude_bytes * (1 + planes):
        return None
    if _digest(body, key) != digest:
        return None
    amplitude = np.frombuffer(body[:amplitude_bytes], "<u2").reshape(frames, channels)
    phase = np.frombuffer(body[amplitude_bytes:], "<i2").reshape(frames, channels, planes)
    return FrontendFeatures(amplitude=amplitude, phase=phase)
