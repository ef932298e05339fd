"""Valence, arousal and dominance: scales, manifests, and three corpora in their layouts."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import check_corpus, open_corpus, published_or_folds
from edgeser.corpora.utterance import Corpus
from edgeser.corpora.vad import SEVEN_POINTS, Vad, VadScale, parse_scale, read_vad
from edgeser.corpora.vad_coordinates import COORDINATES, derived_vad
from quantize.foundation.errors import BadInput

EVALUATION = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
A-E3:\tval 3; act 2; dom  2;\t()

[10.0100 - 11.3925]\tSes01F_impro01_M001\tang\t[1.0000, 5.0000, 4.0000]
[14.8872 - 18.0175]\tSes01F_impro01_F002\txxx\t[3.0000, 3.0000, 3.0000]
[19.2900 - 20.7875]\tSes01F_impro01_F003\texc\t[7.0000, 3.0000, 3.0000]
[21.0000 - 22.0000]\tSes01F_impro01_F004\tzzz\t[3.0000, 3.0000, 3.0000]
"""
PODCAST = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\n"
IMPROV = """UTD-IMPROV-S01A-F01-P-FM01.avi; A; A:5.000000; V:1.000000; D:4.000000 ; N:3.500000;
Rater-1; Angry; Frustrated; A:4.000000; V:2.000000; D:3.000000; N:4.000000;

UTD-IMPROV-S01A-M01-R-MM01.avi; H; A:NaN; V:NaN; D:NaN ; N:NaN;
UTD-IMPROV-S02N-F02-T-FM01.avi; X; A:3.000000; V:3.000000; D:3.000000 ; N:3.000000;
UTD-IMPROV-S02N-F02-T-FM02.avi; N; A:9.000000; V:3.000000; D:3.000000 ; N:3.000000;
"""


def place(corpus: Corpus) -> dict[str, tuple[float, ...] | None]:
    return {u.path.stem: u.vad and u.vad.values for u in corpus.utterances}


def kinds(corpus: Corpus) -> list[tuple[str, str]]:
    return sorted((problem.path.name, problem.kind) for problem in corpus.problems)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("1 to 7", (1, 7)),
        (" 1:5 ", (1, 5)),
        ("-1..1", (-1, 1)),
        ("0 to 100.5", (0, 100.5)),
        ("-1 to 1", (-1, 1)),
    ],
)
def test_scales(text: str, scale: tuple[float, float]) -> None:
    assert parse_scale(text) == VadScale(*scale)


@pytest.mark.parametrize(
    "text", ["", "7", "7 to 1", "1 to 1", "1 to x", "nan to 1", "1 to 1e9", "1 to 99999999", "1-7"]
)
def test_what_is_no_scale(text: str) -> None:
    with pytest.raises(BadInput, match="is none"):
        parse_scale(text)


def test_ratings_are_placed_on_their_scale() -> None:
    assert read_vad("1", "7", "4", SEVEN_POINTS) == Vad(-1.0, 1.0, 0.0)
    assert read_vad("2.5", "5e0", ".5e1", VadScale(0, 5)) == Vad(0.0, 1.0, 1.0)
    assert read_vad("", " ", "nan", SEVEN_POINTS) is None


@pytest.mark.parametrize(
    "texts",
    [("0.9", "4", "4"), ("4", "7.1", "4"), ("4", "4", ""), ("4", "inf", "4"), ("1_0", "4", "4"),
     ("3,5", "4", "4"), ("4", "NaN", "4"), ("0x4", "4", "4"), ("4" * 99, "4", "4"),
     ("٤", "4", "4")],
)  # fmt: skip
def test_ratings_off_the_scale_or_no_numbers(texts: tuple[str, str, str]) -> None:
    with pytest.raises(BadInput, match="is no number of 1 to 7") as caught:
        read_vad(*texts, SEVEN_POINTS)
    assert "\n" not in str(caught.value)


