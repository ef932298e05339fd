"""`edgeser features` on recordings of one name: each has its features, nothing is replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

Edgeser = Callable[..., Any]
FILES = {"a/x.wav": 0.3, "b/x.wav": 0.4, "b/x.flac": 0.5, "c/y.wav": 0.6, "c/Y.flac": 0.7}


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Recordings of other lengths each, so that features say whose they are."""
    rng = np.random.default_rng(0)
    for name, seconds in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, rng.normal(0.0, 0.1, round(16_000 * seconds)), 16_000)
    return [tmp_path / name for name in FILES]


def test_no_features_replace_anothers(edgeser: Edgeser, clips: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = edgeser("features", *clips, clips[0], "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert "given more than once" in ran.err
    told = json.loads(ran.out)["files"]
    assert [entry["input"] for entry in told] == [str(clip) for clip in clips]
    assert {Path(entry["output"]) for entry in told} == set(out.rglob("*.npz"))
    names = [Path(entry["output"]).relative_to(out).as_posix() for entry in told]
    assert names == ["a/x.npz", "b/x.wav.npz", "b/x.flac.npz", "y.wav.npz", "Y.flac.npz"]
    for entry, seconds in zip(told, FILES.values(), strict=True):
        with np.load(entry["output"], allow_pickle=False) as found:
            assert found["amplitude"].shape[0] == entry["frames"] == 98 - round(100 - 100 * seconds)


def test_the_help_says_what_happens(edgeser: Edgeser) -> None:
    told = " ".join(edgeser("features", "--help").out.split())
    assert "those of several folders go below the folders' names" in told
    assert "that differ in the suffix keep it" in told
