"""The embedded corpus: the same for the same seed, honest about itself, never half written."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import Corpus, open_corpus, published_or_folds, read_audio
from edgeser.corpora.check import check_corpus
from edgeser.corpora.synthesis.synthetic import write_synthetic_corpus
from edgeser.report.schemas.corpus_check import corpus_check_json
from quantize.foundation.errors import BadInput

SMALL = {"speakers": 2, "utterances": 1}


def pcm(corpus: Corpus) -> dict[str, bytes]:
    return {u.clip_id: u.path.read_bytes() for u in corpus.utterances}


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_synthetic_corpus(
        tmp_path_factory.mktemp("voices") / "v", seed=1, speakers=8, utterances=2
    )


def test_what_is_in_it(voices: Corpus) -> None:
    assert voices.synthetic
    assert voices.name == "synthetic"
    assert voices.emotions == ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
    assert len(voices.utterances) == 8 * 6 * 2
    assert Counter(voices.sex_of_speakers().values()) == {"female": 4, "male": 4}
    assert not voices.problems
    for utterance in voices.utterances:
        samples = read_audio(utterance.path)
        assert 2.0 <= len(samples) / 16_000 <= 3.0
    split = published_or_folds(voices, seed=0)
    assert split.train
    assert split.test


def test_nothing_is_wrong_with_it(voices: Corpus) -> None:
    found = check_corpus(voices)
    assert found.clean
    assert found.synthetic
    assert corpus_check_json(found)["synthetic"] is True


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = pcm(write_synthetic_corpus(tmp_path / "a", seed=5, **SMALL))
    again = pcm(write_synthetic_corpus(tmp_path / "b", seed=5, **SMALL))
    other = pcm(write_synthetic_corpus(tmp_path / "c", seed=6, **SMALL))
    assert first == again
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_a_larger_corpus_contains_the_smaller(tmp_path: Path) -> None:
    small = pcm(write_synthetic_corpus(tmp_path / "a", **SMALL))
    large = pcm(write_synthetic_corpus(tmp_path / "b", speakers=3, utterances=1))
    assert small.items() < large.items()


def test_reused_while_intact_and_made_anew_when_damaged(tmp_path: Path) -> None:
    root = tmp_path / "v"
    calls: list[tuple[int, int]] = []
    first = write_synthetic_corpus(root, progress=lambda *a: calls.append(a), **SMALL)
    assert calls == [(i, 12) for i in range(1, 13)]
    before = pcm(first)
    calls.clear()
    write_synthetic_corpus(root, progress=lambda *a: calls.append(a), **SMALL)
    assert calls == []
    clip = first.utterances[3].path
    clip.write_bytes(clip.read_bytes()[:-2] + b"\x01\x02")
    assert pcm(write_synthetic_corpus(root, **SMALL)) == before
    clip.unlink()
    assert len(open_corpus("synthetic", root).problems) == 1
    assert pcm(write_synthetic_corpus(root, **SMALL)) == before
    write_synthetic_corpus(root, seed=9, **SMALL)
    assert json.loads((root / "synthetic.json").read_text())["seed"] == 9
    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    root = tmp_path / "v"
    before = pcm(write_synthetic_corpus(root, **SMALL))

    def interrupt(done: int, _total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_synthetic_corpus(root, seed=3, progress=interrupt, **SMALL)
    assert pcm(open_corpus("synthetic", root)) == before
    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def test_a_full_disk_is_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "v"
    before = pcm(write_synthetic_corpus(root, **SMALL))
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name.startswith("s02_fear"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BadInput, match="No space left on device") as caught:
        write_synthetic_corpus(root, seed=3, **SMALL)
    assert "\n" not in str(caught.value)
    assert pcm(open_corpus("synthetic", root)) == before
    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInput, match="holds something else"):
        write_synthetic_corpus(tmp_path, **SMALL)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    with pytest.raises(BadInput, match="holds something else"):
        write_synthetic_corpus(tmp_path / "thesis.txt", **SMALL)


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput) as caught:
        write_synthetic_corpus(tmp_path / "file" / "v", **SMALL)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "file" / "v") in caught.value.message


@pytest.mark.parametrize(
    "options",
    [{"speakers": 1}, {"utterances": 0}, {"seed": -1}, {"speakers": 10_000, "utterances": 1_000}],
)
def test_numbers_that_make_no_sense(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="cannot make"):
        write_synthetic_corpus(tmp_path / "v", **options)


def test_a_folder_without_specification_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no synthetic voices"):
        open_corpus("synthetic", tmp_path)


def loudness(corpus: Corpus, emotion: str) -> float:
    levels = [
        np.sqrt(np.mean(read_audio(u.path).astype(float) ** 2))
        for u in corpus.utterances
        if u.emotion == emotion
    ]
    return float(np.mean(20 * np.log10(levels)))


def test_anger_is_loud_and_sadness_is_soft(voices: Corpus) -> None:
    assert loudness(voices, "anger") > loudness(voices, "neutral") + 3
    assert loudness(voices, "sadness") < loudness(voices, "neutral") - 2
