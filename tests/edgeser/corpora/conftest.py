"""Tiny audio in the published layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

WriteClips = Callable[..., Path]


def tone(seconds: float, *, rate: int = 16_000, seed: int = 0) -> np.ndarray:
    """A quiet buzz with noise; another seed gives other samples."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(0.0, 0.01, len(time))
    return 0.1 * np.sin(2 * np.pi * (150 + seed) * time) + noise


@pytest.fixture
def write_clips(tmp_path: Path) -> WriteClips:
    """Write short clips under the given relative names; returns the folder."""

    def write(*names: str, root: Path | None = None) -> Path:
        folder = root or tmp_path / "corpus"
        for seed, name in enumerate(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(0.4, seed=seed), 16_000, subtype="PCM_16")
        return folder

    return write
