"""Scores by what is known of the speakers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeser.corpora import Utterance
from edgeser.evaluation.groups import (
    GroupScore,
    age_group,
    score_clips,
    score_groups,
    score_speakers,
)
from edgeser.evaluation.predictions import Predictions

_UNKNOWN = "unknown"


def score_known_groups(
    utterances: Sequence[Utterance], of_float: Predictions, of_int8: Predictions, *, source: str
) -> tuple[GroupScore, ...]:
    """Return UAR by speaker that is known, and by sex and age group where the corpus tells them.

    Of several corpora also by corpus, and by sex within each: an average over rooms hides the one
    in which nothing is understood. Where clips say whether their words tell an emotion and how the
    voice stands to them, by that too.
    """
    known = np.array([u.speaker_known for u in utterances], np.bool_)
    sexes = {u.speaker: u.sex or _UNKNOWN for u in utterances}
    ages = {u.speaker: age_group(u.age) for u in utterances}
    corpora = {u.speaker: u.corpus for u in utterances}
    kinds = [("sex", sexes), ("age group", ages)]
    if len(set(corpora.values())) > 1:
        within = {
            speaker: _UNKNOWN if sex == _UNKNOWN else f"{corpora[speaker]}, {sex}"
            for speaker, sex in sexes.items()
        }
        kinds = [("corpus", corpora), ("corpus and sex", within), *kinds]
    scores: list[GroupScore] = []
    if known.any():
        scores += score_speakers(of_float.select(known), of_int8.select(known), source=source)
    for kind, group_of in kinds:
        if set(group_of.values()) != {_UNKNOWN}:
            scores += score_groups(kind, group_of, of_float, of_int8, source=source)
    words = [u.wording or _UNKNOWN for u in utterances]
    both = [f"{u.wording or _UNKNOWN}, {u.prosody or _UNKNOWN}" for u in utterances]
    if set(words) != {_UNKNOWN}:
        for kind, groups in (("words", words), ("words and voice", both)):
            scores += score_clips(kind, groups, of_float, of_int8, source=source)
    return tuple(scores)
