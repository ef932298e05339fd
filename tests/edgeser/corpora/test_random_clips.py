"""The protocol random-clips: alike in each label, never by default, and always said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edgeser.corpora import (
    Corpus,
    CorpusChoice,
    Member,
    SpeakerSplit,
    Utterance,
    caveat_of,
    describe_division,
    divide,
    division_from_json,
    join,
)
from edgeser.corpora.parts import PARTS
from edgeser.corpora.random_clips import RandomClips
from quantize.foundation.errors import BadInput


def corpus(name: str, speakers: int = 4, clips: int = 12) -> Corpus:
    utterances = tuple(
        Utterance(
            Path(f"{name}-{s}-{c}.wav"), f"{s}/{c:02d}", name, ("anger", "joy", "fear")[c % 3], s
        )
        for s in map(str, range(speakers))
        for c in range(clips)
    )
    return Corpus(name, Path("/data") / name, utterances, ("anger", "fear", "joy"), False, "", "")


def joined(*choices: CorpusChoice) -> Corpus:
    return join([Member(choice, corpus(choice.name)) for choice in choices])


def test_it_is_never_the_default() -> None:
    choice = CorpusChoice("a")
    assert choice.split == "published"
    split = divide(joined(choice).members, [choice])
    assert isinstance(split, SpeakerSplit)
    assert caveat_of(split) == ""


def test_every_speaker_is_on_all_sides_and_labels_are_alike() -> None:
    choice = CorpusChoice("a", split="random-clips", folds=4, development_share=0.25)
    found = joined(choice)
    split = divide(found.members, [choice])
    parts = {part: split.select(found.utterances, part) for part in PARTS}
    assert sum(map(len, parts.values())) == len(found.utterances) == 48
    assert len(parts["test"]) == 12
    assert Counter(u.emotion for u in parts["test"]) == {"anger": 4, "fear": 4, "joy": 4}
    assert {u.speaker for u in parts["train"]} >= {u.speaker for u in parts["test"]}
    assert caveat_of(split) == "hears its test speakers in training"
    assert "hears its test speakers" in describe_division(found.members[0], choice)


def test_over_all_folds_each_clip_is_tested_once() -> None:
    found = joined(CorpusChoice("a"))
    tested: Counter[str] = Counter()
    for fold in range(5):
        choice = CorpusChoice("a", split="random-clips", fold=fold)
        tested.update(divide(found.members, [choice]).test)
    assert tested == Counter({u.clip_id: 1 for u in found.utterances})


def test_the_seed_draws() -> None:
    found = joined(CorpusChoice("a"))
    of_seed = [
        divide(found.members, [CorpusChoice("a", split="random-clips", seed=seed)])
        for seed in (0, 0, 1)
    ]
    assert of_seed[0] == of_seed[1] != of_seed[2]


def test_a_corpus_beside_it_keeps_its_speakers_apart() -> None:
    choices = [
        CorpusChoice("a", split="random-clips"),
        CorpusChoice("b"),
        CorpusChoice("c", split="random-clips", role="train"),
        CorpusChoice("d", split="random-clips", role="test"),
    ]
    found = joined(*choices)
    split = divide(found.members, choices)
    parts = {part: split.select(found.utterances, part) for part in PARTS}
    of_b = [{u.speaker for u in clips if u.corpus == "b"} for clips in parts.values()]
    assert all(of_b)
    assert sum(map(len, of_b)) == len(set().union(*of_b)) == 4
    assert not any(u.corpus == "c" for u in parts["test"])
    assert {u.corpus for u in parts["train"]} == {"a", "b", "c"}
    assert sum(u.corpus == "d" for u in parts["test"]) == 48


def test_both_kinds_are_read_back() -> None:
    for split in ("random-clips", "folds"):
        choice = CorpusChoice("a", split=split)  # type: ignore[arg-type]
        division = divide(joined(choice).members, [choice])
        assert division_from_json(division.to_json()) == division


def test_a_clip_in_two_parts_is_refused() -> None:
    with pytest.raises(BadInput, match="x is in two parts"):
        RandomClips(frozenset("x"), frozenset("y"), frozenset("x"))
