"""Each fault that a corpus can have is found, named, and stops nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import open_corpus
from edgeser.corpora.check import check_corpus
from edgeser.report.schemas.corpus_check import corpus_check_json


def wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).normal(0, 0.05, 16_000)
    loud = np.clip(40 * noise, -1, 1)
    wav(tmp_path / "anger/kim/fine.wav", noise)
    wav(tmp_path / "anger/lee/twin.wav", noise)
    wav(tmp_path / "sadness/kim/stereo.wav", noise[::-1, None].repeat(2, axis=1), 44_100)
    wav(tmp_path / "sadness/kim/clipped.wav", loud)
    wav(tmp_path / "sadness/kim/silent.wav", np.full(16_000, 0.2) + 1e-4 * noise)
    wav(tmp_path / "sadness/kim/short.wav", noise[:1600])
    wav(tmp_path / "sadness/kim/nothing.wav", noise[:0])
    (tmp_path / "sadness/kim/zero.wav").touch()
    (tmp_path / "sadness/kim/text.wav").write_text("not audio\n" * 50)
    wav(tmp_path / "sadness/kim/cut.wav", noise)
    cut = tmp_path / "sadness/kim/cut.wav"
    cut.write_bytes(cut.read_bytes()[:9000])
    wav(tmp_path / "odd/kim/label.wav", noise[:8000])
    return tmp_path


def test_every_fault_is_found(faulty: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = check_corpus(open_corpus("generic", faulty), progress=lambda *a: steps.append(a))
    assert steps == [(i, 9) for i in range(1, 10)]
    assert not found.clean
    assert not found.usable
    assert found.clipped == ("sadness/kim/clipped",)
    assert found.silent == ("sadness/kim/silent",)
    assert found.too_short == ("sadness/kim/short",)
    assert found.duplicates == (("anger/kim/fine", "anger/lee/twin"),)
    assert found.contradictions == found.duplicates
    assert {p.path.name for p in found.corrupt} == {"text.wav", "cut.wav"}
    assert {p.path.name for p in found.empty} == {"zero.wav", "nothing.wav"}
    assert {p.path.name: p.kind for p in found.problems}["label.wav"] == "unknown-label"
    assert found.labels == {"anger": 2, "sadness": 7}
    assert found.speakers == {"kim": 8, "lee": 1}
    assert len(found.clips) == 6


def test_json(faulty: Path) -> None:
    answer = json.loads(json.dumps(corpus_check_json(check_corpus(open_corpus("generic", faulty)))))
    assert answer["schema"] == "edgeser.corpus-check/1"
    assert answer["clean"] is False
    assert answer["clipped"][0]["share"] > 0.4
    assert answer["silent"][0]["rms_dbfs"] < -60
    assert answer["sample_rates"] == {"16000": 5, "44100": 1}
    assert answer["channels"] == {"1": 5, "2": 1}
    assert len(answer["problems"]) == 5


def test_the_same_samples_in_another_container_are_duplicates(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-9000, 9000, 8000, dtype=np.int16)
    wav(tmp_path / "fear/kim/a.wav", samples)
    soundfile.write(tmp_path / "fear/kim/b.flac", samples, 16_000, subtype="PCM_16")
    found = check_corpus(open_corpus("generic", tmp_path))
    assert found.duplicates == (("fear/kim/a", "fear/kim/b"),)
    assert found.contradictions == ()


def test_what_is_left_out_on_purpose_leaves_a_corpus_usable(write_clips) -> None:
    root = write_clips("03-01-06-01-02-01-01.wav", "03-02-06-01-02-01-01.wav")
    found = check_corpus(open_corpus("ravdess", root))
    assert [p.kind for p in found.problems] == ["not-speech"]
    assert found.usable
    assert not found.clean


def test_an_interrupt_comes_through(faulty: Path) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_corpus(open_corpus("generic", faulty), progress=interrupt)
