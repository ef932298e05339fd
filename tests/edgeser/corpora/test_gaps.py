"""What a part lacks is told before it is trained on; one emotion alone is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeser.corpora import Corpus, SpeakerSplit, Utterance, gaps, require_two_labels
from quantize.foundation.errors import BadInput

SPLIT = SpeakerSplit(frozenset({"a"}), frozenset({"b"}), frozenset({"c"}))


def corpus(*clips: tuple[str, str]) -> Corpus:
    """A corpus of (speaker, emotion)."""
    utterances = tuple(
        Utterance(
            clip_id=f"{speaker}{number}",
            path=Path(f"{number}.wav"),
            corpus="mine",
            speaker=speaker,
            emotion=emotion,
        )
        for number, (speaker, emotion) in enumerate(clips)
    )
    emotions = tuple(sorted({emotion for _, emotion in clips}))
    return Corpus("mine", Path("x"), utterances, emotions, False, "", "")


def test_a_part_that_lacks_emotions_or_has_one_clip_is_named() -> None:
    whole = [("a", name) for name in ("anger", "fear", "sadness") for _ in range(2)]
    rest = [("b", "anger"), ("b", "anger"), ("b", "fear"), ("c", "sadness"), ("c", "sadness")]
    assert gaps(corpus(*whole, *rest), SPLIT) == (
        "development speakers have no clip of sadness",
        "development speakers have one clip of fear",
        "test speakers have no clip of anger, fear",
    )


def test_nothing_is_said_where_nothing_lacks() -> None:
    clips = [(who, what) for who in "abc" for what in ("anger", "fear") for _ in range(2)]
    assert gaps(corpus(*clips), SPLIT) == ()
    require_two_labels(corpus(*clips))


def test_one_emotion_is_refused() -> None:
    with pytest.raises(BadInput, match="one emotion only, anger"):
        require_two_labels(corpus(("a", "anger"), ("b", "anger"), ("c", "anger")))
