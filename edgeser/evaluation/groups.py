"""Scores by speaker, sex and age group: an average hides whom a model fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeser.evaluation.bootstrap import DEFAULT, Bootstrap
from edgeser.evaluation.metrics import evaluate
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class GroupScore:
    """UAR of one group of clips.

    Parameters
    ----------
    kind, name
        What is grouped by (``"speaker"``, ``"corpus"``, ``"sex"``, ``"age group"``, ``"words"``,
        ``"words and voice"``), and which one.
    clips, speakers
        How many it has.
    float_uar, int8_uar
        Over the classes that the group has; `int8_uar` is ``None`` before quantisation.
    """

    kind: str
    name: str
    clips: int
    speakers: int
    float_uar: Measurement
    int8_uar: Measurement | None = None


def age_group(age: int | None) -> str:
    """Return the decade of an age in years: ``"20-29"``; ``"unknown"`` for ``None``."""
    if age is None:
        return "unknown"
    low = age // 10 * 10
    return f"{low}-{low + 9}"


def score_groups(
    kind: str,
    group_of: Mapping[str, str],
    float_predictions: Predictions,
    int8_predictions: Predictions | None = None,
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[GroupScore, ...]:
    """Score each group of speakers by itself, in order of the groups' names.

    Parameters
    ----------
    kind
        What `group_of` groups by.
    group_of
        Speaker to group; a speaker that it lacks counts as ``"unknown"``.
    float_predictions, int8_predictions
        On the same clips, in any order of speakers.
    source, bootstrap
        As in `edgeser.evaluation.metrics.evaluate`.
    """

    def groups(predictions: Predictions) -> list[str]:
        return [group_of.get(speaker, "unknown") for speaker in predictions.speakers]

    of_int8 = None if int8_predictions is None else groups(int8_predictions)
    return _score(
        kind,
        float_predictions,
        groups(float_predictions),
        int8_predictions,
        of_int8,
        source=source,
        bootstrap=bootstrap,
    )


def score_clips(
    kind: str,
    groups: Sequence[str],
    float_predictions: Predictions,
    int8_predictions: Predictions | None = None,
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[GroupScore, ...]:
    """Score each group of clips by itself, in order of the groups' names.

    Parameters
    ----------
    groups
        Of each clip of the predictions, which must be in one order.
    """
    return _score(
        kind,
        float_predictions,
        groups,
        int8_predictions,
        groups,
        source=source,
        bootstrap=bootstrap,
    )


def _score(
    kind: str,
    float_predictions: Predictions,
    float_groups: Sequence[str],
    int8_predictions: Predictions | None,
    int8_groups: Sequence[str] | None,
    *,
    source: str,
    bootstrap: Bootstrap,
) -> tuple[GroupScore, ...]:
    def of_group(predictions: Predictions, groups: Sequence[str], name: str) -> Predictions:
        return predictions.select(np.asarray([n == name for n in groups], dtype=np.bool_))

    scores = []
    for name in sorted(set(float_groups)):
        of_float = evaluate(
            of_group(float_predictions, float_groups, name), source=source, bootstrap=bootstrap
        )
        int8_uar = None
        if int8_predictions is not None and int8_groups is not None:
            chosen = of_group(int8_predictions, int8_groups, name)
            int8_uar = evaluate(chosen, source=source, bootstrap=bootstrap).uar
        scores.append(
            GroupScore(kind, name, of_float.clips, of_float.speakers, of_float.uar, int8_uar)
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
        "speaker",
        itself,
        float_predictions,
        int8_predictions,
        source=source,
        bootstrap=bootstrap,
    )
