"""Speakers are never on two sides; the same seed gives the same split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.corpora import (
    Corpus,
    CorpusChoice,
    SpeakerSplit,
    Utterance,
    describe_division,
    divide,
    published_or_folds,
)
from quantize.foundation.errors import BadInput


def corpus(speakers: dict[str, tuple[str | None, str | None]], clips: int = 2) -> Corpus:
    utterances = tuple(
        Utterance(
            path=Path(f"{name}_{take}.wav"),
            clip_id=f"{name}_{take}",
            corpus="generic",
            emotion="neutral",
            speaker=name,
            sex=sex,
            split=split,
        )
        for name, (sex, split) in sorted(speakers.items())
        for take in range(clips)
    )
    return Corpus("generic", Path("x"), utterances, ("neutral",), False, "", "")


def people(women: int, men: int, split: str | None = None) -> dict[str, tuple[str, str | None]]:
    out = {f"f{i:02d}": ("female", split) for i in range(women)}
    return out | {f"m{i:02d}": ("male", split) for i in range(men)}


def test_a_speaker_in_two_parts_is_refused() -> None:
    a, b = frozenset("a"), frozenset("b")
    for parts in ((a, a, b), (a, b, a), (b, a, a)):
        with pytest.raises(BadInput, match="disjoint, but a is"):
            SpeakerSplit(*parts)


@settings(max_examples=80)
@given(
    women=st.integers(0, 14),
    men=st.integers(0, 14),
    folds=st.integers(2, 7),
    seed=st.integers(0, 2**40),
    share=st.floats(0.02, 0.6),
)
def test_folds_cover_every_speaker_once(
    women: int, men: int, folds: int, seed: int, share: float
) -> None:
    if women + men < 3:
        return
    some = corpus(people(women, men))
    used = min(folds, women + men)
    if women + men - -(-(women + men) // used) < 2:
        return
    tested: Counter[str] = Counter()
    for fold in range(used):
        split = published_or_folds(some, seed=seed, folds=folds, fold=fold, development_share=share)
        assert split == published_or_folds(
            some, seed=seed, folds=folds, fold=fold, development_share=share
        )
        assert split.train
        assert split.development
        assert split.test
        assert split.train | split.development | split.test == set(some.speakers)
        tested.update(split.test)
        sexes = Counter(name[0] for name in split.test)
        assert abs(sexes["f"] - women / used) <= 1
        assert abs(sexes["m"] - men / used) <= 1
    assert tested == Counter(dict.fromkeys(some.speakers, 1))


def test_development_is_balanced_by_sex() -> None:
    some = corpus(people(10, 10))
    for seed in range(10):
        split = published_or_folds(some, seed=seed)
        assert {name[0] for name in split.development} == {"f", "m"}


def test_another_seed_gives_another_split() -> None:
    some = corpus(people(10, 10))
    assert len({published_or_folds(some, seed=seed).test for seed in range(8)}) > 1


def test_the_published_test_speakers_stay_whatever_the_seed() -> None:
    speakers = people(6, 6, "train") | {"t1": ("female", "test"), "t2": ("male", "test")}
    speakers["other"] = ("male", None)
    some = corpus(speakers)
    for seed in range(6):
        split = published_or_folds(some, seed=seed, fold=seed)
        assert split.test == {"t1", "t2"}
        assert "other" not in split.train | split.development | split.test
        assert len(split.development) == 2
        assert len(split.train) == 10
        assert {u.speaker for u in split.select(some.utterances, "test")} == {"t1", "t2"}


def test_published_development_speakers_are_kept() -> None:
    speakers = people(2, 2, "train") | {"d": (None, "development"), "t": (None, "test")}
    split = published_or_folds(corpus(speakers), seed=3)
    assert (split.development, split.test) == ({"d"}, {"t"})


def test_a_published_split_by_clip_is_refused() -> None:
    some = corpus(people(3, 3, "train"))
    first = some.utterances[0]
    leaky = Utterance(first.path, "again", "generic", "neutral", first.speaker, split="test")
    broken = Corpus("generic", Path("x"), (*some.utterances, leaky), ("neutral",), False, "", "")
    with pytest.raises(BadInput, match=f"disjoint, but {first.speaker}"):
        published_or_folds(broken, seed=0)


@pytest.mark.parametrize(
    ("speakers", "options", "expected"),
    [
        (people(2, 0), {}, "at least three"),
        (people(3, 3), {"fold": 5}, "fold 5 does not exist"),
        (people(3, 3), {"fold": -1}, "fold -1 does not exist"),
        (people(3, 3), {"development_share": 0.0}, "development_share"),
        (people(3, 3), {"folds": 1}, "folds"),
        (
            people(1, 0, "train") | {"t": ("male", "test"), "u": ("male", "test")},
            {},
            "left to train",
        ),
    ],
)
def test_what_cannot_be_split(
    speakers: dict[str, tuple[str | None, str | None]], options: dict[str, float], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected):
        published_or_folds(corpus(speakers), seed=0, **options)


def test_json_is_sorted() -> None:
    split = published_or_folds(corpus(people(4, 4)), seed=0)
    for names in split.to_json().values():
        assert names == sorted(names)


def test_training_folds_hold_nobody_who_is_published_to_test() -> None:
    speakers = people(6, 6, "train") | {"t1": ("female", "test"), "t2": ("male", "test")}
    speakers["other"] = ("male", None)
    some = corpus(speakers)
    tested: list[str] = []
    for fold in range(3):
        choice = CorpusChoice("some", split="training-folds", folds=3, fold=fold)
        split = divide([some], [choice])
        assert isinstance(split, SpeakerSplit)
        assert split.train | split.development | split.test == set(people(6, 6))
        tested += split.test
    assert Counter(tested) == Counter(people(6, 6).keys())
    assert describe_division(some, choice) == (
        "folds of the published training speakers: those published to test take no part"
    )


def test_training_folds_are_folds_of_all_where_nobody_is_published_to_test() -> None:
    for published in (None, "train"):
        some = corpus(people(4, 4, published))
        choice = CorpusChoice("some", split="training-folds")
        split = divide([some], [choice])
        assert split == divide([some], [CorpusChoice("some", split="folds")])
        assert "no split is published" in describe_division(some, choice)