def manifest(root: Path, header: str, *rows: str) -> Path:
    path = root / "manifest.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_manifest_with_ratings(write_clips) -> None:
    root = write_clips("a.wav", "b.wav", "c.wav")
    header = "path,emotion,speaker,valence,arousal,dominance,vad_scale"
    path = manifest(
        root,
        header,
        "a.wav,anger,kim,1,7,4,",
        "b.wav,sad,lee,-1,0.5,0,-1 to 1",
        "c.wav,sad,lee,,,,",
    )
    corpus = open_corpus("generic", path)
    assert place(corpus) == {"a": (-1.0, 1.0, 0.0), "b": (-1.0, 0.5, 0.0), "c": None}
    assert check_corpus(corpus).rated == 2
    assert place(open_corpus("generic", path, labels="any"))["a"] == (-1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.wav,anger,kim,1,,4,", "line 2: the arousal '' is no number of 1 to 7"),
        ("a.wav,anger,kim,1,8,4,", "line 2: the arousal '8' is no number of 1 to 7"),
        ("a.wav,anger,kim,1,7,4,1-7", "line 2: the scale '1-7' is none"),
        ("a.wav,anger,kim,1,6,4,1 to 5", "line 2: the arousal '6' is no number of 1 to 5"),
    ],
)
def test_a_manifests_wrong_rating_is_named_by_its_line(write_clips, row: str, reason: str) -> None:
    root = write_clips("a.wav")
    path = manifest(root, "path,emotion,speaker,valence,arousal,dominance,vad_scale", row)
    with pytest.raises(BadInput, match=reason) as caught:
        open_corpus("generic", path)
    assert caught.value.hint


def iemocap(write_clips) -> Path:
    names = ["Ses01F_impro01_F000", "Ses01F_impro01_M001", "Ses01F_impro01_F002",
             "Ses01F_impro01_F003", "Ses01F_impro01_F004", "Ses01F_impro01_F099",
             "notes"]  # fmt: skip
    root = write_clips(
        *(f"Session1/sentences/wav/Ses01F_impro01/{name}.wav" for name in names),
        "Session5/sentences/wav/Ses05M_script01_1b/Ses05M_script01_1b_M000.wav",
    )
    first = root / "Session1/dialog/EmoEvaluation"
    first.mkdir(parents=True)
    (first / "Ses01F_impro01.txt").write_text(EVALUATION)
    (first / "._Ses01F_impro01.txt").write_bytes(b"\0\x05\x16\x07")
    fifth = root / "Session5/dialog/EmoEvaluation"
    fifth.mkdir(parents=True)
    (fifth / "Ses05M_script01_1b.txt").write_text(
        "[1.0 - 2.0]\tSes05M_script01_1b_M000\tfru\t[2.0, 3.5, 3.0]\r\n"
    )
    return root


def test_iemocap(write_clips) -> None:
    corpus = open_corpus("IEMOCAP", iemocap(write_clips))
    assert place(corpus) == {
        "Ses01F_impro01_F000": (-0.25, -0.25, -0.25),
        "Ses01F_impro01_M001": (-1.0, 1.0, 0.5),
        "Ses01F_impro01_F003": None,
        "Ses05M_script01_1b_M000": (-0.5, 0.25, 0.0),
    }
    people = {u.path.stem: (u.emotion, u.speaker, u.sex) for u in corpus.utterances}
    assert people["Ses01F_impro01_F000"] == ("neutral", "01F", "female")
    assert people["Ses01F_impro01_M001"] == ("anger", "01M", "male")
    assert people["Ses05M_script01_1b_M000"] == ("frustration", "05M", "male")
    assert kinds(corpus) == [
        ("Ses01F_impro01.txt", "bad-row"),
        ("Ses01F_impro01_F002.wav", "no-agreement"),
        ("Ses01F_impro01_F004.wav", "unknown-label"),
        ("Ses01F_impro01_F099.wav", "unknown-label"),
        ("notes.wav", "unknown-name"),
    ]


def test_iemocap_with_broken_lists(write_clips) -> None:
    root = iemocap(write_clips)
    folder = root / "Session1/dialog/EmoEvaluation"
    (folder / "a.txt").write_bytes(b"\xff\xfe\x80 not text")
    (folder / "b.txt").write_text("[" * 5000 + "\n" + "x" * 100_000)
    os.mkfifo(folder / "c.txt")
    (folder / "d.txt").symlink_to(root / "nowhere")
    (folder / "e.txt").mkdir()
    corpus = open_corpus("iemocap", root)
    assert len(corpus.utterances) == 4
    found = dict(kinds(corpus))
    assert [found[name] for name in ("a.txt", "c.txt", "e.txt")] == ["unreadable"] * 3
    assert found["d.txt"] in ("broken-link", "unreadable")


