"""The embedded calibration clips are what their script makes, and small."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from edgeser.corpora import open_corpus, read_audio

HERE = Path(__file__).resolve().parents[1] / "calibration_data"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_calibration", HERE / "make.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sums() -> dict[str, str]:
    lines = (HERE / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_clip_has_the_samples_that_its_sum_says(make: ModuleType) -> None:
    files = sorted((HERE / "clips").rglob("*.flac"))
    assert {str(path.relative_to(HERE)) for path in files} == set(sums())
    for path in files:
        assert make.pcm_hash(read_audio(path)) == sums()[str(path.relative_to(HERE))]
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_the_script_makes_these_very_clips(make: ModuleType, tmp_path: Path) -> None:
    made = make.chosen_clips(make.synthesise(tmp_path / "voices"))
    found = {f"clips/{name}.flac": make.pcm_hash(samples) for name, samples in made}
    assert found == sums()


def test_it_is_a_corpus_of_four_voices_in_six_emotions() -> None:
    corpus = open_corpus("generic", HERE / "clips")
    assert len(corpus.speakers) == 4
    assert len(corpus.emotions) == 6
    assert len(corpus.utterances) == 24
    assert not corpus.problems
