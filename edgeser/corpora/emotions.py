"""The vocabulary of emotions: one lower-case English noun each, and other words for it."""

from __future__ import annotations

import unicodedata
from functools import cache

from edgeser.corpora.emotion_words import ENGLISH, UNCLEAR, WORDS
from quantize.foundation.foreign import printable

EMOTIONS: tuple[str, ...] = (
    "anger",
    "boredom",
    "calm",
    "contempt",
    "disgust",
    "excitement",
    "fear",
    "frustration",
    "happiness",
    "neutral",
    "sadness",
    "surprise",
)
"""Every emotion that a corpus may use, in alphabetical order."""

# Letters that no decomposition takes apart.
_LETTERS = str.maketrans(
    {"ł": "l", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}
)
_LONGEST_WORD = 40
_NEAR_FROM_LETTERS = 5
_TWO_SLIPS_FROM_LETTERS = 9


def canonical_emotion(word: str) -> str | None:
    """Return the canonical noun for a word such as ``"Angry"`` or ``"Wut"``, or ``None``.

    ``None`` also for a word that means different emotions in different languages.

    Examples
    --------
    >>> canonical_emotion("Happy")
    'happiness'
    >>> canonical_emotion("pleasant surprise")
    'surprise'
    >>> canonical_emotion("TRAURIGKEIT"), canonical_emotion("złość"), canonical_emotion("zlosc")
    ('sadness', 'anger', 'anger')
    >>> canonical_emotion("hungry") is None
    True
    """
    meanings = _meanings(word)
    return meanings[0][0] if len({emotion for emotion, _ in meanings}) == 1 else None


def english_emotion(word: str) -> str | None:
    """Return the canonical noun for an English word alone: "Ira" and "Rabia" are also names."""
    return _english().get(_key(word))


def why_unknown(word: str) -> tuple[str, str]:
    """Return what is wrong with a word that has no canonical noun, and what to do about it.

    Examples
    --------
    >>> why_unknown("hapiness")
    ("the emotion 'hapiness' is not known", "did you mean 'happiness'?")
    """
    said = f"the emotion '{printable(word)}'"
    meanings = _meanings(word)
    if meanings:
        each = " and ".join(f"{emotion} ({language})" for emotion, language in meanings)
        nouns = " or ".join(dict.fromkeys(emotion for emotion, _ in meanings))
        return f"{said} has two meanings: {each}", f"write {nouns}"
    near = _nearest(_key(word))
    if near is None:
        return f"{said} is not known", f"one of {', '.join(EMOTIONS)}"
    known, emotion = near
    meaning = "" if known in EMOTIONS else f" ({emotion})"
    return f"{said} is not known", f"did you mean '{known}'{meaning}?"


def _meanings(word: str) -> tuple[tuple[str, str], ...]:
    """Return ``(noun, language)`` for each meaning of a word; English comes before all others."""
    key = _key(word)
    english = _english().get(key)
    if english is not None:
        return ((english, "English"),)
    foreign = _foreign()
    # Pinyin is written in one word or in two, with or without numbers for the tones.
    joined = key.translate(str.maketrans("", "", "_'12345"))
    return foreign.get(key) or foreign.get(joined, ())


@cache
def _english() -> dict[str, str]:
    known = {noun: noun for noun in EMOTIONS}
    return known | {word: noun for noun, words in ENGLISH.items() for word in words.split()}


@cache
def _foreign() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the meanings of each word by its key; of languages that agree the first is named."""
    found: dict[str, dict[str, str]] = {}
    for language, nouns in WORDS.items():
        for noun, words in nouns.items():
            for word in words.split():
                found.setdefault(_key(word), {}).setdefault(noun, language)
    meanings = {key: tuple(nouns.items()) for key, nouns in found.items()}
    return meanings | {_key(word): unclear for word, unclear in UNCLEAR.items()}


def _key(word: str) -> str:
    """Return a word as it is compared: no case, no accents, ``_`` for blanks and hyphens."""
    text = unicodedata.normalize("NFKD", word[: 4 * _LONGEST_WORD]).casefold().translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "_".join(plain.replace("-", " ").replace("_", " ").split())


def _nearest(key: str) -> tuple[str, str] | None:
    """Return the one known word that `key` is a slip of, with its noun; None unless truly near.

    A slip is a letter that is missing, surplus, wrong, or exchanged with its neighbour; never the
    first. English words come before others; what lies near two emotions is near none.
    """
    allowed = 2 if len(key) >= _TWO_SLIPS_FROM_LETTERS else 1
    if not _NEAR_FROM_LETTERS <= len(key) <= _LONGEST_WORD:
        return None
    known = {word: {noun} for word, noun in _english().items()}
    for word, meanings in _foreign().items():
        known.setdefault(word, set()).update(noun for noun, _ in meanings)
    near: list[tuple[int, bool, str]] = []
    for word in known:
        if word[:1] == key[:1] and abs(len(word) - len(key)) <= allowed:
            slips = _slips(key, word)
            if slips <= allowed:
                near.append((slips, word not in _english(), word))
    best = [word for *rank, word in near if rank == list(min(near)[:2])]
    emotions = {noun for word in best for noun in known[word]}
    return (min(best), emotions.pop()) if len(emotions) == 1 else None


def _slips(first: str, second: str) -> int:
    """Return the distance of Damerau and Levenshtein (neighbours exchanged count once)."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        after = [i]
        for j, b in enumerate(second, start=1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        before, row = row, after
    return row[-1]
