"""Labels of a corpus's own: taken as they are where that is asked for, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeser.corpora import ADAPTERS, open_corpus
from edgeser.corpora.check import check_corpus
from edgeser.corpora.labels import LONGEST_LABEL, MOST_LABELS, own_label, why_no_label
from edgeser.wording import wording
from quantize.foundation.errors import BadInput


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("idle", "idle"),
        ("  bearing \u00a0 worn ", "bearing worn"),
        ("u\u0308berlast", "überlast"),
        ("On", "On"),
        ("x" * LONGEST_LABEL, "x" * LONGEST_LABEL),
        ("e\u0301" * LONGEST_LABEL, "é" * LONGEST_LABEL),
        ("x" * (LONGEST_LABEL + 1), ""),
        ("", ""),
        (" \u00a0", ""),
        ("a\tb", ""),
        ("a\nb", ""),
        ("a\x00", ""),
        ("\x1b[31mred", ""),
        ("\u202eelddi", ""),
        ("zero\u200bwidth", ""),
        ("a\u2028b", ""),
        ("half \udcff", ""),
        ("\ue000", ""),
    ],
)
def test_a_label_is_what_can_be_seen_in_one_line(word: str, label: str) -> None:
    assert own_label(word) == label
    if not label:
        assert why_no_label(word).isprintable()


def test_folders_at_the_top_are_labels_as_they_are(write_clips) -> None:
    root = write_clips(
        "idle/fan1/1.wav",
        "idle/fan2/day/1.wav",
        "worn bearing/fan1_1.wav",
        "anger/fan1/1.wav",
        "idle/idle_1.wav",
        "idle/1.wav",
        "stray.wav",
        "bad\nname/fan1/1.wav",
    )
    corpus = open_corpus("generic", root, labels="any")
    assert {u.clip_id: (u.emotion, u.speaker) for u in corpus.utterances} == {
        "idle/fan1/1": ("idle", "fan1"),
        "idle/fan2/day/1": ("idle", "fan2/day"),
        "worn bearing/fan1_1": ("worn bearing", "fan1"),
        "anger/fan1/1": ("anger", "fan1"),
    }
    assert (corpus.label_kind, corpus.words.one) == ("any", "label")
    found = {p.path.relative_to(root).as_posix(): p.kind for p in corpus.problems}
    assert found == {
        "idle/idle_1.wav": "unknown-speaker",
        "idle/1.wav": "unknown-speaker",
        "stray.wav": "unknown-label",
        "bad\nname/fan1/1.wav": "unknown-label",
    }


@pytest.mark.parametrize("column", ["label", "emotion"])
def test_a_manifest_names_labels_as_they_are(write_clips, column: str) -> None:
    root = write_clips("1.wav", "2.wav")
    (root / "manifest.csv").write_text(f"path,{column},speaker\n1.wav, Angry ,m1\n2.wav,off,m2\n")
    corpus = open_corpus("generic", root, labels="any")
    assert [u.emotion for u in corpus.utterances] == ["Angry", "off"]
    assert corpus.emotions == ("Angry", "off")


def test_a_bad_label_of_a_manifest_is_named_by_its_line(write_clips) -> None:
    root = write_clips("1.wav", "2.wav")
    (root / "manifest.csv").write_text("path,label,speaker\n1.wav,on,m1\n2.wav,\u202eon,m2\n")
    with pytest.raises(BadInput, match=r"line 3: the label '\\u202eon' has characters that are"):
        open_corpus("generic", root, labels="any")


def test_labels_that_differ_in_case_only_are_said(write_clips) -> None:
    root = write_clips("On/a/1.wav", "on/a/1.wav", "off/a/1.wav")
    corpus = open_corpus("generic", root, labels="any")
    assert corpus.emotions == ("On", "off", "on")
    (problem,) = corpus.problems
    assert problem.kind == "similar-labels"
    assert "On, on differ in case only" in problem.detail
    assert check_corpus(corpus).usable


def test_more_labels_than_a_device_holds_are_refused(write_clips) -> None:
    root = write_clips(*(f"clip{n}/a/1.wav" for n in range(MOST_LABELS + 1)))
    with pytest.raises(BadInput, match="has 129 labels; at most 128"):
        open_corpus("generic", root, labels="any")


def test_emotions_stay_what_is_read_unless_asked(write_clips) -> None:
    root = write_clips("idle/fan1/1.wav", "worn/fan2/1.wav")
    with pytest.raises(BadInput, match=r'set \[labels\] kind = "any"'):
        open_corpus("generic", root)
    (root / "manifest.csv").write_text("path,label,speaker\nidle/fan1/1.wav,idle,a\n")
    with pytest.raises(BadInput, match=r'lacks the column emotion .*\[labels\] kind = "any"'):
        open_corpus("generic", root)
    (root / "manifest.csv").write_text("path,emotion,speaker\nidle/fan1/1.wav,idle,a\n")
    with pytest.raises(BadInput, match=r'the emotion .idle. is not .*\[labels\] kind = "any"'):
        open_corpus("generic", root)


def test_a_corpus_of_emotions_serves_both(write_clips) -> None:
    root = write_clips("OAF_back_angry.wav", "YAF_back_sad.wav")
    plain, own = (open_corpus("tess", root, labels=kind) for kind in ("emotions", "any"))
    assert plain.utterances == own.utterances
    assert (plain.label_kind, own.label_kind) == ("emotions", "any")
    assert plain.words.many == "emotions"
    assert own.words.many == "labels"


def test_what_has_no_emotions_is_not_opened_for_them(tmp_path: Path) -> None:
    for adapter in ADAPTERS.values():
        if not adapter.emotions:
            with pytest.raises(BadInput, match=r'no emotions .*kind = "any".* preset keywords'):
                open_corpus(adapter.name, tmp_path)


def test_words_for_other_labels_do_not_speak_of_emotions() -> None:
    words = wording("any")
    said = (words.one, words.many, words.title, words.model, words.limits, words.card)
    assert not any("emotion" in text.lower() or "acted" in text.lower() for text in said)
