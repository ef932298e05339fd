"""MELD in its published layout; IEMOCAP in four classes, folds of sessions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import Corpus, Member, caveat_of, describe_division, divide, join, open_corpus
from edgeser.corpora.choice import CorpusChoice
from edgeser.corpora.random_clips import RandomClips
from edgeser.corpora.split import SpeakerSplit
from edgeser.recipe import load_recipe
from quantize.foundation.errors import BadInput

HEAD = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode\n"
FOLDERS = {
    "train": "train_splits",
    "dev": "dev_splits_complete",
    "test": "output_repeated_splits_test",
}
WORDS = ("neutral", "joy", "sadness", "anger", "surprise", "fear", "disgust")


def wav(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.random.default_rng(seed).normal(size=1600), 16_000)


def write_meld(root: Path, *, below: bool = False) -> None:
    for place, (part, folder) in enumerate(FOLDERS.items()):
        lines = [HEAD]
        for number, emotion in enumerate(WORDS):
            speaker = ("Joey", "Rachel", "Ross")[number % 3]
            lines.append(
                f'{number},"Well, I said ""no""",{speaker},{emotion},x,{number // 3},{number},1,2\n'
            )
            name = f"dia{number // 3}_utt{number}"
            wav(root / folder / f"{name}.wav", 100 * place + number)
            (root / folder / f"{name}.mp4").write_bytes(b"\0" * 2000)
        table = root / part if below else root
        table.mkdir(exist_ok=True)
        (table / f"{part}_sent_emo.csv").write_text("".join(lines), "utf-8")


@pytest.fixture
def meld(tmp_path: Path) -> Path:
    write_meld(tmp_path)
    return tmp_path


def kinds(corpus: Corpus) -> list[tuple[str, str]]:
    return sorted((problem.path.name, problem.kind) for problem in corpus.problems)


def test_meld_is_read_with_its_published_parts(meld: Path) -> None:
    corpus = open_corpus("MELD", meld)
    assert not corpus.problems
    assert len(corpus.utterances) == 21
    assert corpus.emotions == (
        "anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise",
    )  # fmt: skip
    assert corpus.speakers == ("Joey", "Rachel", "Ross")
    parts = {(u.path.parent.name, u.split) for u in corpus.utterances}
    assert parts == {
        ("train_splits", "train"),
        ("dev_splits_complete", "development"),
        ("output_repeated_splits_test", "test"),
    }
    happy = [u for u in corpus.utterances if u.emotion == "happiness"]
    assert {u.speaker for u in happy} == {"Rachel"}


def test_melds_tables_may_lie_in_their_parts_folders(tmp_path: Path) -> None:
    write_meld(tmp_path, below=True)
    assert len(open_corpus("meld", tmp_path).utterances) == 21


def test_melds_published_split_is_by_clip_and_says_so(meld: Path) -> None:
    corpus = open_corpus("meld", meld)
    with pytest.raises(BadInput, match="disjoint, but Joey") as refused:
        divide([corpus], [CorpusChoice("meld")])
    assert "published-clips" in refused.value.hint
    choice = CorpusChoice("meld", split="published-clips")
    division = divide([corpus], [choice])
    assert isinstance(division, RandomClips)
    assert [len(division.of(part)) for part in ("train", "development", "test")] == [7, 7, 7]
    assert all("output_repeated" in clip for clip in division.test)
    assert "hears its test speakers" in caveat_of(division)
    assert "hears its test speakers" in describe_division(corpus, choice)
    folds = divide([corpus], [CorpusChoice("meld", split="folds", folds=3)])
    assert isinstance(folds, SpeakerSplit)


def test_without_published_development_clips_some_of_the_training_choose(meld: Path) -> None:
    corpus = open_corpus("meld", meld)
    (meld / "dev_sent_emo.csv").write_text(HEAD)
    corpus = open_corpus("meld", meld)
    division = divide(
        [corpus], [CorpusChoice("meld", split="published-clips", development_share=0.3)]
    )
    sizes = [len(division.of(part)) for part in ("train", "development", "test")]
    assert sizes == [5, 2, 7]


def test_what_is_odd_in_meld_is_named(meld: Path) -> None:
    train = meld / "train_splits"
    (train / "dia0_utt0.wav").unlink()  # the video is left
    (train / "dia0_utt1.wav").unlink()
    (train / "dia0_utt1.mp4").unlink()
    wav(train / "dia9_utt9.wav", 900)
    wav(train / "intro.wav", 901)
    wav(meld / "dia0_utt2.wav", 902)
    (train / "._dia0_utt2.wav").write_bytes(b"mac")
    text = (meld / "test_sent_emo.csv").read_text()
    text = text.replace(",surprise,", ",bored\x1b[31m,", 1) + "9,hm,Joey,fear,x,a,1,1,1\n"
    (meld / "test_sent_emo.csv").write_text(text)
    corpus = open_corpus("meld", meld)
    assert kinds(corpus) == sorted(
        [
            ("dia0_utt0.mp4", "other-format"),
            ("dia0_utt2.wav", "unknown-part"),
            ("dia1_utt4.wav", "unknown-label"),
            ("dia9_utt9.wav", "unknown-label"),
            ("intro.wav", "unknown-name"),
            (meld.name, "missing-clips"),
            ("test_sent_emo.csv", "bad-row"),
        ]
    )
    assert all("\x1b" not in problem.detail for problem in corpus.problems)


