"""Nothing is left out in silence: copies, other formats, archives, pointers, links, speakers."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import pytest
import soundfile

from edgeser.corpora import (
    Corpus,
    check_corpus,
    count_kinds,
    open_corpus,
    problem_lines,
    published_or_folds,
    split_problems,
)
from quantize.foundation.errors import BadInput

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 98304\n"


def kinds(corpus: Corpus) -> dict[str, int]:
    return count_kinds(corpus.problems)


def test_the_copied_archive_of_ravdess_counts_once(write_clips) -> None:
    names = [f"Actor_{a:02d}/03-01-0{e}-01-02-01-{a:02d}.wav" for a in (1, 2) for e in (3, 5)]
    root = write_clips(*names)
    for actor in ("Actor_01", "Actor_02"):
        shutil.copytree(root / actor, root / "audio_speech_actors_01-24" / actor)
    corpus = open_corpus("ravdess", root)
    assert [u.clip_id for u in corpus.utterances] == sorted(n.removesuffix(".wav") for n in names)
    assert kinds(corpus) == {"doubled-recording": 4}
    found = check_corpus(corpus)
    assert found.usable
    assert len(found.duplicates) == 4
    assert found.contradictions == ()
    assert found.speakers == {"01": 2, "02": 2}
    (line,) = problem_lines(corpus.problems, root)
    assert line.startswith("doubled-recording (4): audio_speech_actors_01-24/Actor_01/03-01-03")


def test_the_nested_folder_of_tess_counts_once(write_clips) -> None:
    root = write_clips("OAF_angry/OAF_back_angry.wav", "YAF_sad/YAF_back_sad.wav")
    nested = root / "TESS Toronto emotional speech set data"
    for name in ("OAF_angry", "YAF_sad"):
        shutil.copytree(root / name, nested / name)
    corpus = open_corpus("tess", root)
    assert len(corpus.utterances) == 2
    assert kinds(corpus) == {"doubled-recording": 2}


def test_a_folder_of_ones_own_that_holds_itself_counts_once(write_clips) -> None:
    names = [f"{e}/{s}/x.wav" for e in ("anger", "sadness") for s in ("kim", "lee")]
    root = write_clips(*names)
    for name in ("anger", "sadness"):
        shutil.copytree(root / name, root / "my speech" / name)
        shutil.copytree(root / name / "kim", root / name / name / "kim")
    corpus = open_corpus("generic", root)
    assert [u.clip_id for u in corpus.utterances] == sorted(n.removesuffix(".wav") for n in names)
    assert kinds(corpus) == {"doubled-recording": 6}
    assert check_corpus(corpus).speakers == {"kim": 2, "lee": 2}


@pytest.mark.parametrize("size", range(12, 60))
def test_a_header_that_ends_early_is_a_problem_of_that_file(write_clips, size: int) -> None:
    root = write_clips("anger/kim/a.wav", "anger/kim/b.wav")
    cut = (root / "anger/kim/b.wav").read_bytes()[:size]
    (root / "anger/kim/b.wav").write_bytes(cut)
    found = check_corpus(open_corpus("generic", root))
    assert len(found.clips) == 1
    assert len(found.problems) == 1


def test_copies_are_told_by_sound_and_not_by_name(write_clips) -> None:
    root = write_clips("anger/kim/a.wav", "anger/kim/b.wav")
    samples, rate = soundfile.read(root / "anger/kim/a.wav", dtype="int16")
    soundfile.write(root / "anger/kim/other.flac", samples, rate, subtype="PCM_16")
    tagged = (root / "anger/kim/a.wav").read_bytes() + b"LIST\x04\0\0\0INFO"
    (root / "anger/kim/tagged.wav").write_bytes(tagged)
    (root / "anger/lee").mkdir()
    (root / "anger/lee/a.wav").write_bytes((root / "anger/kim/a.wav").read_bytes())
    corpus = open_corpus("generic", root)
    assert [u.clip_id for u in corpus.utterances] == ["anger/kim/a", "anger/kim/b", "anger/lee/a"]
    assert corpus.doubles == (
        ("anger/kim/other", "anger/kim/a"),
        ("anger/kim/tagged", "anger/kim/a"),
    )
    found = check_corpus(corpus)
    assert found.contradictions == (
        ("anger/kim/a", "anger/kim/other", "anger/kim/tagged", "anger/lee/a"),
    )


def test_a_flac_whose_header_lies_is_no_copy(write_clips) -> None:
    root = write_clips("anger/kim/a.flac", "anger/kim/b.flac")
    first, second = (root / f"anger/kim/{name}.flac" for name in "ab")
    lying = bytearray(second.read_bytes())
    lying[26:42] = first.read_bytes()[26:42]
    second.write_bytes(lying)
    assert len(open_corpus("generic", root).utterances) == 2


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "m4a", "AAC", "wma", "opus", "aiff"])
def test_other_formats_beside_recordings_are_named(write_clips, suffix: str) -> None:
    root = write_clips("anger/kim/a.wav")
    (root / f"anger/kim/b.{suffix}").write_bytes(b"x")
    (root / "fear/lee").mkdir(parents=True)
    (root / f"fear/lee/c.{suffix}").write_bytes(b"x")
    corpus = open_corpus("generic", root)
    assert kinds(corpus) == {"folder-without-audio": 1, "other-format": 2}
    assert "ffmpeg -i" in corpus.problems[0].detail
    assert not check_corpus(corpus).usable


def test_only_other_formats_or_only_a_zip_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "anger/kim").mkdir(parents=True)
    for number in range(20):
        (tmp_path / f"anger/kim/{number}.mp3").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"other-format \(20\).*MP3 is not read") as caught:
        open_corpus("generic", tmp_path)
    assert "ffmpeg -i 0.mp3 0.wav" in caught.value.hint
    only = tmp_path / "only a zip"
    only.mkdir()
    (only / "all.zip").write_bytes(b"PK")
    with pytest.raises(BadInput, match=r"all\.zip") as caught:
        open_corpus("ravdess", only)
    assert f"unzip '{only}/all.zip' -d '{only}'" in caught.value.hint


def test_an_archive_beside_recordings_is_named_and_passes(write_clips) -> None:
    root = write_clips("Actor_01/03-01-06-01-02-01-01.wav")
    (root / "Audio_Speech_Actors_01-24.zip").write_bytes(b"PK")
    corpus = open_corpus("ravdess", root)
    assert kinds(corpus) == {"archive": 1}
    assert check_corpus(corpus).usable


def test_an_archive_given_as_a_folder_is_to_be_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "my corpus.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.wav", "x")
    tar = tmp_path / "corpus.tar"
    with tarfile.open(tar, "w") as archive:
        archive.addfile(tarfile.TarInfo("a.wav"), io.BytesIO())
    for name in ("cremad", "generic"):
        with pytest.raises(BadInput, match="is a zip archive") as caught:
            open_corpus(name, packed)
        assert f"unzip '{packed}'" in caught.value.hint
        with pytest.raises(BadInput, match="is a tar archive"):
            open_corpus(name, tar)


def test_lfs_pointers_are_one_line(tmp_path: Path) -> None:
    audio = tmp_path / "AudioWAV"
    audio.mkdir()
    for actor in range(1001, 1071):
        (audio / f"{actor}_DFA_ANG_XX.wav").write_text(POINTER)
    with pytest.raises(BadInput, match=r"lfs-pointer \(70\).*and 67 more") as caught:
        open_corpus("cremad", tmp_path)
    assert "git lfs pull" in caught.value.hint
    assert len(str(caught.value)) < 600


def test_lfs_pointers_among_recordings_and_in_the_place_of_tables(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "AudioWAV/1002_DFA_ANG_XX.wav").write_text(POINTER)
    (root / "tabulatedVotes.csv").write_text(POINTER)
    corpus = open_corpus("cremad", root)
    assert kinds(corpus) == {"lfs-pointer": 1, "unreadable": 1}
    assert all("Git-LFS pointer" in problem.detail for problem in corpus.problems)


def test_links_to_folders_are_followed_and_loops_end(write_clips, tmp_path: Path) -> None:
    real = write_clips("Actor_01/03-01-06-01-02-01-01.wav", "Actor_02/03-01-05-01-02-01-02.wav")
    root = tmp_path / "linked"
    root.mkdir()
    for actor in ("Actor_01", "Actor_02"):
        (root / actor).symlink_to(real / actor)
    (root / "again").symlink_to("Actor_01")
    (root / "here").symlink_to(".")
    (root / "above").symlink_to("/")
    (root / "gone").symlink_to("nowhere")
    (real / "Actor_01/back").symlink_to(root)
    corpus = open_corpus("ravdess", root)
    assert {u.clip_id for u in corpus.utterances} == {
        "Actor_01/03-01-06-01-02-01-01",
        "Actor_02/03-01-05-01-02-01-02",
    }
    assert kinds(corpus) == {"broken-link": 1, "link-not-followed": 4}


def test_a_folder_that_is_really_there_comes_before_a_link_to_it(write_clips) -> None:
    root = write_clips("fear/kim/1.wav")
    (root / "anger").symlink_to("fear")
    corpus = open_corpus("generic", root)
    assert [u.clip_id for u in corpus.utterances] == ["fear/kim/1"]
    assert kinds(corpus) == {"link-not-followed": 1}


def manifest(root: Path, rows: list[str]) -> Path:
    (root / "manifest.csv").write_text("\n".join(["path,emotion,speaker,split", *rows]) + "\n")
    return root


def test_speakers_without_a_part_and_moved_ones_are_named(write_clips) -> None:
    clips = {f"{name}.wav": name for name in "abcdef"}
    root = write_clips(*clips)
    parts = dict(zip("abcdef", ("train", "train", "train", "test", "", ""), strict=True))
    manifest(root, [f"{path},anger,{name},{parts[name]}" for path, name in clips.items()])
    corpus = open_corpus("generic", root)
    (problem,) = corpus.problems
    assert problem.kind == "not-in-split"
    assert "2 speakers (2 clips): they take no part: e, f" in problem.detail
    split = published_or_folds(corpus, seed=0)
    (moved,) = split_problems(corpus, split)
    assert moved.kind == "development-from-train"
    assert f"1 ({next(iter(split.development))}) of its 3 training speakers" in moved.detail
    found = check_corpus(corpus)
    assert count_kinds(found.problems) == {"development-from-train": 1, "not-in-split": 1}
    assert found.split_source == "as published: the column split of manifest.csv"


def test_a_split_without_test_speakers_is_said_not_to_be_used(write_clips) -> None:
    root = write_clips("a.wav", "b.wav", "c.wav")
    manifest(root, ["a.wav,anger,a,train", "b.wav,anger,b,dev", "c.wav,anger,c,"])
    corpus = open_corpus("generic", root)
    assert corpus.problems == ()
    assert [p.kind for p in split_problems(corpus)] == ["split-not-used"]


@pytest.mark.parametrize(
    ("published", "expected", "said"),
    [
        (
            {"train": [1001], "dev": [1002], "test": [1003]},
            {"1001": "train", "1002": "development", "1003": "test"},
            "three parts",
        ),
        ({"train": [1001, 1003], "dev": [1002]}, {"1001": "train", "1002": "test"}, "two parts"),
        ({"train": [1001], "test": [1003]}, {"1001": "train", "1003": "test"}, "train and test"),
    ],
)
def test_the_parts_of_cremad(write_clips, published, expected, said: str) -> None:
    root = write_clips(*(f"AudioWAV/{actor}_DFA_ANG_XX.wav" for actor in (1001, 1002, 1003)))
    (root / "speaker_splits.json").write_text(json.dumps(published))
    corpus = open_corpus("cremad", root)
    parts = {u.speaker: u.split for u in corpus.utterances}
    assert expected.items() <= parts.items()
    assert said in corpus.split_source
    assert said in check_corpus(corpus).split_source


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_manifests_as_spreadsheets_write_them(write_clips, separator: str, encoding: str) -> None:
    root = write_clips("a/one.wav")
    rows = [["Path", "EMOTION", "Speaker", ""], ["a\\one.wav", "Wut", "kim", ""], ["", "", "", ""]]
    text = "".join(separator.join(row) + "\r\n" for row in rows)
    (root / "manifest.csv").write_bytes(text.encode(encoding))
    (clip,) = open_corpus("generic", root).utterances
    assert (clip.clip_id, clip.emotion, clip.speaker) == ("a/one", "anger", "kim")


def test_backslashes_do_not_lead_outside(write_clips) -> None:
    root = write_clips("a/one.wav", "../two.wav")
    manifest(root, ["..\\two.wav,anger,kim,"])
    with pytest.raises(BadInput, match="outside"):
        open_corpus("generic", root)


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_in_either_form(write_clips, on_disk: str, in_table: str) -> None:
    name = "Jürgen/Gänsefüße.wav"
    root = write_clips(unicodedata.normalize(on_disk, name), "b.wav")
    speakers = (unicodedata.normalize(form, "Jürgen") for form in ("NFC", "NFD"))
    files = (unicodedata.normalize(in_table, name), "b.wav")
    rows = [f"{f},anger,{s},train" for f, s in zip(files, speakers, strict=True)]
    corpus = open_corpus("generic", manifest(root, rows))
    assert [u.clip_id for u in corpus.utterances] == ["Jürgen/Gänsefüße", "b"]
    assert corpus.speakers == ("Jürgen",)


def test_a_manifest_that_names_an_mp3(write_clips) -> None:
    root = write_clips("a.wav")
    (root / "b.mp3").write_bytes(b"x")
    corpus = open_corpus("generic", manifest(root, ["a.wav,anger,a,", "b.mp3,anger,b,"]))
    assert kinds(corpus) == {"other-format": 1}


def test_names_in_lines_are_fit_for_a_terminal(write_clips) -> None:
    root = write_clips("anger/kim/a.wav")
    (root / "anger/kim/\x1b[31m\nb.mp3").write_bytes(b"x")
    lines = problem_lines(open_corpus("generic", root).problems, root)
    assert lines
    assert all(line.isprintable() for line in lines)
