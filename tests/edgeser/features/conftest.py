"""Short clips to compute features of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

WriteClip = Callable[..., Path]


@pytest.fixture
def write_clip(tmp_path: Path) -> WriteClip:
    """Write a clip of noise under a name, with options; returns its path."""

    def write(name: str, *, seconds: float = 0.5, rate: int = 16_000, channels: int = 1) -> Path:
        path = tmp_path / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(list(name.encode()))
        samples = rng.normal(0.0, 0.1, (round(seconds * rate), channels))
        soundfile.write(path, samples, rate, subtype="PCM_16")
        return path

    return write
