"""Speech Commands in its published layout and as its test archive, with tones for words."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import (
    Corpus,
    CorpusChoice,
    Utterance,
    check_corpus,
    divide,
    open_corpus,
    published_or_folds,
    read_audio,
)
from edgeser.corpora.layouts.speechcommands import WORDS
from edgeser.corpora.parts import PARTS
from edgeser.corpora.split import split_problems
from edgeser.report.schemas.corpus_check import corpus_check_json
from quantize.foundation.errors import BadInput

RATE = 16_000
SPEAKERS = {f"{n:08x}": part for n, part in enumerate(["train"] * 4 + ["development", "test"] * 2)}
OTHERS = ("bird", "cat", "zero")


def tone(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, 1600)


def write_noise(path: Path, seconds: float, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, 0.02, round(seconds * RATE))
    soundfile.write(path, samples, RATE, subtype="PCM_16")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten words of eight speakers, twice each; three other words; 20 s and 15 s of noise."""
    root = tmp_path_factory.mktemp("untouched") / "speech_commands_v0.02"
    lists: dict[str, list[str]] = {"development": [], "test": []}
    seed = 0
    for word in (*WORDS, *OTHERS):
        (root / word).mkdir(parents=True)
        for speaker, part in SPEAKERS.items():
            for take in range(2):
                seed += 1
                name = f"{word}/{speaker}_nohash_{take}.wav"
                soundfile.write(root / name, tone(seed), RATE, subtype="PCM_16")
                if part in lists:
                    lists[part].append(name)
    (root / "validation_list.txt").write_text("\n".join(lists["development"]) + "\n")
    (root / "testing_list.txt").write_text("\n".join(lists["test"]) + "\n")
    write_noise(root / "_background_noise_" / "dishes.wav", 20.0, 1)
    write_noise(root / "_background_noise_" / "tap.wav", 15.0, 2)
    (root / "README.md").write_text("about")
    return root


@pytest.fixture
def published(untouched: Path, tmp_path: Path) -> Path:
    """A copy of it for a test that may change it."""
    return Path(shutil.copytree(untouched, tmp_path / untouched.name))


