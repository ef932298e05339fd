"""Scores by what is known of the speakers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeser.corpora import Utterance
from edgeser.evaluation.groups import GroupScore, age_group, score_groups, score_speakers
from edgeser.evaluation.predictions import Predictions


def score_known_groups(
    utterances: Sequence[Utterance], of_float: Predictions, of_int8: Predictions, *, source: str
) -> tuple[GroupScore, ...]:
    """Return UAR by speaker that is known, and by sex and age group where the corpus tells them."""
    sexes = {u.speaker: u.sex or "unknown" for u in utterances if u.speaker_known}
    ages = {u.speaker: age_group(u.age) for u in utterances if u.speaker_known}
    known = np.array([u.speaker_known for u in utterances], np.bool_)
    if not known.any():
        return ()
    of_float, of_int8 = of_float.select(known), of_int8.select(known)
    scores = list(score_speakers(of_float, of_int8, source=source))
    for kind, group_of in (("sex", sexes), ("age group", ages)):
        if set(group_of.values()) != {"unknown"}:
            scores += score_groups(kind, group_of, of_float, of_int8, source=source)
    return tuple(scores)
