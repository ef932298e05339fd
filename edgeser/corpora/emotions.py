"""The vocabulary of emotions: one lower-case English noun each, and other words for it."""

from __future__ import annotations

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

_OTHER_WORDS: dict[str, str] = {
    "ang": "anger",
    "angry": "anger",
    "anxiety": "fear",
    "anxious": "fear",
    "bored": "boredom",
    "calmness": "calm",
    "contemptuous": "contempt",
    "disgusted": "disgust",
    "excited": "excitement",
    "fearful": "fear",
    "frustrated": "frustration",
    "happy": "happiness",
    "joy": "happiness",
    "joyful": "happiness",
    "neutrality": "neutral",
    "pleasant_surprise": "surprise",
    "pleasant_surprised": "surprise",
    "sad": "sadness",
    "scared": "fear",
    "surprised": "surprise",
}


def canonical_emotion(word: str) -> str | None:
    """Return the canonical noun for a word such as ``"Angry"``, or ``None`` if it is unknown.

    Examples
    --------
    >>> canonical_emotion("Happy")
    'happiness'
    >>> canonical_emotion("pleasant surprise")
    'surprise'
    >>> canonical_emotion("hungry") is None
    True
    """
    key = "_".join(word.strip().lower().replace("-", " ").replace("_", " ").split())
    return key if key in EMOTIONS else _OTHER_WORDS.get(key)