def test_videos_without_their_sound_say_how_to_get_it(tmp_path: Path) -> None:
    write_meld(tmp_path)
    for path in tmp_path.rglob("*.wav"):
        path.unlink()
    with pytest.raises(BadInput, match="holds no clip that the meld adapter can use") as refused:
        open_corpus("meld", tmp_path)
    assert "ffmpeg" in refused.value.hint


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("dev_sent_emo.csv", None, "no dev_sent_emo.csv"),
        ("test_sent_emo.csv", "Speaker,Emotion\n", "lacks the column Dialogue_ID"),
        ("train_sent_emo.csv", '"', "cannot read the table"),
    ],
)
def test_tables_that_are_wrong(meld: Path, name: str, text: str | None, said: str) -> None:
    (meld / name).unlink()
    if text is not None:
        (meld / name).write_text(text)
    with pytest.raises(BadInput, match=said):
        open_corpus("meld", meld)


def write_iemocap(root: Path) -> None:
    words = ("ang", "hap", "exc", "neu", "sad", "fru", "sur", "fea", "dis", "xxx")
    for session in range(1, 6):
        dialogue = f"Ses{session:02d}F_impro01"
        lines = []
        for who in "FM":
            for number, word in enumerate(words):
                clip = f"{dialogue}_{who}{number:03d}"
                lines.append(f"[1.0 - 2.0]\t{clip}\t{word}\t[2.5, 2.5, 2.5]\n")
                folder = root / f"Session{session}" / "sentences" / "wav" / dialogue
                wav(folder / f"{clip}.wav", 1000 * session + 20 * number + (who == "M"))
        table = root / f"Session{session}" / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"
        table.parent.mkdir(parents=True)
        table.write_text("".join(lines))


def test_iemocap_has_four_classes_and_five_sessions_as_folds(tmp_path: Path) -> None:
    write_iemocap(tmp_path)
    recipe = load_recipe("iemocap")
    (choice,) = recipe.corpora
    corpus = join([Member(choice, open_corpus("iemocap", tmp_path))], recipe.labels)
    assert corpus.emotions == ("anger", "happiness", "neutral", "sadness")
    counts = {e: sum(u.emotion == e for u in corpus.utterances) for e in corpus.emotions}
    assert counts == {"anger": 10, "happiness": 20, "neutral": 10, "sadness": 10}
    tested = []
    for fold in range(5):
        division = divide(corpus.members, [CorpusChoice("iemocap", split="sessions", fold=fold)])
        session = f"{fold + 1:02d}"
        assert division.test == {f"iemocap/{session}F", f"iemocap/{session}M"}
        assert len(division.development) == 2
        assert len({name[-3:-1] for name in division.development}) == 1
        assert len(division.train) == 6
        tested += sorted(division.test)
    assert len(set(tested)) == 10
    described = describe_division(corpus.members[0], choice)
    assert described == "folds of sessions: who was recorded together is on one side"


def test_fewer_folds_than_sessions_keep_sessions_whole(tmp_path: Path) -> None:
    write_iemocap(tmp_path)
    corpus = open_corpus("iemocap", tmp_path)
    division = divide([corpus], [CorpusChoice("iemocap", split="sessions", folds=2)])
    assert division.test == {"01F", "01M", "03F", "03M", "05F", "05M"}


def test_sessions_that_are_not_known_are_refused(meld: Path, tmp_path: Path) -> None:
    corpus = open_corpus("meld", meld)
    with pytest.raises(BadInput, match="does not say in which session") as refused:
        divide([corpus], [CorpusChoice("meld", split="sessions")])
    assert 'split = "folds"' in refused.value.hint


@pytest.mark.parametrize("sessions", ["1,1,1,1", "1,2,1,2", "1,2,3,1"])
def test_a_manifests_sessions(tmp_path: Path, sessions: str) -> None:
    lines = ["path,emotion,speaker,session"]
    for number, session in enumerate(sessions.split(",")):
        wav(tmp_path / f"{number}.wav", number)
        lines.append(f"{number}.wav,{'anger' if number % 2 else 'fear'},s{number},{session}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    corpus = open_corpus("generic", tmp_path)
    choice = CorpusChoice("generic", split="sessions")
    if sessions == "1,2,3,1":
        assert divide([corpus], [choice]).test == {"s0", "s3"}
    else:
        with pytest.raises(BadInput, match=r"session\(s\); one to test"):
            divide([corpus], [choice])
