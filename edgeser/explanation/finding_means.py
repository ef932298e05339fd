"""Means over clips with intervals over speakers, of what explanations say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import Bootstrap, clusters_of, percentile_interval
from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation
from edgeser.explanation.finding_records import CueFigures
from quantize.foundation.measurement import Evidence, Measurement

_BOOTSTRAP = Bootstrap()

Score = Callable[[Explanation, int], float | None]
"""A clip's score of a cue, by the cue's number; `None` where it is not known."""


def mean_over(
    values: Iterable[tuple[Explanation, float | None]], what: str, unit: str = ""
) -> Measurement | None:
    """Return the mean over clips with the interval over speakers; `None` where nothing is known.

    Parameters
    ----------
    values
        Clips, and what is known of each.
    what, unit
        What they are, and their unit.
    """
    known = [(item.told.speaker, value) for item, value in values if value is not None]
    if not known:
        return None
    numbers = np.array([value for _, value in known], np.float64)
    interval, kind = None, ""
    if len(known) > 1:
        clusters, kind = clusters_of(tuple(speaker for speaker, _ in known))
        clips = np.bincount(clusters)
        counts = _BOOTSTRAP.draw(len(clips))
        sums = np.bincount(clusters, weights=numbers)
        interval = percentile_interval((counts @ sums) / (counts @ clips))
    return _figure(float(numbers.mean()), f"{what}; {len(known)} clips, int8", interval, kind, unit)


def difference_over(
    first: Sequence[tuple[str, float]], second: Sequence[tuple[str, float]], what: str
) -> Measurement | None:
    """Return the mean of some clips less that of others, with the interval over all their speakers.

    A resample without a clip of either says nothing, and is left out.

    Parameters
    ----------
    first, second
        Speaker and value of each clip.
    what
        What is compared.
    """
    if not first or not second:
        return None
    speakers = tuple(speaker for speaker, _ in (*first, *second))
    clusters, kind = clusters_of(speakers)
    count = int(clusters.max()) + 1
    counts = _BOOTSTRAP.draw(count)
    parts = (first, clusters[: len(first)]), (second, clusters[len(first) :])
    means: list[NDArray[np.float64]] = []
    for values, of in parts:
        clips = counts @ np.bincount(of, minlength=count)
        weights = np.array([value for _, value in values])
        sums = counts @ np.bincount(of, weights=weights, minlength=count)
        means.append(np.where(clips > 0, sums / np.maximum(clips, 1), np.nan))
    differences = means[0] - means[1]
    differences = differences[np.isfinite(differences)]
    value = float(np.mean([v for _, v in first]) - np.mean([v for _, v in second]))
    interval = percentile_interval(differences) if len(differences) else None
    source = f"{what}; {len(first)} clips against {len(second)}, int8"
    return _figure(value, source, interval, kind)


def cue_figures(items: Sequence[Explanation], score: Score, what: str) -> CueFigures:
    """Return the mean of a score for each cue, over clips."""
    return tuple(
        mean_over(((item, score(item, number)) for item in items), f"{cue.name}, {what}")
        for number, cue in enumerate(CUES)
    )


def in_stretches(against: str) -> Score:
    """Return what scores a clip by its salient stretches, held to `against`."""

    def score(item: Explanation, cue: int) -> float | None:
        if item.cues is None:
            return None
        scores = [s.scores[against][cue] for s in item.cues.stretches if against in s.scores]
        known = [each for each in scores if np.isfinite(each)]
        return float(np.mean(known)) if known else None

    return score


def as_a_whole(item: Explanation, cue: int) -> float | None:
    """Return how a clip sounds as a whole, held to its speaker."""
    if item.cues is None or "speaker" not in item.cues.whole:
        return None
    score = float(item.cues.whole["speaker"][cue])
    return score if np.isfinite(score) else None


def _figure(
    value: float, source: str, interval: tuple[float, float] | None, kind: str, unit: str = ""
) -> Measurement:
    return Measurement(
        value=value,
        unit=unit,
        evidence=Evidence.MEASURED,
        source=source,
        interval=interval,
        interval_kind=kind if interval is not None else "",
    )
