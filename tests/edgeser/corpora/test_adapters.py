"""Each corpus in its published layout, and what is wrong in it named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edgeser.corpora import ADAPTERS, open_corpus, parse_corpus_argument
from edgeser.corpora.emotions import EMOTIONS, canonical_emotion
from edgeser.corpora.utterance import Corpus, Utterance
from quantize.foundation.errors import BadInput

VOTES_HEADER = '"","A","D","F","H","N","S","fileName","numResponses"\n'


def by_id(corpus: Corpus) -> dict[str, Utterance]:
    assert [u.clip_id for u in corpus.utterances] == sorted({u.clip_id for u in corpus.utterances})
    assert corpus.emotions == tuple(sorted({u.emotion for u in corpus.utterances}))
    assert all(u.corpus == corpus.name and u.path.is_file() for u in corpus.utterances)
    return {u.clip_id: u for u in corpus.utterances}


def kinds(corpus: Corpus) -> dict[str, str]:
    return {problem.path.name: problem.kind for problem in corpus.problems}


def facts(utterance: Utterance) -> tuple[object, ...]:
    return (utterance.emotion, utterance.speaker, utterance.sex, utterance.age, utterance.language)


def test_cremad(write_clips) -> None:
    root = write_clips(
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "AudioWAV/1002_IEO_SAD_LO.flac",
        "AudioWAV/1003_IEO_HAP_HI.wav",
        "AudioWAV/1003_IEO_QQQ_HI.wav",
        "AudioWAV/notes.wav",
    )
    (root / "tabulatedVotes.csv").write_text(
        VOTES_HEADER
        + '"100001",6,2,0,0,2,0,"1001_DFA_ANG_XX",10\n'
        + '"200001",0,0,9,0,0,0,"1001_DFA_ANG_XX",9\n'
        + '"300001",0,0,0,9,0,0,"1001_DFA_ANG_XX",9\n'
        + '"100002",0,0,0,0,0,0,"1002_IEO_SAD_LO",0\n'
        + '"100003",x,0,0,0,0,0,"1003_IEO_HAP_HI",0\n'
    )
    (root / "VideoDemographics.csv").write_text(
        '"ActorID","Age","Sex","Race","Ethnicity"\n1001,51,"Male","a","b"\n1002,?,"Female","a","b"\n'
    )
    (root / "speaker_splits.json").write_text(json.dumps({"train": [1001], "dev": [1002]}))
    corpus = open_corpus("CREMA-D".replace("-", ""), root)
    clips = by_id(corpus)
    angry = clips["AudioWAV/1001_DFA_ANG_XX"]
    assert facts(angry) == ("anger", "1001", "male", 51, "en")
    assert angry.votes is not None
    assert dict(angry.votes) == pytest.approx(
        {"anger": 0.6, "disgust": 0.2, "fear": 0, "happiness": 0, "neutral": 0.2, "sadness": 0}
    )
    assert angry.split == "train"
    sad = clips["AudioWAV/1002_IEO_SAD_LO"]
    assert (sad.split, sad.votes, sad.age, sad.sex) == ("test", None, None, "female")
    assert clips["AudioWAV/1003_IEO_HAP_HI"].split is None
    assert kinds(corpus) == {
        "1003_IEO_QQQ_HI.wav": "unknown-label",
        "notes.wav": "unknown-name",
        "tabulatedVotes.csv": "bad-row",
        "speaker_splits.json": "not-in-split",
    }
    assert by_id(open_corpus("cremad", root / "AudioWAV")).keys() == clips.keys()


def test_cremad_says_race_and_ethnicity_in_its_own_words(write_clips) -> None:
    names = [f"AudioWAV/{actor}_DFA_ANG_XX.wav" for actor in (1001, 1002, 1003, 1004)]
    root = write_clips(*names)
    table = root / "VideoDemographics.csv"
    table.write_text(
        '"ActorID","Age","Sex","Race","Ethnicity"\n'
        '1001,51,"Male","Caucasian","Not Hispanic"\n1002,21,"Female","African  American",""\n'
        '1003,22,"Male","Unknown","Hispanic"\n1004,23,"Male","a\u202eb","x"\n',
        encoding="utf-8",
    )
    people = {u.speaker: (u.race, u.ethnicity) for u in open_corpus("cremad", root).utterances}
    assert people == {
        "1001": ("Caucasian", "Not Hispanic"),
        "1002": ("African American", None),
        "1003": (None, "Hispanic"),
        "1004": (None, "x"),
    }
    table.write_text("ActorID,Age,Sex\n1001,51,Male\n")
    (one, *_) = open_corpus("cremad", root).utterances
    assert (one.age, one.race, one.ethnicity) == (51, None, None)


def test_cremad_without_its_tables(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    corpus = open_corpus("cremad", root)
    assert not corpus.problems
    assert corpus.utterances[0].votes is None
    assert corpus.utterances[0].split is None


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", '{"train": 3}', "null", '{"train": ["1001"]}', "[" * 9999),
        '{"train": {"1001": 1}, "dev": "1002"}',
        "version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_cremad_with_a_broken_split(write_clips, content: str) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "speaker_splits.json").write_text(content)
    corpus = open_corpus("cremad", root)
    assert kinds(corpus) == {"speaker_splits.json": "unreadable"}
    assert corpus.utterances[0].split is None


def test_cremad_with_a_split_of_other_speakers(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "speaker_splits.json").write_text('{"train": ["actor 1001"], "test": ["actor 1002"]}')
    corpus = open_corpus("cremad", root)
    assert kinds(corpus) == {"speaker_splits.json": "split-not-used"}
    assert corpus.problems[0].detail == "it names none of these speakers, such as 1001; not used"


def test_what_is_beside_cremad_and_no_file_is_named(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    names = ("speaker_splits.json", "tabulatedVotes.csv", "VideoDemographics.csv")
    for name in names:
        os.mkfifo(root / name)
    assert kinds(open_corpus("cremad", root)) == dict.fromkeys(names, "unreadable")


def test_an_age_of_five_thousand_digits_is_none(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    rows = f"ActorID,Age,Sex\n1001,{'9' * 5000},Male\n"
    (root / "VideoDemographics.csv").write_text(rows)
    (found,) = open_corpus("cremad", root).utterances
    assert (found.age, found.sex) == (None, "male")


def test_cremad_with_broken_tables(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "tabulatedVotes.csv").write_bytes(b"\xff\xfe\x00nonsense")
    (root / "VideoDemographics.csv").write_text("Age,Sex\n1,Male\n")
    assert kinds(open_corpus("cremad", root)) == {
        "tabulatedVotes.csv": "unreadable",
        "VideoDemographics.csv": "unreadable",
    }


def test_cremad_split_with_a_speaker_on_both_sides_is_an_error(write_clips) -> None:
    root = write_clips("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "speaker_splits.json").write_text('{"train": [1001], "dev": ["1001"]}')
    with pytest.raises(BadInput, match="1001 in both"):
        open_corpus("cremad", root)


def test_ravdess(write_clips) -> None:
    root = write_clips(
        "Actor_01/03-01-06-01-02-01-01.wav",
        "Actor_24/03-01-08-02-02-01-24.wav",
        "Actor_24/03-02-02-02-02-01-24.wav",
        "Actor_24/03-01-09-02-02-01-24.wav",
    )
    corpus = open_corpus("ravdess", root)
    clips = by_id(corpus)
    assert facts(clips["Actor_01/03-01-06-01-02-01-01"]) == ("fear", "01", "male", None, "en")
    assert facts(clips["Actor_24/03-01-08-02-02-01-24"])[:3] == ("surprise", "24", "female")
    assert sorted(kinds(corpus).values()) == ["not-speech", "unknown-label"]


def test_emodb(write_clips) -> None:
    root = write_clips("wav/03a01Fa.wav", "wav/16b10Lb.wav", "wav/16b10W.wav", "wav/16b10Xa.wav")
    corpus = open_corpus("emo-db", root)
    clips = by_id(corpus)
    assert facts(clips["wav/03a01Fa"]) == ("happiness", "03", "male", 31, "de")
    assert facts(clips["wav/16b10Lb"]) == ("boredom", "16", "female", 31, "de")
    assert clips["wav/16b10W"].emotion == "anger"
    assert kinds(corpus) == {"16b10Xa.wav": "unknown-label"}


def test_savee_in_both_layouts(write_clips) -> None:
    root = write_clips("AudioData/DC/a01.wav", "AudioData/KL/su15.wav", "AudioData/XY/a01.wav")
    corpus = open_corpus("savee", root)
    clips = by_id(corpus)
    assert facts(clips["AudioData/DC/a01"]) == ("anger", "DC", "male", None, "en")
    assert clips["AudioData/KL/su15"].emotion == "surprise"
    assert kinds(corpus) == {"a01.wav": "unknown-speaker"}


def test_savee_flat(write_clips) -> None:
    clips = by_id(open_corpus("savee", write_clips("ALL/JK_sa03.wav", "ALL/JE_n30.wav")))
    assert facts(clips["ALL/JK_sa03"])[:2] == ("sadness", "JK")
    assert facts(clips["ALL/JE_n30"])[:2] == ("neutral", "JE")


def test_tess(write_clips) -> None:
    root = write_clips(
        "OAF_angry/OAF_back_angry.wav",
        "YAF_ps/YAF_back_ps.wav",
        "OAF_neutral/OA_bite_neutral.wav",
        "x/ZZZ_bite_neutral.wav",
    )
    corpus = open_corpus("tess", root)
    clips = by_id(corpus)
    assert facts(clips["OAF_angry/OAF_back_angry"]) == ("anger", "OAF", "female", 64, "en")
    assert facts(clips["YAF_ps/YAF_back_ps"])[:4] == ("surprise", "YAF", "female", 26)
    assert clips["OAF_neutral/OA_bite_neutral"].speaker == "OAF"
    assert kinds(corpus) == {"ZZZ_bite_neutral.wav": "unknown-speaker"}


def test_urdu(write_clips) -> None:
    root = write_clips("Angry/SM1_F10_A010.wav", "Sad/SF11_F2_S04.wav", "Sad/odd.wav")
    corpus = open_corpus("urdu", root)
    clips = by_id(corpus)
    assert facts(clips["Angry/SM1_F10_A010"]) == ("anger", "SM1", "male", None, "ur")
    assert facts(clips["Sad/SF11_F2_S04"])[:3] == ("sadness", "SF11", "female")
    assert kinds(corpus) == {"odd.wav": "unknown-name"}


def test_nemo(write_clips) -> None:
    root = write_clips("samples/EB0_anger_1.wav", "samples/WR0_surprised_64.wav")
    (root / "data.tsv").write_text(
        "file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage\n"
        'EB0_anger_1.wav\tanger\t"Lubię\tlubię\t        EB0\tfemale\t27\n'
        "WR0_surprised_64.wav\tsurprised\tUcho\tucho\t        WR0\tmale\t23\n",
        encoding="utf-8",
    )
    clips = by_id(open_corpus("nemo", root))
    assert facts(clips["samples/EB0_anger_1"]) == ("anger", "EB0", "female", 27, "pl")
    assert facts(clips["samples/WR0_surprised_64"]) == ("surprise", "WR0", "male", 23, "pl")


@pytest.mark.parametrize("name", [name for name in ADAPTERS if name != "synthetic"])
def test_nothing_usable_is_an_error_that_says_why(name: str, write_clips, tmp_path: Path) -> None:
    root = write_clips("what.wav")
    for path in (root, tmp_path / "none"):
        with pytest.raises(BadInput) as caught:
            open_corpus(name, path)
        assert str(path) in caught.value.message
        assert caught.value.hint
        assert "\n" not in str(caught.value)


def test_empty_and_dangling_files_are_problems(write_clips) -> None:
    root = write_clips("wav/03a01Fa.wav")
    (root / "wav/03a01Na.wav").touch()
    (root / "wav/03a01Wa.wav").symlink_to(root / "nowhere")
    (root / "wav/03a02Wa.wav").mkdir()
    (root / "wav/.hidden.wav").touch()
    corpus = open_corpus("emodb", root)
    assert len(corpus.utterances) == 1
    assert kinds(corpus) == {"03a01Na.wav": "empty-file", "03a01Wa.wav": "unreadable"}


def test_a_name_with_two_suffixes_is_used_once(write_clips) -> None:
    corpus = open_corpus("emodb", write_clips("wav/03a01Fa.wav", "wav/03a01Fa.flac"))
    assert len(corpus.utterances) == 1
    assert list(kinds(corpus).values()) == ["doubled-name"]


def test_the_table_of_adapters() -> None:
    assert set(ADAPTERS) == {
        "cremad", "ravdess", "emodb", "savee", "tess", "urdu", "nemo", "iemocap", "msppodcast",
        "mspimprov", "meld", "generic", "rerecorded", "speechcommands", "spoken",
        "synthetic",
    }  # fmt: skip
    for name, adapter in ADAPTERS.items():
        assert adapter.name == name
        assert all((adapter.title, adapter.layout, adapter.licence, adapter.citation))


def test_unknown_corpus_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean 'ravdess'"):
        open_corpus("ravdes", Path())
    with pytest.raises(BadInput, match="one of cremad"):
        open_corpus("xyzzy", Path())


def test_corpus_argument() -> None:
    assert parse_corpus_argument("cremad:a/b:c") == ("cremad", "cremad", Path("a/b:c"))
    assert parse_corpus_argument("CREMA-D:a")[:2] == ("cremad", "cremad")
    assert parse_corpus_argument("office = generic:a=b") == ("office", "generic", Path("a=b"))
    for wrong in ("cremad", ":x", "cremad:", " : ", "=cremad:x", "mine=:x"):
        with pytest.raises(BadInput, match="NAME:PATH"):
            parse_corpus_argument(wrong)


def test_vocabulary() -> None:
    assert list(EMOTIONS) == sorted(EMOTIONS)
    assert all(canonical_emotion(name) == name for name in EMOTIONS)
    assert canonical_emotion(" Pleasant-Surprise ") == "surprise"
    assert canonical_emotion("") is None
