"""What the explanations of many clips say together, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.literature import Agreement, Expectation
from quantize.foundation.measurement import Measurement

CueFigures = tuple[Measurement | None, ...]
"""Mean standard score of each cue, in their order; `None` where it is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class EmotionFinding:
    """What speaks for one answer, over all clips that have it.

    Parameters
    ----------
    answer, clips, speakers
        The label, how many clips have it, and of how many speakers.
    right
        Share of them whose label it is; `None` where labels are not known.
    known
        Share of the clips that are labelled so which got this answer; `None` where there are none.
    channels
        float64 ``[planes, channels]``: where what speaks for it lies; sums up to 1, or 0 where
        nothing does.
    shares
        Each plane's share.
    cues
        In the salient stretches, against the speaker.
    whole
        In all of the same clips where there is a voice, against the speaker.
    labelled
        The same of the clips whose label it is, whatever was answered: what the corpus is like.
    within
        In the salient stretches, against the rest of their own clip.
    """

    answer: str
    clips: int
    speakers: int
    right: float | None
    known: float | None
    channels: NDArray[np.float64]
    shares: Mapping[str, Measurement]
    cues: CueFigures
    whole: CueFigures
    labelled: CueFigures
    within: CueFigures


@dataclass(frozen=True, slots=True)
class EmotionVerdict:
    """One expectation of the literature, held to all clips of an answer.

    Parameters
    ----------
    answer, expectation, score, agreement
        What is expected, and what the salient stretches are like, against the speaker.
    labelled
        The same cue in all of the clips that are labelled so: where that contradicts as well, the
        corpus is so, and not the model alone. `None` where it is not known.
    """

    answer: str
    expectation: Expectation
    score: Measurement
    agreement: Agreement
    labelled: Measurement | None


@dataclass(frozen=True, slots=True)
class ErrorFinding:
    """Clips of one label that were answered by one other.

    Parameters
    ----------
    label, answer, clips, speakers
        What they are, what was answered, how many clips, of how many speakers.
    of
        Clips of that label.
    cues
        How they sound as a whole beside the clips of that label that were answered rightly: the
        difference of the mean standard scores against the speaker.
    """

    label: str
    answer: str
    clips: int
    speakers: int
    of: int
    cues: CueFigures


@dataclass(frozen=True, slots=True)
class SpeakerFinding:
    """What was found of one speaker.

    Parameters
    ----------
    speaker, clips
        Who, and how many clips.
    right
        Share of the clips that were answered rightly; `None` where labels are not known.
    deletion, insertion
        How much better the maps are than random patches, in probability; `None` without checks.
    """

    speaker: str
    clips: int
    right: float | None
    deletion: float | None
    insertion: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What the explanations of a corpus say together.

    Parameters
    ----------
    clips, speakers
        How many.
    right
        Share of the clips that were answered rightly; `None` where labels are not known.
    emotions
        One for each answer that was given, in the model's order.
    errors
        The most frequent ones, most clips first.
    by_speaker
        In order of their names; empty where nobody says who speaks.
    deletion, insertion
        How much better the maps are than random patches, in probability; `None` without checks.
    gradients
        Rank correlation of occlusion with integrated gradients.
    shuffled
        Rank correlation with the map after so many layers were shuffled, by number of layers.
    stability
        Rank correlation after a change, by its name.
    verdicts
        What the literature expects, held to the clips; empty without cues.
    within
        In the salient stretches of all clips, against the rest of their own clip.
    unvoiced
        Share of the salient stretches in which there is no voice; `None` without cues.
    checked
        Clips on which the further checks were made.
    """

    clips: int
    speakers: int
    right: float | None
    emotions: tuple[EmotionFinding, ...]
    errors: tuple[ErrorFinding, ...]
    by_speaker: tuple[SpeakerFinding, ...]
    deletion: Measurement | None
    insertion: Measurement | None
    gradients: Measurement | None
    shuffled: Mapping[str, Measurement]
    stability: Mapping[str, Measurement]
    verdicts: tuple[EmotionVerdict, ...]
    within: CueFigures
    unvoiced: Measurement | None
    checked: int
