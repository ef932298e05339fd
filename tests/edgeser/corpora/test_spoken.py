"""Synthetic speech in which words matter: the same bytes for one seed, never half written."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import Corpus, open_corpus, published_or_folds, read_audio, write_spoken_corpus
from edgeser.corpora.synthesis import espeak as espeak_module
from edgeser.corpora.synthesis.espeak import Espeak, Manner, find_espeak
from edgeser.corpora.synthesis.spoken_text import ADJECTIVES, NEUTRAL, make_sentence
from quantize.foundation.errors import BadInput, InternalError, ToolMissing

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: apt-get install it"
)
SMALL = {"speakers": 2, "utterances": 1}


def pcm(corpus: Corpus) -> dict[str, bytes]:
    return {u.clip_id: u.path.read_bytes() for u in corpus.utterances}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: apt-get install it")
    return write_spoken_corpus(tmp_path_factory.mktemp("spoken") / "c", speakers=4, utterances=1)


def test_no_adjective_tells_two_emotions() -> None:
    words = [word for adjectives in ADJECTIVES.values() for word in adjectives]
    assert len(words) == len(set(words))
    random = np.random.default_rng(0)
    for emotion, adjectives in ADJECTIVES.items():
        said = {w for _ in range(50) for w in make_sentence(emotion, random).split()}
        assert len(said & set(adjectives)) >= 3
        assert not said & (set(words) - set(adjectives))


def test_what_is_in_it(spoken: Corpus) -> None:
    assert spoken.synthetic
    assert spoken.name == "spoken"
    assert "no human" in spoken.citation
    assert not spoken.problems
    assert spoken.emotions == ("anger", "happiness", "neutral", "sadness")
    assert Counter(u.emotion for u in spoken.utterances) == dict.fromkeys(spoken.emotions, 16)
    assert Counter(spoken.sex_of_speakers().values()) == {"female": 2, "male": 2}
    ways = Counter((u.wording, u.prosody) for u in spoken.utterances)
    assert ways == {
        ("emotional", "agrees"): 12,
        ("emotional", "flat"): 12,
        ("emotional", "disagrees"): 12,
        ("neutral", "alone"): 12,
        ("neutral", "flat"): 16,
    }
    for utterance in spoken.utterances[::7]:
        assert 1.0 <= len(read_audio(utterance.path)) / 16_000 <= 6.0


def test_the_label_is_the_words_where_they_say_one_else_the_voices(spoken: Corpus) -> None:
    with (spoken.root / "manifest.csv").open() as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        words, voice, label = row["words_emotion"], row["voice_emotion"], row["emotion"]
        assert label == (words if words != NEUTRAL else voice)
        assert (row["wording"] == "emotional") == (words != NEUTRAL)
        assert (row["prosody"] == "flat") == (voice == NEUTRAL)
        assert (row["prosody"] == "agrees") == (words == voice != NEUTRAL)
        assert (row["prosody"] == "disagrees") == (NEUTRAL not in (words, voice) and words != voice)
        told = {
            e for e, adjectives in ADJECTIVES.items() if set(row["text"].split()) & {*adjectives}
        }
        assert told == {words}


def test_speakers_are_voices_and_never_cross_a_split(spoken: Corpus) -> None:
    with (spoken.root / "manifest.csv").open() as table:
        voices = {(row["speaker"], row["voice"]) for row in csv.DictReader(table)}
    assert len(voices) == len(dict(voices)) == 4
    assert len({voice.partition("+")[2] for _, voice in voices}) == 4
    split = published_or_folds(spoken, seed=0)
    parts = [split.train, split.development, split.test]
    assert all(parts)
    assert not (parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2])


def test_a_flat_voice_moves_less_and_anger_is_louder(spoken: Corpus) -> None:
    def level(emotion: str) -> float:
        alone = [u for u in spoken.utterances if (u.emotion, u.prosody) == (emotion, "alone")]
        powers = [np.mean(np.square(read_audio(u.path) / 32768.0)) for u in alone]
        return float(10 * np.log10(np.mean(powers)))

    assert level("anger") - level("sadness") > 5.0


@needs_espeak
def test_the_same_seed_gives_the_same_bytes_and_an_intact_corpus_is_reused(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    first = pcm(write_spoken_corpus(tmp_path / "a", seed=5, **SMALL))
    again = pcm(
        write_spoken_corpus(tmp_path / "b", seed=5, progress=lambda *a: calls.append(a), **SMALL)
    )
    assert first == again
    assert calls[-1] == (32, 32)
    calls.clear()
    write_spoken_corpus(tmp_path / "b", seed=5, progress=lambda *a: calls.append(a), **SMALL)
    assert not calls
    clip = next((tmp_path / "b" / "audio").iterdir())
    clip.write_bytes(clip.read_bytes() + b"x")
    assert pcm(write_spoken_corpus(tmp_path / "b", seed=5, **SMALL)) == first


def test_without_the_program_it_says_so_and_reuses_what_is_there(
    spoken: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espeak_module.shutil, "which", lambda name: None)
    with pytest.raises(ToolMissing, match="espeak-ng is not installed") as refused:
        write_spoken_corpus(tmp_path / "new", **SMALL)
    assert "apt-get install" in refused.value.hint
    assert not (tmp_path / "new").exists()
    again = write_spoken_corpus(spoken.root, speakers=4, utterances=1)
    assert pcm(again) == pcm(spoken)


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        ("exit 1", InternalError, "failed"),
        ("echo 'no voice here' >&2; exit 1", BadInput, "has no voice"),
        ("exit 0", InternalError, "failed"),
        ("kill -9 $$", InternalError, "failed"),
        (
            'while [ $# -gt 0 ]; do [ "$1" = -w ] && echo nonsense > "$2"; shift; done',
            InternalError,
            "wrote no sound",
        ),
    ],
)
def test_a_program_that_fails_is_one_line(
    tmp_path: Path, script: str, error: type[Exception], said: str
) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(error, match=said) as failed:
        Espeak(program, "1.0").say("Hello.", Manner("en-us+f1", 170, 50, 1.0), tmp_path)
    assert "\n" not in str(failed.value)


def test_a_program_that_never_ends_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(espeak_module, "_TIMEOUT_S", 1.0)
    with pytest.raises(InternalError, match="took longer than 1 s"):
        Espeak(program, "1.0").say("Hello.", Manner("en-us+f1", 170, 50, 1.0), tmp_path)


def test_a_program_of_that_name_that_is_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\nprintf 'I am \\033[31mother\\n'\n")
    program.chmod(0o755)
    monkeypatch.setattr(espeak_module.shutil, "which", lambda name: str(program))
    with pytest.raises(ToolMissing, match="does not answer as espeak-ng does") as refused:
        find_espeak()
    assert "\x1b" not in refused.value.message


@needs_espeak
def test_markup_in_a_text_is_said_and_not_obeyed(tmp_path: Path) -> None:
    program, manner = find_espeak(), Manner("en-us+m1", 170, 50, 1.0)
    plain = program.say("a < b & c", manner, tmp_path)
    assert len(plain) > 4000
    spelled = program.say('<audio src="/dev/zero"/> hello', manner, tmp_path)
    assert len(spelled) > len(program.say("hello", manner, tmp_path)) + 4000


@pytest.mark.parametrize(
    "options",
    [{"speakers": 1}, {"speakers": 17}, {"utterances": 0}, {"seed": -1}, {"utterances": 10**6}],
)
def test_numbers_that_make_no_sense(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="cannot make"):
        write_spoken_corpus(tmp_path / "c", **options)  # type: ignore[arg-type]


def test_another_folder_is_refused_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("mine")
    with pytest.raises(BadInput, match="holds something else"):
        write_spoken_corpus(tmp_path, **SMALL)
    with pytest.raises(BadInput, match=r"spoken\.json is missing"):
        open_corpus("spoken", tmp_path)
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "spoken.json").write_text(json.dumps({"sha256": "x"}))
    with pytest.raises(BadInput, match="does not exist"):
        open_corpus("spoken", tmp_path / "y")
