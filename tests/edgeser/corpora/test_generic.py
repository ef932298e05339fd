"""Manifests and folders of one's own: what is wrong is named by line or by file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeser.corpora import open_corpus
from quantize.foundation.errors import BadInput

HEADER = "path,emotion,speaker,sex,age,language,split\n"


@pytest.fixture
def root(write_clips) -> Path:
    folder: Path = write_clips("a/one.wav", "a/two.flac", "three.wav")
    return folder


def manifest(root: Path, text: str) -> Path:
    path = root / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_and_its_folder_read_the_same(root: Path) -> None:
    path = manifest(
        root,
        "\ufeff" + HEADER + "a/one.wav,Angry,kim,F,30,EN,train\n\n"
        '"a/two.flac", joy ,lee,male,,,dev\nthree.wav,neutral,mo,,,pt-BR,test\n',
    )
    for given_path in (path, root):
        corpus = open_corpus("generic", given_path)
        assert corpus.root == root
        assert [
            (u.clip_id, u.emotion, u.speaker, u.sex, u.age, u.language, u.split)
            for u in corpus.utterances
        ] == [
            ("a/one", "anger", "kim", "female", 30, "en", "train"),
            ("a/two", "happiness", "lee", "male", None, None, "development"),
            ("three", "neutral", "mo", None, None, "pt-br", "test"),
        ]
        assert not corpus.problems
        assert not corpus.synthetic


def test_race_and_ethnicity_are_words_of_ones_own(root: Path) -> None:
    head = "path,emotion,speaker,race,ethnicity\n"
    rows = "a/one.wav,sad,kim,Asian, Not  Hispanic \na/two.flac,sad,lee,,unknown\n"
    corpus = open_corpus("generic", manifest(root, head + rows))
    assert [(u.race, u.ethnicity) for u in corpus.utterances] == [
        ("Asian", "Not Hispanic"),
        (None, None),
    ]


@pytest.mark.parametrize("words", ["x" * 41, "a\u202eb", "a\x07"])
def test_what_is_no_short_text_of_a_person_is_refused_with_its_line(root: Path, words: str) -> None:
    text = f"path,emotion,speaker,ethnicity\nthree.wav,sad,kim,{words}\n"
    with pytest.raises(BadInput, match=r"line 2: the ethnicity .* is no short text"):
        open_corpus("generic", manifest(root, text))


def test_three_columns_are_enough(root: Path) -> None:
    corpus = open_corpus("generic", manifest(root, "speaker,path,emotion\nx,three.wav,sad\n"))
    assert corpus.utterances[0].emotion == "sadness"


def test_a_missing_or_empty_file_is_a_problem(root: Path) -> None:
    (root / "empty.wav").touch()
    text = "path,emotion,speaker\nthree.wav,sad,x\nnone.wav,sad,x\nempty.wav,sad,x\n"
    corpus = open_corpus("generic", manifest(root, text))
    assert len(corpus.utterances) == 1
    assert {p.path.name: p.kind for p in corpus.problems} == {
        "none.wav": "unreadable",
        "empty.wav": "empty-file",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("path,emotion\nthree.wav,sad\n", "lacks the column speaker"),
        ("", "lacks the column path, emotion, speaker"),
        ("path,emotion,speaker,path\nthree.wav,sad,x,three.wav\n", "column twice"),
        ("path,emotion,speaker\nthree.wav,hapiness,x\n", "line 2: .*did you mean 'happiness'"),
        ("path,emotion,speaker\nthree.wav,qqq,x\n", "line 2: the emotion 'qqq'"),
        ("path,emotion,speaker\nthree.wav,sad,\n", "line 2: the speaker is empty"),
        ("path,emotion,speaker\nthree.wav,sad\n", "line 2: 2 values for 3 columns"),
        ("path,emotion,speaker\nthree.wav,sad,x,y\n", "line 2: 4 values for 3 columns"),
        ("path,emotion,speaker\n,sad,x\n", "line 2: the path is empty"),
        ("path,emotion,speaker\n../x.wav,sad,x\n", "line 2: .*outside"),
        ("path,emotion,speaker\n/etc/passwd,sad,x\n", "line 2: .*outside"),
        ("path,emotion,speaker\n.,sad,x\n", "line 2: .*outside"),
        ("path,emotion,speaker\na/../../x.wav,sad,x\n", "line 2: .*outside"),
        ("path,emotion,speaker\nthree.wav,sad,x\n./three.wav,sad,y\n", "line 3: .*on line 2"),
        (HEADER + "three.wav,sad,x,robot,,,\n", "line 2: the sex 'robot'"),
        (HEADER + "three.wav,sad,x,,old,,\n", "line 2: the age 'old'"),
        (HEADER + "three.wav,sad,x,,999,,\n", "line 2: the age '999'"),
        (HEADER + "three.wav,sad,x,,,Klingonese,\n", "line 2: the language"),
        (HEADER + "three.wav,sad,x,,,,holdout\n", "line 2: the split 'holdout'"),
        ('path,emotion,speaker\n"three.wav,sad,x\n', "cannot read the table"),
    ],
)
def test_a_wrong_manifest_is_an_error(root: Path, text: str, expected: str) -> None:
    path = manifest(root, text)
    with pytest.raises(BadInput, match=expected) as caught:
        open_corpus("generic", path)
    assert str(path) in caught.value.message
    assert "\n" not in str(caught.value)


def test_links_that_lead_outside_are_refused(root: Path, tmp_path: Path) -> None:
    (root / "link.wav").symlink_to("/etc/hostname")
    (root / "out").symlink_to(tmp_path)
    (root / "loop.wav").symlink_to(root / "loop.wav")
    for name in ("link.wav", "out/x.wav", "loop.wav"):
        with pytest.raises(BadInput, match="line 2"):
            open_corpus("generic", manifest(root, f"path,emotion,speaker\n{name},sad,x\n"))


def test_links_that_stay_inside_are_fine(root: Path) -> None:
    (root / "link.wav").symlink_to(root / "three.wav")
    corpus = open_corpus("generic", manifest(root, "path,emotion,speaker\nlink.wav,sad,x\n"))
    assert corpus.utterances[0].clip_id == "link"


def test_an_absolute_path_inside_is_fine(root: Path) -> None:
    text = f"path,emotion,speaker\n{root / 'three.wav'},sad,x\na/../a/one.wav,sad,y\n"
    corpus = open_corpus("generic", manifest(root, text))
    assert [u.clip_id for u in corpus.utterances] == ["a/one", "three"]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_an_encoding_is_told_by_mark_or_by_zeros(root: Path, encoding: str) -> None:
    text = "path,emotion,speaker\nthree.wav,Ärger,Jürgen\n"
    (root / "manifest.csv").write_bytes(text.encode(encoding))
    (found,) = open_corpus("generic", root).utterances
    assert (found.emotion, found.speaker) == ("anger", "Jürgen")


def test_a_separator_inside_quotation_marks_is_none(root: Path) -> None:
    manifest(root, 'path,emotion,speaker,"n;o;t;e;s"\nthree.wav,anger,kim,"a;b"\n')
    assert len(open_corpus("generic", root).utterances) == 1


def test_an_empty_emotion_is_called_so(root: Path) -> None:
    manifest(root, "path,emotion,speaker\nthree.wav,,kim\n")
    with pytest.raises(BadInput, match=r"manifest\.csv, line 2: the emotion is empty"):
        open_corpus("generic", root)


def test_a_manifest_that_is_no_file_is_not_passed_over(root: Path) -> None:
    os.mkfifo(root / "manifest.csv")
    with pytest.raises(BadInput, match=r"manifest\.csv: it is not a regular file"):
        open_corpus("generic", root)


def test_not_utf8(root: Path) -> None:
    (root / "manifest.csv").write_bytes(b"path,emotion,speaker\nthree.wav,sad,\xff\xfe\n")
    with pytest.raises(BadInput, match="UTF-8"):
        open_corpus("generic", root)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="path,emotionskr\n\"'./\\\0 \tü3w", max_size=80))
def test_any_text_is_read_or_refused(root: Path, text: str) -> None:
    path = root / "manifest.csv"
    path.write_text("path,emotion,speaker\n" + text, encoding="utf-8", newline="")
    with pytest.raises(BadInput):
        open_corpus("generic", path)


def test_one_folder_an_emotion(write_clips) -> None:
    root = write_clips(
        "Angry/kim/1.wav",
        "lee/sadness/1.wav",
        "fear/mo_1.wav",
        "fear/happy_1.wav",
        "fear/noname.wav",
        "loud/kim/2.wav",
        "stray.wav",
        "fear/sad/x_1.wav",
    )
    corpus = open_corpus("generic", root)
    assert {u.clip_id: (u.emotion, u.speaker) for u in corpus.utterances} == {
        "Angry/kim/1": ("anger", "kim"),
        "lee/sadness/1": ("sadness", "lee"),
        "fear/mo_1": ("fear", "mo"),
    }
    found = {p.path.relative_to(root).as_posix(): p.kind for p in corpus.problems}
    assert found == {
        "fear/happy_1.wav": "unknown-speaker",
        "fear/noname.wav": "unknown-speaker",
        "loud/kim/2.wav": "unknown-label",
        "stray.wav": "unknown-label",
        "fear/sad/x_1.wav": "unknown-label",
    }
