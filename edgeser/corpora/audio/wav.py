"""Writing mono 16-bit WAV files."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import SAMPLE_RATE

_PCM = 1
_BYTES_PER_SAMPLE = 2


def wav_bytes(samples: NDArray[np.int16], sample_rate: int = SAMPLE_RATE) -> bytes:
    """Return a mono 16-bit WAV file of int16 ``[samples]``."""
    data = samples.astype("<i2").tobytes()
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE")
    layout = struct.pack(
        "<4sIHHIIHH",
        b"fmt ",
        16,
        _PCM,
        1,
        sample_rate,
        _BYTES_PER_SAMPLE * sample_rate,
        _BYTES_PER_SAMPLE,
        8 * _BYTES_PER_SAMPLE,
    )
    return head + layout + struct.pack("<4sI", b"data", len(data)) + data
