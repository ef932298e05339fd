"""Runs of the smallest recipe that several modules look at from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.bundle import Bundle, load_bundle

Road = Any  # of ../conftest.py
MakeOnce = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def road_bundle(road: Road) -> Bundle:
    return load_bundle(road.folder / "bundle.zip")


@pytest.fixture(scope="session")
def run_folder(edgeser: Callable[..., Any], tiny_recipe: Path, made_once: MakeOnce) -> Path:
    """A trained and exported run; its later stages are not done."""

    def make(place: Path) -> None:
        for command in (("train", tiny_recipe, "--out", place / "run"), ("export", place / "run")):
            ran = edgeser(*command, timeout_s=600)
            assert ran.code == 0, ran.err

    return made_once("exported", make) / "run"


@pytest.fixture(scope="session")
def another_seed(
    edgeser: Callable[..., Any], tiny_recipe: Path, road: Road, made_once: MakeOnce
) -> Path:
    """Trained and exported on the recordings and the division of `road`, with another seed."""

    def make(place: Path) -> None:
        train = ("train", tiny_recipe, "--seed", 1, "--corpus", road.corpus)
        for command in ((*train, "--out", place / "run"), ("export", place / "run")):
            ran = edgeser(*command, timeout_s=600)
            assert ran.code == 0, ran.err

    return made_once("another-seed", make) / "run"


@pytest.fixture(scope="session")
def bundle(run_folder: Path) -> Bundle:
    return load_bundle(run_folder / "bundle.zip")


@pytest.fixture(scope="session")
def clips(road: Road, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One recording as it is, at another rate, in stereo, and made long."""
    folder = tmp_path_factory.mktemp("clips")
    source = sorted((road.folder / "synthetic-voices" / "audio").iterdir())[0]
    samples, rate = soundfile.read(source)
    assert rate == 16_000
    soundfile.write(folder / "stereo.wav", np.stack([samples, samples], axis=1), rate)
    soundfile.write(folder / "long.flac", np.tile(samples, 8), rate)
    soundfile.write(folder / "fast.wav", np.repeat(samples, 3), 48_000)
    soundfile.write(folder / "odd.wav", samples, 44_100)
    soundfile.write(folder / "short.wav", samples[:100], rate)
    (folder / "text.wav").write_text("not audio")
    return {"plain": source} | {path.stem: path for path in folder.iterdir()}
