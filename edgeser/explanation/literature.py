"""What the literature expects of a voice for each emotion, as far as it agrees.

The table is our reading of three reviews, cue by cue; where two of them contradict each other, or
none speaks of a cue, nothing is expected. "High-frequency energy" is read as a flatter slope from
500 to 1500 Hz, "microstructural irregularity" as jitter and shimmer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import numpy as np

from edgeser.explanation.cues import CUES, StretchCues

JUSLIN_LAUKKA = "Juslin and Laukka 2003"
SCHERER = "Scherer 2003"
KAMILOGLU = "Kamiloğlu et al. 2020"
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        JUSLIN_LAUKKA: "Communication of emotions in vocal expression and music performance: "
        "different channels, same code? Psychological Bulletin 129, 770-814",
        SCHERER: "Vocal communication of emotion: a review of research paradigms. Speech "
        "Communication 40, 227-256",
        KAMILOGLU: "Good vibrations: a review of vocal expressions of positive emotions. "
        "Psychonomic Bulletin & Review 27, 237-265",
    }
)
SMALL_EFFECT = 0.2
"""Standard deviations that are more than nothing (Cohen's small effect)."""


class Agreement(Enum):
    """Whether a stretch is as the literature expects."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    NEITHER = "neither"
    TOO_FEW = "too few speakers"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One cue of an emotion: +1 for more than usual, -1 for less; and who says so."""

    cue: str
    sign: int
    sources: tuple[str, ...]


def _expected(signs: Mapping[str, int], *sources: str) -> tuple[Expectation, ...]:
    return tuple(Expectation(cue, sign, sources) for cue, sign in signs.items())


_LOUD_HIGH = {"loudness": 1, "F0": 1}
EXPECTED: Mapping[str, tuple[Expectation, ...]] = MappingProxyType(
    {
        "anger": (
            *_expected({**_LOUD_HIGH, "slope 500-1500 Hz": 1}, JUSLIN_LAUKKA, SCHERER),
            *_expected({"jitter": 1, "shimmer": 1}, JUSLIN_LAUKKA),
        ),
        "fear": (
            *_expected({"F0": 1}, JUSLIN_LAUKKA, SCHERER),
            *_expected({"jitter": 1, "shimmer": 1}, JUSLIN_LAUKKA),
        ),
        "happiness": (
            *_expected(_LOUD_HIGH, JUSLIN_LAUKKA, SCHERER, KAMILOGLU),
            *_expected({"jitter": -1, "shimmer": -1}, JUSLIN_LAUKKA),
        ),
        "sadness": (
            *_expected({"loudness": -1, "F0": -1, "slope 500-1500 Hz": -1}, JUSLIN_LAUKKA, SCHERER),
            *_expected({"jitter": 1, "shimmer": 1}, JUSLIN_LAUKKA),
        ),
    }
)
"""By the labels of `edgeser.corpora.emotions`; other labels have none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation held to what was found: the mean standard score over the stretches."""

    expectation: Expectation
    score: float
    against: str
    agreement: Agreement


def held_to_literature(answer: str, found: Sequence[StretchCues]) -> tuple[Verdict, ...]:
    """Hold the cues of the salient stretches to what is expected of the answer.

    The reviews compare an emotion with how somebody usually speaks: the scores are those against
    the speaker where they are known, else against the corpus, else against the rest of the clip.
    """
    verdicts = []
    names = [cue.name for cue in CUES]
    for expectation in EXPECTED.get(answer, ()):
        number = names.index(expectation.cue)
        for against in ("speaker", "corpus", "clip"):
            scores = np.array([c.scores[against][number] for c in found if against in c.scores])
            scores = scores[np.isfinite(scores)]
            if len(scores):
                mean = float(scores.mean())
                verdicts.append(Verdict(expectation, mean, against, judged(expectation, mean)))
                break
    return tuple(verdicts)


def judged(
    expectation: Expectation, score: float, interval: tuple[float, float] | None = None
) -> Agreement:
    """Return whether a standard score is what is expected.

    One nearer to 0 than a small effect is neither; nor is one whose interval holds 0.
    """
    signed = score * expectation.sign
    unsure = interval is not None and interval[0] <= 0 <= interval[1]
    if abs(signed) < SMALL_EFFECT or unsure:
        return Agreement.NEITHER
    return Agreement.AGREES if signed > 0 else Agreement.CONTRADICTS