def podcast(write_clips, *rows: str, header: str = PODCAST) -> Path:
    names = [f"MSP-PODCAST_0001_{number:04d}" for number in range(1, 9)]
    root = write_clips(*(f"Audios/{name}.wav" for name in names))
    (root / "Labels").mkdir()
    (root / "Labels/labels_consensus.csv").write_text(header + "".join(f"{row}\n" for row in rows))
    return root


def test_msp_podcast(write_clips) -> None:
    root = podcast(
        write_clips,
        "MSP-PODCAST_0001_0001.wav,A,7.0,1.0,4.0,12,Female,Train",
        "MSP-PODCAST_0001_0002.wav,H,4.0,5.5,4.0,13,Male,Development",
        "MSP-PODCAST_0001_0003.wav,N,4.0,4.0,4.0,14,Male,Test1",
        "MSP-PODCAST_0001_0004.wav,S,2.0,2.0,2.0,Unknown,Unknown,Test2",
        "MSP-PODCAST_0001_0005.wav,X,4.0,4.0,4.0,12,Female,Train",
        "MSP-PODCAST_0001_0006.wav,U,4.0,4.0,40,12,Female,Train",
        "MSP-PODCAST_0001_0007.wav,,,,,Unknown,Unknown,Test3",
        "MSP-PODCAST_0001_0001.wav,H,7.0,1.0,4.0,12,Female,Train",
        "MSP-PODCAST_0009_0009.wav,H,7.0,1.0,4.0,12,Female,Train",
    )
    corpus = open_corpus("msp-podcast", root)
    assert place(corpus) == {
        "MSP-PODCAST_0001_0001": (-1.0, 1.0, 0.0),
        "MSP-PODCAST_0001_0002": (0.5, 0.0, 0.0),
        "MSP-PODCAST_0001_0003": (0.0, 0.0, 0.0),
        "MSP-PODCAST_0001_0004": pytest.approx((-2 / 3,) * 3),
        "MSP-PODCAST_0001_0006": None,
    }
    clips = {u.path.stem[-4:]: u for u in corpus.utterances}
    assert [clips[n].split for n in ("0001", "0002", "0003", "0004")] == [
        "train", "development", "test", "test",
    ]  # fmt: skip
    assert (clips["0001"].emotion, clips["0001"].speaker, clips["0001"].sex) == (
        "anger", "12", "female",
    )  # fmt: skip
    assert (clips["0004"].speaker, clips["0004"].speaker_known) == (clips["0004"].clip_id, False)
    assert kinds(corpus) == [
        ("MSP-PODCAST_0001_0005.wav", "no-agreement"),
        ("MSP-PODCAST_0001_0007.wav", "no-agreement"),
        ("MSP-PODCAST_0001_0008.wav", "unknown-label"),
        ("labels_consensus.csv", "bad-row"),
        ("labels_consensus.csv", "bad-row"),
        ("labels_consensus.csv", "missing-clips"),
    ]


def test_msp_podcasts_split_is_honoured_and_speakers_never_cross(write_clips) -> None:
    rows = [f"MSP-PODCAST_0001_000{n}.wav,A,4,4,4,{n},Male,{part}" for n, part in
            enumerate(("Train", "Train", "Development", "Test1", "Test2"), 1)]  # fmt: skip
    corpus = open_corpus("msppodcast", podcast(write_clips, *rows))
    split = published_or_folds(corpus, seed=0)
    assert split.to_json() == {"train": ["1", "2"], "development": ["3"], "test": ["4", "5"]}


def test_an_msp_podcast_speaker_in_two_parts_is_refused(write_clips) -> None:
    rows = [f"MSP-PODCAST_0001_000{n}.wav,A,4,4,4,7,Male,{part}" for n, part in
            enumerate(("Train", "Development", "Test1"), 1)]  # fmt: skip
    rows += ["MSP-PODCAST_0001_0004.wav,A,4,4,4,8,Male,Train",
             "MSP-PODCAST_0001_0005.wav,A,4,4,4,9,Male,Train"]  # fmt: skip
    with pytest.raises(BadInput, match="7"):
        published_or_folds(open_corpus("msppodcast", podcast(write_clips, *rows)), seed=0)


