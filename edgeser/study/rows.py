"""What a study's table holds: its rows, with what each is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.seed_gaps import SeedGap, SpeakerScore
from quantize.foundation.measurement import Measurement

HEARD_MARK = "†"
"""Of a row whose test speakers were heard in training."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a row is above the one that it is held against.

    Parameters
    ----------
    against
        Name of the variant or arrangement.
    difference
        In mean UAR, over the seeds that both have; paired by speaker.
    p, p_holm
        Two-sided, and adjusted for all comparisons of the table.
    seeds
        How many both have.
    """

    against: str
    difference: Measurement
    p: float
    p_holm: float
    seeds: int


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One variant on one test corpus, in one arrangement.

    Parameters
    ----------
    arrangement, variant, corpus
        Their names.
    trained_on_too
        Whether that corpus was trained on: its other speakers.
    hears_test_speakers
        Whether other clips of the very same speakers were (protocol `random-clips`).
    learned
        The classes that the models know, and may answer with.
    classes
        Those of them that have clips, over which UAR is the mean.
    clips, speakers
        How many were tested; speakers that are known.
    anonymous
        How many of the clips are of no known speaker.
    seeds, uars
        Each seed and its UAR (the mean of its folds where they were tested on the same clips).
    mean, macro_f1
        UAR and macro-F1 over the seeds, with the interval over speakers.
    gaps
        Between groups of speakers, over the seeds; of kinds of which two groups can be judged.
    worst
        The speaker of the lowest UAR over the seeds; ``None`` where no speaker is known.
    comparison
        ``None`` for the row that others are held against, and where there is none to hold against.
    condition
        Under which its clips were heard; it is held against others under the same.
    """

    arrangement: str
    variant: str
    corpus: str
    trained_on_too: bool
    hears_test_speakers: bool
    learned: tuple[str, ...]
    classes: tuple[str, ...]
    clips: int
    speakers: int
    seeds: tuple[int, ...]
    uars: tuple[float, ...]
    mean: Measurement
    comparison: Comparison | None = None
    anonymous: int = 0
    condition: str = CLEAN
    macro_f1: Measurement | None = None
    gaps: tuple[SeedGap, ...] = ()
    worst: SpeakerScore | None = None


@dataclass(frozen=True, slots=True)
class StudyTable:
    """What a study found.

    Parameters
    ----------
    name
        Of the study.
    recipe_hash
        Of the recipe before variants.
    jobs, reused
        How many there are, and how many results were there before.
    rows
        In the order of the study's file.
    costs
        Figures by name, by variant; empty where none were measured.
    failures
        Name of the job, and why it has no result.
    notes
        What must be known to read the table, a line each.
    """

    name: str
    recipe_hash: str
    jobs: int
    reused: int
    rows: tuple[StudyRow, ...]
    costs: Mapping[str, Mapping[str, Measurement]]
    failures: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
