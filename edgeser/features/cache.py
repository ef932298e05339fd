"""A cache of features on disk, keyed by content: frontend, file and variant."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeser.entries import Entries, entry_key
from firmware_bridge.frontend import FrontendFeatures

_HEADER = struct.Struct("<III")
_VERSION = 2
_LIMIT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """Features that were extracted once, in `folder`; see `Entries`."""

    folder: Path

    @staticmethod
    def key(*, frontend_hash: str, file_hash: str, variant: str) -> str:
        """Return the entry's name, of all that the features depend on."""
        return entry_key(_VERSION, frontend_hash, file_hash, variant)

    def load(self, key: str) -> FrontendFeatures | None:
        """Return the entry, or `None` when it is absent or does not check out."""
        body = self._entries.load(key)
        return None if body is None else _decode(body)

    def store(self, key: str, features: FrontendFeatures) -> bool:
        """Write the entry; return whether it was stored."""
        return self._entries.store(key, _encode(features))

    @property
    def _entries(self) -> Entries:
        return Entries(self.folder, "features", _LIMIT_BYTES)


def _encode(features: FrontendFeatures) -> bytes:
    frames, channels = features.amplitude.shape
    header = _HEADER.pack(frames, channels, features.phase.shape[2])
    return (
        header + features.amplitude.astype("<u2").tobytes() + features.phase.astype("<i2").tobytes()
    )


def _decode(body: bytes) -> FrontendFeatures | None:
    if len(body) < _HEADER.size:
        return None
    frames, channels, planes = _HEADER.unpack_from(body)
    values = memoryview(body)[_HEADER.size :]
    amplitude_bytes = 2 * frames * channels
    if len(values) != amplitude_bytes * (1 + planes):
        return None
    amplitude = np.frombuffer(values[:amplitude_bytes], "<u2").reshape(frames, channels)
    phase = np.frombuffer(values[amplitude_bytes:], "<i2").reshape(frames, channels, planes)
    return FrontendFeatures(amplitude=amplitude, phase=phase)
