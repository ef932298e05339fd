"""What the synthetic speakers of `spoken` say: one adjective in a sentence that any of them fits.

The sentences are the same for every emotion, so that the adjective alone tells it; neutral ones
stand in the same places.
"""

from __future__ import annotations

import numpy as np

NEUTRAL = "neutral"
ADJECTIVES: dict[str, tuple[str, ...]] = {
    "anger": (
        "furious", "angry", "outraged", "bitter", "hostile", "enraged", "mad", "resentful",
    ),
    "happiness": (
        "happy", "delighted", "wonderful", "cheerful", "thrilled", "joyful", "glad", "proud",
    ),
    NEUTRAL: (
        "ready", "seated", "present", "early", "registered", "prepared", "awake", "local",
    ),
    "sadness": (
        "sad", "miserable", "heartbroken", "unhappy", "lonely", "hopeless", "gloomy", "tearful",
    ),
}  # fmt: skip
"""Adjectives by the emotion that they tell."""
SENTENCES = (
    "I am {adjective} about the {noun}.",
    "They were {adjective} when the {noun} came.",
    "She sounds {adjective} on the phone today.",
    "He has been {adjective} since the {noun}.",
    "We are all {adjective} here this morning.",
    "Everybody looked {adjective} after the {noun}.",
)
NOUNS = ("letter", "meeting", "train", "report", "visit", "call", "lesson", "game")


def make_sentence(emotion: str, random: np.random.Generator) -> str:
    """Draw a sentence whose words tell an emotion; those of `NEUTRAL` tell none.

    Examples
    --------
    >>> make_sentence("anger", np.random.default_rng(0))
    'He has been hostile since the visit.'
    """
    adjectives = ADJECTIVES[emotion]
    adjective = adjectives[int(random.integers(len(adjectives)))]
    sentence = SENTENCES[int(random.integers(len(SENTENCES)))]
    noun = NOUNS[int(random.integers(len(NOUNS)))]
    return sentence.format(adjective=adjective, noun=noun)
