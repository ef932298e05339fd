"""Runs of the smallest recipe that several modules look at from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.bundle import Bundle, load_bundle
from tests.commands import Ran

MakeOnce = Callable[[str, Callable[[Path], None]], Path]


@dataclass(frozen=True)
class Road:
    """A finished run: its folder and what the command said."""

    folder: Path
    ran: Any

    @property
    def corpus(self) -> str:
        """Its recordings, for ``--corpus``."""
        return f"synthetic:{self.folder / 'synthetic-voices'}"


@pytest.fixture(scope="session")
def road(edgeser: Callable[..., Any], tiny_recipe: Path, made_once: MakeOnce) -> Road:
    """The whole road."""

    def make(place: Path) -> None:
        ran = edgeser("run", tiny_recipe, "--out", place / "run", "--json")
        assert ran.code == 0, ran.err
        (place / "said.json").write_text(json.dumps(asdict(ran)))

    place = made_once("road", make)
    return Road(place / "run", Ran(**json.loads((place / "said.json").read_text())))


@pytest.fixture(scope="session")
def road_bundle(road: Road) -> Bundle:
    return load_bundle(road.folder / "bundle.zip")


@pytest.fixture(scope="session")
def run_folder(edgeser: Callable[..., Any], tiny_recipe: Path, made_once: MakeOnce) -> Path:
    """A trained and exported run; its later stages are not done."""

    def make(place: Path) -> None:
        for command in (("train", tiny_recipe, "--out", place / "run"), ("export", place / "run")):
            ran = edgeser(*command)
            assert ran.code == 0, ran.err

    return made_once("exported", make) / "run"


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
