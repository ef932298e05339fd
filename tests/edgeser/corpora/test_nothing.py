"""The class "nothing": made clips that stay with their speakers, and change nobody's place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import Corpus, CorpusChoice, Member, divide, join, read_audio
from edgeser.corpora.audio.files import content_hash
from edgeser.corpora.audio.sound import Levels
from edgeser.corpora.layouts.generic import read_own_labels
from edgeser.corpora.parts import PARTS
from edgeser.corpora.synthesis.nothing import NothingConfig, of_voices, with_nothing
from edgeser.corpora.synthesis.nothing_sound import NothingSound, pauses
from edgeser.wording import NOTHING
from quantize.foundation.errors import BadInput

RATE = 16_000
SPEAKERS, LABELS, TAKES = 6, ("anger", "calm"), 4
CHOICE = CorpusChoice(name="mine")


def spoken(number: int, floor: float) -> np.ndarray:
    """Return 1.2 s: noise at `floor` throughout, and 0.4 s of something loud in the middle."""
    rng = np.random.default_rng(number)
    samples = floor * rng.standard_normal(RATE * 6 // 5 + number)
    samples[RATE * 2 // 5 : RATE * 4 // 5] += 0.2 * rng.standard_normal(RATE * 2 // 5)
    return samples


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    for number in range(SPEAKERS * len(LABELS) * TAKES):
        speaker, rest = divmod(number, len(LABELS) * TAKES)
        folder = root / LABELS[rest % 2] / f"s{speaker}"
        folder.mkdir(parents=True, exist_ok=True)
        # each speaker's room is as loud as nobody else's
        samples = spoken(number, 10.0 ** (-(50 + 4 * speaker) / 20.0))
        soundfile.write(folder / f"{number:03d}.wav", samples, RATE)
    return root


def joined(root: Path, choice: CorpusChoice = CHOICE) -> Corpus:
    return join([Member(choice, replace(read_own_labels(root), name=choice.name))])


def nothing_of(corpus: Corpus) -> list[NothingSound]:
    return [u.made for u in corpus.utterances if isinstance(u.made, NothingSound)]


def only(kind: str, share: float = 1.0) -> NothingConfig:
    none = dict.fromkeys(("silence", "room", "noise", "pauses"), 0.0)
    return NothingConfig(share=share, **{**none, kind: 1.0})


def rms_dbfs(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean((samples / 32768.0) ** 2))))


def frame_levels(samples: np.ndarray) -> Sequence[float]:
    return list(Levels(RATE).push(samples))


def test_without_a_share_nothing_changes(recordings: Path) -> None:
    corpus = joined(recordings)
    assert with_nothing(corpus, NothingConfig(), [CHOICE]) is corpus
    assert with_nothing(corpus, only("room"), [CHOICE], classes=LABELS) is corpus


def test_as_many_as_another_class_in_the_shares_asked_for(recordings: Path) -> None:
    corpus = with_nothing(joined(recordings), NothingConfig(share=1.0), [CHOICE])
    counts = Counter(u.emotion for u in corpus.utterances)
    assert counts == {"anger": 24, "calm": 24, NOTHING: 24}
    assert corpus.emotions == ("anger", "calm", NOTHING)
    kinds = Counter(sound.kind for sound in nothing_of(corpus))
    assert sum(kinds.values()) == 24
    assert 2 <= kinds["silence"] <= 3
    assert all(7 <= kinds[kind] <= 8 for kind in ("room", "noise", "pauses"))
    half = with_nothing(joined(recordings), only("noise", 0.5), [CHOICE])
    assert [sound.kind for sound in nothing_of(half)] == ["noise"] * 12
    assert Counter(u.speaker for u in half.utterances if u.made) == {
        f"mine/s{speaker}": 2 for speaker in range(SPEAKERS)
    }


def test_nothing_crosses_a_split_and_nobody_changes_place(recordings: Path) -> None:
    plain = joined(recordings)
    corpus = with_nothing(plain, only("pauses"), [CHOICE])
    split = divide(corpus.members, [CHOICE])
    assert split == divide(plain.members, [CHOICE])
    files = {
        part: {
            sound
            for u in split.select(corpus.utterances, part)
            for sound in (u.made.sources if isinstance(u.made, NothingSound) else (u.sound,))
        }
        for part in PARTS
    }
    assert all(files.values())
    assert not files["train"] & files["test"]
    assert not files["train"] & files["development"]
    assert not files["development"] & files["test"]
    for u in corpus.utterances:
        if isinstance(u.made, NothingSound):
            speaker = u.speaker.removeprefix("mine/")
            assert {Path(str(s)).parent.name for s in u.made.sources} == {speaker}


def test_a_pause_is_the_room_of_its_speaker_and_nothing_else(recordings: Path) -> None:
    corpus = with_nothing(joined(recordings), only("pauses"), [CHOICE])
    for u in corpus.utterances:
        if u.made is None:
            continue
        floor = -(50 + 4 * int(u.speaker[-1]))
        levels = frame_levels(read_audio(u.sound))
        assert max(levels) < floor + 4.0
        assert np.median(levels) == pytest.approx(floor, abs=1.5)


@pytest.mark.parametrize("kind", ["silence", "room", "noise", "pauses"])
def test_it_is_as_long_as_speech_and_always_the_same(kind: str, recordings: Path) -> None:
    corpus = with_nothing(joined(recordings), only(kind), [CHOICE])
    again = with_nothing(joined(recordings), only(kind), [CHOICE])
    voices = {u.sound: len(read_audio(u.sound)) for u in of_voices(corpus.utterances)}
    assert len(voices) == 48
    sounds = nothing_of(corpus)
    heard = [read_audio(sound) for sound in sounds]
    assert [len(samples) for samples in heard] == [voices[sound.like] for sound in sounds]
    for samples, sound in zip(heard, nothing_of(again), strict=True):
        np.testing.assert_array_equal(samples, read_audio(sound))
    hashes = [content_hash(sound) for sound in sounds]
    assert hashes == [content_hash(sound) for sound in nothing_of(again)]
    assert len(set(hashes)) == len(hashes)


def test_levels_are_those_asked_for(recordings: Path) -> None:
    config = replace(only("noise"), noise_dbfs=(-40.0, -30.0))
    levels = [rms_dbfs(read_audio(s)) for s in nothing_of(with_nothing(
        joined(recordings), config, [CHOICE]))]  # fmt: skip
    assert all(-40.1 <= level <= -29.9 for level in levels)
    assert max(levels) - min(levels) > 5.0
    quiet = [read_audio(s) for s in nothing_of(with_nothing(
        joined(recordings), only("silence"), [CHOICE]))]  # fmt: skip
    assert max(int(np.abs(samples.astype(int)).max()) for samples in quiet) <= 3
    assert any(not samples.any() for samples in quiet)
    assert any(samples.any() for samples in quiet)


def test_another_seed_is_another_sound(recordings: Path) -> None:
    one, other = (
        nothing_of(with_nothing(joined(recordings), replace(only("room"), seed=seed), [CHOICE]))
        for seed in (0, 1)
    )
    assert {content_hash(s) for s in one}.isdisjoint(content_hash(s) for s in other)


def test_a_voice_without_pauses_is_left_out_by_name(tmp_path: Path) -> None:
    for speaker in range(3):
        for label in LABELS:
            folder = tmp_path / label / f"s{speaker}"
            folder.mkdir(parents=True)
            rng = np.random.default_rng([speaker, LABELS.index(label)])
            soundfile.write(folder / "steady.wav", 0.1 * rng.standard_normal(RATE), RATE)
    corpus = with_nothing(joined(tmp_path), only("pauses"), [CHOICE])
    assert nothing_of(corpus)
    for sound in nothing_of(corpus):
        with pytest.raises(BadInput, match="of pauses") as caught:
            read_audio(sound)
        assert "\n" not in caught.value.message


def test_clips_dealt_at_random_have_no_pauses(recordings: Path) -> None:
    choice = replace(CHOICE, split="random-clips")
    corpus = with_nothing(joined(recordings, choice), NothingConfig(share=1.0), [choice])
    kinds = {sound.kind for sound in nothing_of(corpus)}
    assert kinds == {"silence", "room", "noise"}
    with pytest.raises(BadInput, match="pauses alone"):
        with_nothing(joined(recordings, choice), only("pauses"), [choice])


def test_clips_published_in_parts_keep_to_their_part(recordings: Path) -> None:
    parts = ("train", "test")
    plain = joined(recordings)
    (member,) = plain.members
    divided = tuple(replace(u, split=parts[i % 2]) for i, u in enumerate(member.utterances))
    member = replace(member, utterances=divided)
    corpus = with_nothing(
        replace(plain, utterances=divided, members=(member,)), only("pauses"), [CHOICE]
    )
    split_of = {u.sound: u.split for u in divided}
    made = [u for u in corpus.utterances if isinstance(u.made, NothingSound)]
    assert {u.split for u in made} == set(parts)
    for u in made:
        assert {split_of[sound] for sound in u.made.sources} == {u.split}


def test_pauses_are_what_is_between() -> None:
    samples = np.rint(32767 * spoken(0, 0.001)).astype(np.int16)
    found = list(pauses(samples))
    assert len(found) == 2
    assert sum(map(len, found)) == pytest.approx(0.8 * RATE, abs=640)
    assert list(pauses(np.zeros(10, np.int16))) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"share": -0.1}, "share is -0.1"),
        ({"share": float("nan")}, "share is nan"),
        ({"silence": -1.0}, "silence is -1"),
        ({"silence": 0.0, "room": 0.0, "noise": 0.0, "pauses": 0.0}, "are all 0"),
        ({"room_dbfs": (-20.0, -60.0)}, "room_dbfs is -20 to -60"),
        ({"noise_dbfs": (-20.0, 3.0)}, "noise_dbfs is -20 to 3"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_cannot_be(changes: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        NothingConfig(**changes)
