"""What is said: a string of syllables with their timing, pitch and loudness, and no meaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.synthesis.voice.expression import Expression
from edgeser.corpora.synthesis.voice.speaker import Speaker
from edgeser.corpora.synthesis.voice.tract import VOWELS

Floats = NDArray[np.float64]

SHORTEST_SECONDS, LONGEST_SECONDS = 2.0, 3.0
_VOWEL_NAMES = tuple(VOWELS)
_EDGE_SECONDS = 0.12


@dataclass(frozen=True, slots=True)
class Consonant:
    """The noise that opens a syllable.

    Parameters
    ----------
    seconds, centre_hz, sharpness, level
        Duration, resonance, its quality factor, and level against the vowel.
    closure_seconds
        Silence before it: above zero for a plosive.
    """

    seconds: float
    centre_hz: float
    sharpness: float
    level: float
    closure_seconds: float = 0.0

    @property
    def whole_seconds(self) -> float:
        """Closure and noise together."""
        return self.closure_seconds + self.seconds


CONSONANTS: tuple[Consonant | None, ...] = (
    None,
    Consonant(0.09, 6200.0, 3.0, 0.35),
    Consonant(0.10, 3200.0, 3.0, 0.40),
    Consonant(0.07, 5000.0, 1.2, 0.12),
    Consonant(0.025, 4000.0, 2.0, 0.45, 0.05),
    Consonant(0.03, 1800.0, 2.0, 0.45, 0.05),
    Consonant(0.02, 900.0, 1.5, 0.30, 0.06),
)
"""None (a vowel alone), two sibilants, a weak fricative, and three plosives."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable: from `start` for `seconds`, with its consonant inside at the front."""

    start: float
    seconds: float
    vowel: str
    consonant: Consonant | None
    pitch_semitones: float
    level_db: float

    @property
    def voice_start(self) -> float:
        """When the vowel sets in: after the consonant, which takes 60 % at most."""
        if self.consonant is None:
            return self.start
        return self.start + min(self.consonant.whole_seconds, 0.6 * self.seconds)


@dataclass(frozen=True, slots=True)
class Phrase:
    """All syllables of an utterance and its whole duration in seconds."""

    syllables: tuple[Syllable, ...]
    seconds: float


def make_phrase(speaker: Speaker, expression: Expression, random: np.random.Generator) -> Phrase:
    """Draw syllables until 2 to 3 s are filled, with the speaker's rate and the emotion's."""
    total = float(random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
    rate = max(speaker.rate * expression.rate_factor, 2.0)
    spans: list[tuple[float, float]] = []
    now = _EDGE_SECONDS
    while True:
        seconds = float(np.clip(random.normal(1.0, 0.18), 0.55, 1.6)) / rate
        if now + seconds > total - _EDGE_SECONDS and spans:
            break
        spans.append((now, seconds))
        now += seconds
        if random.random() < expression.pause_share * 0.5:
            now += float(random.uniform(0.1, 0.28)) / expression.rate_factor
    accents = _accents(len(spans), random)
    place = np.linspace(0.0, 1.0, len(spans))
    deviation = speaker.range_semitones * expression.range_factor
    pitch = expression.slope_semitones * (place - 0.5) + deviation * accents
    level = 1.5 * accents - 2.0 * place
    syllables = tuple(
        Syllable(
            start=start,
            seconds=seconds,
            vowel=str(random.choice(_VOWEL_NAMES)),
            consonant=CONSONANTS[int(random.integers(len(CONSONANTS)))],
            pitch_semitones=float(pitch[index]),
            level_db=float(level[index]),
        )
        for index, (start, seconds) in enumerate(spans)
    )
    return Phrase(syllables, total)


def _accents(count: int, random: np.random.Generator) -> Floats:
    """Return stress per syllable, mean 0: every second or third one stands out."""
    stress = -0.5 + 0.5 * random.standard_normal(count)
    at = int(random.integers(0, 2))
    while at < count:
        stress[at] += 1.6
        at += int(random.integers(2, 4))
    centred: Floats = stress - stress.mean()
    return centred