@pytest.fixture(scope="module")
def many_takes(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The same with 40 takes more of each word by one speaker who is trained on."""
    root = Path(shutil.copytree(untouched, tmp_path_factory.mktemp("many") / untouched.name))
    for number, word in enumerate(WORDS):
        for take in range(40):
            name = root / word / f"00000000_nohash_{2 + take}.wav"
            soundfile.write(name, tone(10_000 + 100 * number + take), RATE, subtype="PCM_16")
    return read(root)


def read(root: Path) -> Corpus:
    return open_corpus("speechcommands", root, labels="any")


def test_twelve_classes_in_the_published_parts(untouched: Path) -> None:
    corpus = read(untouched)
    assert corpus.emotions == tuple(sorted((*WORDS, "silence", "unknown")))
    counts = Counter((u.split, u.emotion) for u in corpus.utterances)
    for part, clips in (("train", 8), ("development", 4), ("test", 4)):
        assert {label: counts[part, label] for label in corpus.emotions} == dict.fromkeys(
            corpus.emotions, clips
        )
    for utterance in corpus.utterances:
        if utterance.emotion != "silence":
            assert utterance.split == SPEAKERS[utterance.speaker]
            assert utterance.speaker_known
    split = published_or_folds(corpus, seed=0)
    assert split.select(corpus.utterances, "test")
    assert "00000000" in split.train
    assert not split_problems(corpus, split)
    assert "validation_list.txt and testing_list.txt" in corpus.split_source


def test_unknown_is_drawn_from_the_other_words_always_alike(untouched: Path) -> None:
    unknown = [u.clip_id for u in read(untouched).utterances if u.emotion == "unknown"]
    assert {name.split("/")[0] for name in unknown} == set(OTHERS)
    assert unknown == [u.clip_id for u in read(untouched).utterances if u.emotion == "unknown"]
    (left,) = (p for p in read(untouched).problems if p.kind == "not-drawn")
    assert left.detail.startswith("32 clips of other words are not used")
    assert check_corpus(read(untouched)).usable


def test_silence_is_a_second_of_noise_and_parts_never_overlap(untouched: Path) -> None:
    pieces = [u for u in read(untouched).utterances if u.emotion == "silence"]
    assert {u.duration_s for u in pieces} == {1.0}
    assert {u.path.name for u in pieces} == {"dishes.wav", "tap.wav"}
    assert not any(u.speaker_known for u in pieces)
    for name, length in (("dishes.wav", 20.0), ("tap.wav", 15.0)):
        of_file = sorted((u.start_s, u.split) for u in pieces if u.path.name == name)
        assert all(0.0 <= start <= length - 1.0 for start, _ in of_file)
        for (start, part), (later, other) in pairwise(of_file):
            assert part == other or later >= start + 1.0, (name, start, later)
    whole = {name: read_audio(untouched / "_background_noise_" / name) for name in
             ("dishes.wav", "tap.wav")}  # fmt: skip
    for piece in pieces:
        start = round(piece.start_s * RATE)
        expected = whole[piece.path.name][start : start + RATE]
        np.testing.assert_array_equal(read_audio(piece.sound), expected)


def test_many_pieces_of_little_noise_overlap_within_a_part_only(many_takes: Corpus) -> None:
    pieces = [u for u in many_takes.utterances if u.emotion == "silence"]
    assert len({u.clip_id for u in pieces}) == len(pieces)
    trained = [u for u in pieces if u.split == "train"]
    assert len(trained) == 48
    for name in ("dishes.wav", "tap.wav"):
        last = max(u.start_s for u in trained if u.path.name == name)
        for part in ("development", "test"):
            starts = [u.start_s for u in pieces if (u.path.name, u.split) == (name, part)]
            assert all(start >= last + 1.0 for start in starts)


def test_too_little_noise_is_said(published: Path) -> None:
    for name in ("dishes.wav", "tap.wav"):
        write_noise(published / "_background_noise_" / name, 5.0, 3)
    corpus = read(published)
    kinds = {p.detail for p in corpus.problems if p.kind == "little-noise"}
    assert any("0 pieces for test, 4 wanted" in detail for detail in kinds)
    (published / "_background_noise_" / "tap.wav").write_bytes(b"RIFF no sound at all")
    assert "corrupt" in {p.kind for p in read(published).problems}


def overlaps(clips: Iterable[Utterance], others: Iterable[Utterance]) -> bool:
    """Say whether two sets of clips have pieces of a file in common."""
    return any(
        u.path == v.path and abs(u.start_s - v.start_s) < 1.0
        for u in clips
        for v in others
        if u.duration_s is not None and v.duration_s is not None
    )


def test_pieces_that_overlap_stay_together_however_speakers_are_divided(many_takes: Corpus) -> None:
    pieces = [u for u in many_takes.utterances if u.emotion == "silence"]
    for piece in pieces:
        apart = [u for u in pieces if u.speaker != piece.speaker]
        assert not overlaps([piece], apart)
    for choice in (
        CorpusChoice("speechcommands", split="folds"),
        CorpusChoice("speechcommands", split="folds", fold=3, seed=4),
    ):
        split = divide((many_takes,), (choice,))
        parts = [split.select(many_takes.utterances, part) for part in PARTS]
        for first, second in combinations(parts, 2):
            assert not overlaps(first, second)


@pytest.mark.parametrize("missing", [("testing",), ("validation",), ("testing", "validation")])
def test_without_both_lists_parts_do_not_overlap(published: Path, missing: tuple[str, ...]) -> None:
    for name in missing:
        (published / f"{name}_list.txt").unlink()
    corpus = read(published)
    assert [p.kind for p in corpus.problems].count("missing-list") == len(missing)
    split = published_or_folds(corpus, seed=1)
    parts = [split.select(corpus.utterances, part) for part in PARTS]
    assert all(parts)
    assert sum(u.emotion == "silence" for part in parts for u in part) == 16
    for first, second in combinations(parts, 2):
        assert not overlaps(first, second)


def test_a_speaker_on_two_sides_is_a_problem_and_no_training(published: Path) -> None:
    path = published / "testing_list.txt"
    path.write_text(path.read_text() + "yes/00000000_nohash_0.wav\n")
    corpus = read(published)
    (problem,) = split_problems(corpus)
    assert problem.kind == "speaker-in-two-parts"
    assert "00000000" in problem.detail
    assert not check_corpus(corpus).usable
    with pytest.raises(BadInput, match="00000000"):
        published_or_folds(corpus, seed=0)


def test_a_clip_on_both_lists_and_one_that_is_not_there_are_named(published: Path) -> None:
    path = published / "testing_list.txt"
    path.write_text(path.read_text() + "yes/00000004_nohash_0.wav\r\nyes/gone_nohash_0.wav\n")
    found = {p.kind: p.detail for p in read(published).problems}
    assert (
        "1 of its clips are on another list too: yes/00000004_nohash_0"
        in found["clip-in-two-parts"]
    )
    assert "1 clips that the lists name are not there: yes/gone_nohash_0" in found["missing-clips"]


def test_lists_from_elsewhere_open_nothing(published: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.wav"
    soundfile.write(outside, tone(5), RATE)
    path = published / "testing_list.txt"
    path.write_text(path.read_text() + "../outside.wav\n/etc/passwd\nyes/\x1b[31m.wav\n")
    corpus = read(published)
    assert outside not in {u.path for u in corpus.utterances}
    detail = next(p.detail for p in corpus.problems if p.kind == "missing-clips")
    assert detail.isprintable()
    path.write_bytes(b"yes/\xff\xfe\n")
    with pytest.raises(BadInput, match="not UTF-8"):
        read(published)


def test_names_without_a_hash_and_files_elsewhere_are_named(published: Path) -> None:
    soundfile.write(published / "yes" / "mine.wav", tone(7), RATE)
    soundfile.write(published / "stray_nohash_0.wav", tone(8), RATE)
    kinds = {p.path.name: p.kind for p in read(published).problems}
    assert kinds["mine.wav"] == "unknown-speaker"
    assert kinds["stray_nohash_0.wav"] == "unknown-label"


def test_other_words_alone_are_no_speech_commands(tmp_path: Path) -> None:
    (tmp_path / "bird").mkdir()
    soundfile.write(tmp_path / "bird" / "00000000_nohash_0.wav", tone(1), RATE)
    with pytest.raises(BadInput, match="holds no clip that the speechcommands adapter can use"):
        read(tmp_path)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    root = tmp_path / "archive"
    seed = 0
    for label in (*WORDS, "_unknown_", "_silence_"):
        (root / label).mkdir(parents=True)
        for number in range(4):
            seed += 1
            name = f"{number}.wav" if label == "_silence_" else f"{number:08x}_nohash_0.wav"
            name = f"bird_{name}.flac" if label == "_unknown_" else name
            soundfile.write(root / label / name, tone(seed), RATE, subtype="PCM_16")
    (root / "extra").mkdir()
    soundfile.write(root / "extra" / "00000000_nohash_0.wav", tone(0), RATE)
    return root


def test_the_test_archive_names_speakers_of_words_only(archive: Path) -> None:
    corpus = read(archive)
    assert Counter(u.emotion for u in corpus.utterances) == dict.fromkeys(
        (*WORDS, "unknown", "silence"), 4
    )
    assert {u.speaker for u in corpus.utterances if u.speaker_known} == {
        f"{n:08x}" for n in range(4)
    }
    silence = [u for u in corpus.utterances if not u.speaker_known]
    assert {u.emotion for u in silence} == {"silence"}
    assert len({u.speaker for u in silence}) == 4
    assert [p.kind for p in corpus.problems] == ["unknown-label"]
    checked = corpus_check_json(check_corpus(corpus))
    assert (checked["label_kind"], checked["anonymous_clips"]) == ("any", 4)
    assert len(checked["speakers"]) == 4


def test_of_clips_without_hashes_no_speaker_is_known(archive: Path) -> None:
    for path in sorted(archive.rglob("*_nohash_*")):
        label = path.parent.name
        path.rename(path.with_name(f"{label}-{path.name.replace('_nohash_', '-')}"))
    corpus = read(archive)
    assert not any(u.speaker_known for u in corpus.utterances)
    assert len(corpus.speakers) == len(corpus.utterances)


def test_the_real_test_archive(shared: Path) -> None:
    root = shared / "corpora" / "SpeechCommands-test"
    if not root.is_dir():
        pytest.skip("no part of Speech Commands here")
    corpus = read(root)
    copies = Counter(name.split("/")[0] for name, _ in corpus.doubles)
    counts = Counter(u.emotion for u in corpus.utterances)
    assert len(corpus.emotions) == 12
    assert all(counts[word] + copies[word] == 70 for word in WORDS)
    assert counts["silence"] == counts["unknown"] == 70
    known = [u for u in corpus.utterances if u.speaker_known]
    assert {u.emotion for u in corpus.utterances} - {u.emotion for u in known} == {"silence"}
    assert len({u.speaker for u in known}) < len(known) / 4
