"""Real CREMA-D, where it is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeser.corpora import open_corpus, published_or_folds, read_audio

pytestmark = pytest.mark.corpus


def test_real_cremad(cremad: Path) -> None:
    corpus = open_corpus("cremad", cremad)
    assert len(corpus.utterances) >= 4000
    assert corpus.emotions == ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
    assert not corpus.synthetic
    assert not [p for p in corpus.problems if p.kind != "not-in-split"]
    for utterance in corpus.utterances:
        assert utterance.sex in ("female", "male")
        assert utterance.age is not None
        assert 18 <= utterance.age <= 80
        assert utterance.votes is not None
        assert sum(share for _, share in utterance.votes) == pytest.approx(1.0)
    samples = read_audio(corpus.utterances[0].path)
    assert 16_000 < len(samples) < 6 * 16_000


def test_people_hear_the_intended_emotion_as_often_as_published(cremad: Path) -> None:
    """Cao et al. (2014) give 40.9 % for the voice alone, 58.2 % for the face, 63.6 % for both."""
    corpus = open_corpus("cremad", cremad)
    shares = [dict(u.votes or ()).get(u.emotion, 0.0) for u in corpus.utterances]
    assert 0.37 < sum(shares) / len(shares) < 0.46


def test_the_published_split(cremad: Path) -> None:
    if not (cremad / "speaker_splits.json").is_file():
        pytest.skip("no speaker_splits.json beside this CREMA-D")
    corpus = open_corpus("cremad", cremad)
    split = published_or_folds(corpus, seed=0)
    assert len(split.test) == 8
    assert len(split.train | split.development) == 42
    assert len(split.development) == 5
    sex = corpus.sex_of_speakers()
    assert {sex[speaker] for speaker in split.development} == {"female", "male"}
    assert published_or_folds(corpus, seed=1).test == split.test
    assert published_or_folds(corpus, seed=1).development != split.development
