"""Scores by what is known of the speakers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeser.corpora import Utterance
from edgeser.evaluation.group_gaps import KindGaps, gaps_between
from edgeser.evaluation.groups import (
    UNKNOWN,
    GroupScore,
    age_group,
    score_groups,
    score_speakers,
)
from edgeser.evaluation.predictions import Predictions


def score_known_groups(
    utterances: Sequence[Utterance], of_float: Predictions, of_int8: Predictions, *, source: str
) -> tuple[GroupScore, ...]:
    """Return scores by speaker that is known, and by all that the corpus tells of speakers.

    Of several corpora or languages also by these, and by sex within each corpus: an average over
    rooms hides the one in which nothing is understood. Where clips say whether their words tell an
    emotion and how the voice stands to them, by that too.
    """
    known = np.array([u.speaker_known for u in utterances], np.bool_)
    scores: list[GroupScore] = []
    if known.any():
        scores += score_speakers(of_float.select(known), of_int8.select(known), source=source)
    for kind, names in (*kinds_of(utterances), *_by_words(utterances)):
        scores += score_groups(kind, names, of_float, of_int8, source=source)
    return tuple(scores)


def gaps_of_known_groups(
    utterances: Sequence[Utterance], of_float: Predictions, of_int8: Predictions, *, source: str
) -> tuple[KindGaps, ...]:
    """Return the gaps between groups of each kind of which two are known."""
    found = (
        gaps_between(kind, names, of_float, of_int8, source=source)
        for kind, names in kinds_of(utterances)
    )
    return tuple(gaps for gaps in found if gaps is not None)


def kinds_of(utterances: Sequence[Utterance]) -> list[tuple[str, list[str]]]:
    """Return what clips can be grouped by, and the group of each clip."""
    corpora = [u.corpus for u in utterances]
    within = [f"{u.corpus}, {u.sex}" if u.sex else UNKNOWN for u in utterances]
    languages = [u.language or UNKNOWN for u in utterances]
    kinds = [
        ("corpus", corpora),
        ("corpus and sex", within if len(set(corpora)) > 1 else []),
        ("language", languages),
        ("sex", [u.sex or UNKNOWN for u in utterances]),
        ("age group", [age_group(u.age) for u in utterances]),
        ("race", [u.race or UNKNOWN for u in utterances]),
        ("ethnicity", [u.ethnicity or UNKNOWN for u in utterances]),
    ]
    whole = ("corpus", "language")  # of one alone the overall scores are the group's
    return [
        (kind, names)
        for kind, names in kinds
        if set(names) - {UNKNOWN} and (kind not in whole or len(set(names)) > 1)
    ]


def _by_words(utterances: Sequence[Utterance]) -> list[tuple[str, list[str]]]:
    """Return the groups of clips by what is said: no groups of people, so no gaps are judged."""
    words = [u.wording or UNKNOWN for u in utterances]
    if set(words) == {UNKNOWN}:
        return []
    both = [f"{u.wording or UNKNOWN}, {u.prosody or UNKNOWN}" for u in utterances]
    return [("words", words), ("words and voice", both)]
