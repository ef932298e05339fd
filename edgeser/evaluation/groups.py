"""Scores by speaker, sex, age and more: an average hides whom a model fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeser.evaluation.bootstrap import DEFAULT, Bootstrap
from edgeser.evaluation.metrics import FEWEST_SPEAKERS, evaluate
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.measurement import Measurement

SPEAKER = "speaker"
UNKNOWN = "unknown"
"""The group of those of whom nothing is known."""


@dataclass(frozen=True, slots=True)
class GroupScore:
    """What one group of clips scores.

    Parameters
    ----------
    kind, name
        What is grouped by (``"speaker"``, ``"corpus"``, ``"sex"``, ``"age group"``, ``"race"``,
        ``"ethnicity"``, ``"language"``, ``"words"``, ``"words and voice"``), and which one.
    clips, speakers
        How many it has.
    float_uar, int8_uar
        Over the classes that the group has; `int8_uar` is ``None`` before quantisation.
    float_macro_f1, int8_macro_f1
        Over the same classes; ``None`` in older records.
    """

    kind: str
    name: str
    clips: int
    speakers: int
    float_uar: Measurement
    int8_uar: Measurement | None = None
    float_macro_f1: Measurement | None = None
    int8_macro_f1: Measurement | None = None

    @property
    def uar(self) -> Measurement:
        """UAR of what ships: of int8 where there is one."""
        return self.float_uar if self.int8_uar is None else self.int8_uar

    @property
    def too_few(self) -> bool:
        """Whether it has too few speakers to be judged by; a speaker is judged as one."""
        return self.kind != SPEAKER and self.speakers < FEWEST_SPEAKERS


def age_group(age: int | None) -> str:
    """Return the decade of an age in years: ``"20-29"``; ``"unknown"`` for ``None``."""
    if age is None:
        return UNKNOWN
    low = age // 10 * 10
    return f"{low}-{low + 9}"


def worst_speaker(groups: Sequence[GroupScore]) -> GroupScore | None:
    """Return the speaker of the lowest UAR, int8 where there is one; `None` without speakers."""
    speakers = [group for group in groups if group.kind == SPEAKER]
    return min(speakers, key=lambda group: group.uar.value, default=None)


def score_groups(
    kind: str,
    group_of: Mapping[str, str] | Sequence[str],
    float_predictions: Predictions,
    int8_predictions: Predictions | None = None,
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[GroupScore, ...]:
    """Score each group by itself, in order of the groups' names.

    Parameters
    ----------
    kind
        What `group_of` groups by.
    group_of
        Speaker to group, where one that it lacks counts as ``"unknown"``; or the group of each
        clip, in the order of the predictions.
    float_predictions, int8_predictions
        On the same clips.
    source, bootstrap
        As in `edgeser.evaluation.metrics.evaluate`.
    """

    def names_of(predictions: Predictions) -> Sequence[str]:
        if not isinstance(group_of, Mapping):
            return group_of
        return [group_of.get(speaker, UNKNOWN) for speaker in predictions.speakers]

    def of_group(predictions: Predictions, name: str) -> Predictions:
        names = names_of(predictions)
        return predictions.select(np.asarray([n == name for n in names], dtype=np.bool_))

    scores = []
    for name in sorted(set(names_of(float_predictions))):
        of_float = evaluate(of_group(float_predictions, name), source=source, bootstrap=bootstrap)
        of_int8 = None
        if int8_predictions is not None:
            chosen = of_group(int8_predictions, name)
            of_int8 = evaluate(chosen, source=source, bootstrap=bootstrap)
        scores.append(
            GroupScore(
                kind,
                name,
                of_float.clips,
                of_float.speakers,
                of_float.uar,
                None if of_int8 is None else of_int8.uar,
                of_float.macro_f1,
                None if of_int8 is None else of_int8.macro_f1,
            )
        )
    return tuple(scores)


def score_speakers(
    float_predictions: Predictions,
    int8_predictions: Predictions | None = None,
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[GroupScore, ...]:
    """Score each speaker by itself; the intervals are over its clips."""
    itself = {speaker: speaker for speaker in float_predictions.speakers}
    return score_groups(
        SPEAKER,
        itself,
        float_predictions,
        int8_predictions,
        source=source,
        bootstrap=bootstrap,
    )
