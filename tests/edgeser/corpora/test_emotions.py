"""Words for emotions: nine languages, false friends, and slips."""

from __future__ import annotations

import pytest

from edgeser.corpora.emotion_words import WORDS
from edgeser.corpora.emotions import EMOTIONS, canonical_emotion, english_emotion, why_unknown

SIX = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
BY_LANGUAGE = {
    "German": "Wut Ekel Angst Freude Neutral Trauer",
    "Spanish": "ira asco miedo alegría neutral tristeza",
    "French": "colère dégoût peur joie neutre tristesse",
    "Italian": "rabbia disgusto paura gioia neutro tristezza",
    "Portuguese": "raiva nojo medo alegria neutro tristeza",
    "Polish": "złość wstręt strach radość neutralny smutek",
    "Turkish": "öfke iğrenme korku mutluluk nötr üzüntü",
    "Mandarin": "shēngqì yanwu haipa gaoxing zhongxing beishang",
    "Urdu": "ghussa karahat khauf khushi ghair_janibdar udasi",
}
PLAIN = str.maketrans("éèêáíóúôûãçñłśźżąęğşöüıßé", "eeeaiououacnlszzaegsouise")


@pytest.mark.parametrize("language", sorted(BY_LANGUAGE))
def test_the_six_in_each_language(language: str) -> None:
    for emotion, word in zip(SIX, BY_LANGUAGE[language].split(), strict=True):
        for spelled in (word, word.upper(), word.title(), f" {word} "):
            assert canonical_emotion(spelled) == emotion, spelled
        assert canonical_emotion(word.translate(PLAIN)) == emotion, word


def test_every_word_of_the_tables_has_a_meaning() -> None:
    for language, nouns in WORDS.items():
        assert set(SIX) - {"neutral"} <= set(nouns), language
        for noun, words in nouns.items():
            assert noun in EMOTIONS
            for word in words.split():
                assert canonical_emotion(word) in (noun, None), word


@pytest.mark.parametrize("word", ["enojado", "desgosto", "content", "chagrin", "Aborrecido"])
def test_false_friends_are_refused_with_both(word: str) -> None:
    assert canonical_emotion(word) is None
    what, hint = why_unknown(word)
    assert "two meanings" in what
    assert " or " in hint


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("hapiness", "'happiness'"),
        ("suprise", "'surprise'"),
        ("contemt", "'contempt'"),
        ("Traurigkiet", "'traurigkeit' (sadness)"),
        ("anegr", "'anger'"),
    ],
)
def test_slips(word: str, near: str) -> None:
    assert why_unknown(word)[1] == f"did you mean {near}?"


@pytest.mark.parametrize(
    "word",
    [
        "danger",
        "hungry",
        "palm",
        "mut",
        "love",
        "hate",
        "shame",
        "pride",
        "relief",
        "interest",
        "confusion",
        "noise",
        "stress",
        "xyz",
        "depression",
        "laughter",
        "other",
        "hear",
        "gear",
        "child",
    ],
)
def test_what_is_not_truly_near_is_not_suggested(word: str) -> None:
    assert canonical_emotion(word) is None
    assert "did you mean" not in why_unknown(word)[1]


def test_names_of_people_are_no_english_words() -> None:
    assert [english_emotion(name) for name in ("Ira", "Rabia", "Khushi", "kim")] == [None] * 4
    assert english_emotion("Happy") == "happiness"
