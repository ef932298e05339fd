"""Several corpora as one: names, labels, sounds that are there twice, and who is tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import (
    Corpus,
    CorpusChoice,
    LabelsConfig,
    Member,
    Utterance,
    divide,
    join,
    read_audio,
    without_same_person,
)
from edgeser.corpora.choice import refuse_same_names
from quantize.foundation.errors import BadInput

RATE = 16_000


def corpus(root: Path, name: str, *clips: tuple[str, str], seed: int = 0) -> Corpus:
    """A corpus of clips as (speaker, label), each with a sound of its own."""
    rng = np.random.default_rng([seed, *name.encode()])
    utterances = []
    for number, (speaker, label) in enumerate(clips):
        path = root / name / f"{speaker}_{label}_{number:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, rng.integers(-3000, 3000, 1600, np.int16), RATE)
        sex = "female" if speaker.startswith("f") else "male"
        utterances.append(Utterance(path, path.stem, name, label, speaker, sex=sex))
    return Corpus(
        name=name,
        root=root / name,
        utterances=tuple(utterances),
        emotions=tuple(sorted({label for _, label in clips})),
        synthetic=False,
        licence=f"licence of {name}",
        citation="",
    )


def two_people(*labels: str) -> list[tuple[str, str]]:
    return [(speaker, label) for speaker in ("f1", "m1") for label in labels]


def four_people(*labels: str) -> list[tuple[str, str]]:
    return [(speaker, label) for speaker in ("f1", "m1", "f2", "m2") for label in labels]


def test_clips_and_speakers_bear_the_name_of_their_corpus(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *two_people("anger", "fear"))
    two = corpus(tmp_path, "two", *two_people("anger", "sadness"))
    found = join([Member(CorpusChoice("one"), one), Member(CorpusChoice("two"), two)])
    assert found.speakers == ("one/f1", "one/m1", "two/f1", "two/m1")
    assert len({u.clip_id for u in found.utterances}) == 8
    assert all(u.clip_id.startswith(f"{u.corpus}/") for u in found.utterances)
    assert found.emotions == ("anger", "fear", "sadness")
    assert found.licence == "one: licence of one; two: licence of two"
    assert [member.name for member in found.members] == ["one", "two"]


def test_one_corpus_is_a_list_of_one(tmp_path: Path) -> None:
    found = join([Member(CorpusChoice("one"), corpus(tmp_path, "one", *two_people("anger")))])
    assert found.speakers == ("one/f1", "one/m1")
    assert (found.name, found.licence) == ("one", "licence of one")


def test_labels_are_mapped_and_left_out_for_one_corpus_and_for_all(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *two_people("anger", "calm", "boredom"))
    two = corpus(tmp_path, "two", *two_people("anger", "calm", "neutral", "surprise"))
    choices = (CorpusChoice("one", labels={"boredom": "sad"}), CorpusChoice("two"))
    found = join(
        [Member(choices[0], one), Member(choices[1], two)],
        LabelsConfig(map={"calm": "neutral"}, leave_out=("surprise",)),
    )
    assert found.emotions == ("anger", "neutral", "sadness")
    assert sum(u.emotion == "neutral" for u in found.utterances) == 6
    (problem,) = found.problems
    assert (problem.kind, problem.path) == ("label-left-out", tmp_path / "two")
    assert problem.detail == "as the recipe says: 2 clips of surprise"


def test_a_label_that_is_no_emotion_is_refused_with_the_nearest(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *two_people("anger"))
    with pytest.raises(BadInput, match="hapiness") as caught:
        join([Member(CorpusChoice("one", labels={"hapiness": "anger"}), one)])
    assert "happiness" in str(caught.value.hint)


def test_votes_follow_the_mapping(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", ("f1", "calm"))
    clip = one.utterances[0]
    voted = Utterance(
        clip.path, clip.clip_id, "one", "calm", "f1", votes=(("calm", 0.5), ("neutral", 0.25))
    )
    member = Member(
        CorpusChoice("one", labels={"calm": "neutral"}), replace(one, utterances=(voted,))
    )
    (heard,) = join([member]).utterances
    assert (heard.emotion, heard.votes) == ("neutral", (("neutral", 0.75),))


def test_a_corpus_to_test_on_brings_no_label_of_its_own(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *two_people("anger", "fear"))
    two = corpus(tmp_path, "two", *two_people("anger", "boredom"))
    found = join([Member(CorpusChoice("one"), one), Member(CorpusChoice("two", role="test"), two)])
    assert found.emotions == ("anger", "fear")
    assert {u.emotion for u in found.utterances if u.corpus == "two"} == {"anger"}
    assert [p.kind for p in found.problems] == ["label-not-learned"]


def test_a_corpus_that_is_all_in_another_is_refused(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *four_people("anger", "fear"))
    again = replace(one, name="two")
    with pytest.raises(BadInput, match="all recordings of two are in one too") as caught:
        join([Member(CorpusChoice("one"), one), Member(CorpusChoice("two"), again)])
    assert caught.value.hint == "give them once"


@pytest.mark.parametrize("role", ["train", "test", "both"])
def test_corpora_without_a_common_label_are_refused(tmp_path: Path, role) -> None:
    one = corpus(tmp_path, "one", *two_people("anger", "fear"))
    two = corpus(tmp_path, "two", *two_people("boredom", "calm"))
    with pytest.raises(BadInput, match=r"(one|two) has no label in common"):
        join([Member(CorpusChoice("one"), one), Member(CorpusChoice("two", role=role), two)])


def test_the_same_sound_in_two_corpora_counts_once_and_joins_the_people(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *four_people("anger", "fear"))
    two = corpus(tmp_path, "two", *four_people("anger", "fear"))
    copied = two.utterances[0]
    copied.path.write_bytes(one.utterances[5].path.read_bytes())
    found = join([Member(CorpusChoice("one"), one), Member(CorpusChoice("two"), two)])
    assert len(found.utterances) == 15
    assert found.doubles == ((f"two/{copied.clip_id}", f"one/{one.utterances[5].clip_id}"),)
    (problem,) = found.problems
    assert (problem.kind, problem.path) == ("in-two-corpora", copied.path)
    assert "which calls it fear" in problem.detail
    assert found.same_person == (("two/f1", "one/f2"),)


def test_a_person_with_two_names_is_never_in_two_parts(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", *four_people("anger", "fear"))
    two = corpus(tmp_path, "two", *four_people("anger", "fear"))
    two.utterances[0].path.write_bytes(one.utterances[0].path.read_bytes())
    choices = (CorpusChoice("one", role="train"), CorpusChoice("two", role="test"))
    found = join([Member(choices[0], one), Member(choices[1], two)])
    split, left_out = without_same_person(divide(found.members, choices), found.same_person)
    assert left_out == ("two/f1",)
    assert split.test == {"two/m1", "two/f2", "two/m2"}


def test_roles_divide_speakers(tmp_path: Path) -> None:
    corpora = [corpus(tmp_path, name, *four_people("anger", "fear")) for name in ("a", "b", "c")]
    choices = (
        CorpusChoice("a"),
        CorpusChoice("b", role="train"),
        CorpusChoice("c", role="test"),
    )
    found = join([Member(c, m) for c, m in zip(choices, corpora, strict=True)])
    split = divide(found.members, choices)
    assert {s for s in split.test if s.startswith("c/")} == {"c/f1", "c/f2", "c/m1", "c/m2"}
    assert not any(s.startswith("b/") for s in split.test)
    assert any(s.startswith("a/") for s in split.test)
    for name in ("a/", "b/"):
        assert sum(s.startswith(name) for s in split.development) == 1
    assert len(split.train | split.development | split.test) == 12


def test_development_speakers_of_a_large_corpus_are_of_both_sexes(tmp_path: Path) -> None:
    people = [(f"{sex}{number}", "anger") for sex in "fm" for number in range(6)]
    choices = (CorpusChoice("a", role="train"), CorpusChoice("b", role="test"))
    found = join(
        [
            Member(choices[0], corpus(tmp_path, "a", *people)),
            Member(choices[1], corpus(tmp_path, "b", ("f1", "anger"))),
        ]
    )
    development = divide(found.members, choices).development
    assert {speaker[2] for speaker in development} == {"f", "m"}


def test_a_training_needs_somebody_to_test_and_to_choose_by(tmp_path: Path) -> None:
    choices = (CorpusChoice("a", role="train"),)
    found = join([Member(choices[0], corpus(tmp_path, "a", *four_people("anger")))])
    with pytest.raises(BadInput, match="every corpus has the role 'train'"):
        divide(found.members, choices)
    choices = (CorpusChoice("a", role="train"), CorpusChoice("b", role="test"))
    found = join(
        [
            Member(choices[0], corpus(tmp_path, "a", ("f1", "anger"))),
            Member(choices[1], corpus(tmp_path, "b", ("f1", "anger"))),
        ]
    )
    with pytest.raises(BadInput, match="no speaker is left to choose the epoch by"):
        divide(found.members, choices)


def test_a_name_twice_and_a_weight_of_nothing_are_refused() -> None:
    with pytest.raises(BadInput, match="the corpus x is named twice") as caught:
        refuse_same_names([CorpusChoice("x"), CorpusChoice("x")])
    assert caught.value.hint == "give one a name of its own: --corpus mine=x:PATH"
    same = [CorpusChoice("x", path="a"), CorpusChoice("x", path="a")]
    with pytest.raises(BadInput, match="the corpus x is named twice") as caught:
        refuse_same_names(same)
    assert caught.value.hint == "give its folder once"
    for weight in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="the weight of x is"):
            CorpusChoice("x", weight=weight)
    for name in ("", "a/b", "x" * 65):
        with pytest.raises(BadInput, match="a corpus cannot be named"):
            CorpusChoice(name)


def pieces(root: Path, name: str, noise: np.ndarray, starts: tuple[float, ...]) -> Corpus:
    """Words of four people, and pieces of one noise file of no known speaker."""
    words = corpus(root, name, *four_people("yes"))
    path = root / name / "noise.wav"
    soundfile.write(path, noise, RATE)
    cut = tuple(
        Utterance(
            path,
            f"noise@{start:g}",
            name,
            "silence",
            f"noise@{start:g}",
            speaker_known=False,
            start_s=start,
            duration_s=0.5,
        )
        for start in starts
    )
    utterances = (*words.utterances, *cut)
    return replace(words, utterances=utterances, emotions=("silence", "yes"), label_kind="any")


def test_stretches_of_a_file_stay_stretches_and_are_the_same_only_where_they_sound_so(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(1)
    noise, other = (rng.integers(-300, 300, 3 * RATE, np.int16) for _ in range(2))
    one = pieces(tmp_path, "one", noise, (0.0, 0.5, 1.0))
    copy = pieces(tmp_path, "copy", noise, (0.5, 1.5))
    third = pieces(tmp_path, "third", other, (0.0, 0.5))
    chosen = [Member(CorpusChoice(c.name), c) for c in (one, copy, third)]
    found = join(chosen, LabelsConfig(kind="any"))
    assert (found.label_kind, found.words.many) == ("any", "labels")
    silence = {u.clip_id: u for u in found.utterances if u.emotion == "silence"}
    assert set(silence) == {
        *(f"one/noise@{start}" for start in ("0", "0.5", "1")),
        "copy/noise@1.5",
        *(f"third/noise@{start}" for start in ("0", "0.5")),
    }
    assert not any(u.speaker_known for u in silence.values())
    piece = silence["copy/noise@1.5"]
    assert (piece.start_s, piece.duration_s) == (1.5, 0.5)
    assert piece.speaker == "copy/noise@1.5"
    np.testing.assert_array_equal(read_audio(piece.sound), noise[RATE * 3 // 2 : RATE * 2])
    doubled = {pair for member in found.members for pair in member.doubles}
    assert doubled == {("copy/noise@0.5", "one/noise@0.5")}
    (problem,) = (p for p in found.problems if p.kind == "in-two-corpora")
    assert "the same sound as one/noise@0.5" in problem.detail