@pytest.mark.parametrize(
    ("header", "reason"),
    [("FileName,EmoClass\n", "lacks the column EmoAct"), ("\0\n", "lacks the column")],
)
def test_msp_podcast_with_a_broken_table(write_clips, header: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        open_corpus("msppodcast", podcast(write_clips, header=header))


def test_msp_podcasts_table_must_be_a_file(write_clips) -> None:
    root = podcast(write_clips)
    (root / "Labels/labels_consensus.csv").unlink()
    os.mkfifo(root / "Labels/labels_consensus.csv")
    with pytest.raises(BadInput, match="labels_consensus") as caught:
        open_corpus("msppodcast", root)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("below", ["", "Audio/"])
@pytest.mark.parametrize("name", ["Evalution.txt", "Evaluation.txt"])
def test_msp_improv(write_clips, below: str, name: str) -> None:
    root = write_clips(
        f"{below}session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav",
        f"{below}session1/S01A/R/MSP-IMPROV-S01A-M01-R-MM01.wav",
        f"{below}session2/S02N/T/MSP-IMPROV-S02N-F02-T-FM01.wav",
        f"{below}session2/S02N/T/MSP-IMPROV-S02N-F02-T-FM02.wav",
        f"{below}session2/S02N/T/MSP-IMPROV-S02N-F02-T-FM03.wav",
    )
    (root / name).write_text(IMPROV)
    corpus = open_corpus("msp-improv", root)
    assert place(corpus) == {
        "MSP-IMPROV-S01A-F01-P-FM01": (-1.0, 1.0, 0.5),
        "MSP-IMPROV-S01A-M01-R-MM01": None,
        "MSP-IMPROV-S02N-F02-T-FM02": None,
    }
    assert [(u.emotion, u.speaker, u.sex) for u in corpus.utterances] == [
        ("anger", "F01", "female"),
        ("happiness", "M01", "male"),
        ("neutral", "F02", "female"),
    ]
    assert kinds(corpus) == sorted([
        (name, "bad-row"),
        ("MSP-IMPROV-S02N-F02-T-FM01.wav", "no-agreement"),
        ("MSP-IMPROV-S02N-F02-T-FM03.wav", "unknown-label"),
    ])  # fmt: skip


def test_msp_improv_with_a_list_that_is_no_text(write_clips) -> None:
    root = write_clips("session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav")
    (root / "Evalution.txt").write_bytes(b"\xff\xff\xff")
    with pytest.raises(BadInput, match=r"unreadable: Evalution\.txt: it is not UTF-8"):
        open_corpus("mspimprov", root)


def test_speakers_of_joined_sessions_never_cross(tmp_path: Path) -> None:
    lines = []
    for session in range(1, 7):
        for sex in "FM":
            name = f"S01A-{sex}0{session}-P-{sex}M01"
            path = tmp_path / f"session{session}/S01A/P/MSP-IMPROV-{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(len(lines)).normal(0, 0.1, 4000)
            soundfile.write(path, noise, 16_000)
            lines.append(f"UTD-IMPROV-{name}.avi; A; A:3.0; V:3.0; D:3.0 ; N:3.0;")
    (tmp_path / "Evalution.txt").write_text("\n".join(lines))
    corpus = open_corpus("mspimprov", tmp_path)
    for fold in range(5):
        split = published_or_folds(corpus, seed=0, fold=fold)
        parts = [{u.speaker for u in split.select(corpus.utterances, part)}
                 for part in ("train", "development", "test")]  # fmt: skip
        assert sum(map(len, parts)) == len(set().union(*parts)) == 12


def test_derived_values_are_the_expectation_under_the_votes() -> None:
    votes = [("anger", 0.6), ("sadness", 0.2), ("neutral", 0.2)]
    found = derived_vad(votes, COORDINATES)
    assert found is not None
    assert found.values == pytest.approx(
        (-0.6 * 0.51 - 0.2 * 0.63, 0.6 * 0.59 - 0.2 * 0.27, 0.6 * 0.25 - 0.2 * 0.33)
    )


def test_votes_for_words_without_coordinates_do_not_count() -> None:
    votes = [("calm", 0.4), ("happiness", 0.6)]
    found = derived_vad(votes, COORDINATES)
    assert found is not None
    assert found.values == pytest.approx(COORDINATES["happiness"].values)
    assert derived_vad([("calm", 0.6), ("happiness", 0.4)], COORDINATES) is None
    assert derived_vad(None, COORDINATES) is None
    assert derived_vad([("calm", 1.0)], {"calm": Vad(0.5, -0.5, 0.1)}) == Vad(0.5, -0.5, 0.1)


def test_every_coordinate_lies_on_the_scale() -> None:
    for vad in COORDINATES.values():
        assert all(-1.0 <= value <= 1.0 for value in vad.values)
    assert COORDINATES["neutral"].values == (0.0, 0.0, 0.0)
