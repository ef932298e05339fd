"""How far apart several trainings of one variant treat groups of speakers, and the worst speaker.

A gap of one label is as in `edgeser.evaluation.group_gaps`. Of a training it is the mean of the
labels' gaps here, and beside it the largest; of several the mean over them, on the same draws of
speakers. What another variant does on the same clips is held against it draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import (
    DEFAULT,
    Bootstrap,
    clusters_of,
    percentile_interval,
    stack_confusions,
)
from edgeser.evaluation.group_gaps import PARITY, TRUE_POSITIVES, Tally, rates_apart
from edgeser.evaluation.groups import UNKNOWN
from edgeser.evaluation.metrics import FEWEST_SPEAKERS, ratio, unweighted_average_recall
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.measurement import Measurement

Floats = NDArray[np.float64]
_MEAN, _LARGEST = "mean", "largest"
"""Over the labels."""


@dataclass(frozen=True, slots=True)
class SeedGap:
    """How far apart groups of one kind are, over several trainings.

    Parameters
    ----------
    kind, groups
        What is grouped by, and the groups: those with enough speakers to be judged by.
    measure
        `TRUE_POSITIVES` or `PARITY`.
    mean, largest
        Mean and largest of the labels' gaps; means over the trainings.
    above_first
        `mean` less that of the variant it is held against: below 0 is better.
    """

    kind: str
    groups: tuple[str, ...]
    measure: str
    mean: Measurement
    largest: Measurement
    above_first: Measurement | None = None


@dataclass(frozen=True, slots=True)
class SpeakerScore:
    """A speaker and the mean UAR of several trainings on his clips, over the labels he has."""

    speaker: str
    uar: Measurement


def gaps_over_seeds(
    groups: Mapping[str, Mapping[str, str]],
    runs: Sequence[Predictions],
    *,
    source: str,
    paired: tuple[Sequence[Predictions], Sequence[Predictions]] = ((), ()),
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[SeedGap, ...]:
    """Return the gaps of each kind of which two groups have enough speakers.

    Parameters
    ----------
    groups
        By kind, the group of each clip.
    runs
        What the trainings said of the same clips, in one order.
    source, bootstrap
        As in `edgeser.evaluation.metrics.evaluate`.
    paired
        Runs and what they are held against, seed by seed, on these clips.
    """
    found: list[SeedGap] = []
    one = runs[0]
    clusters, interval_kind = clusters_of(one.speakers, one.anonymous)
    if int(clusters.max()) == 0 or one.anonymous.issuperset(one.speakers):
        return ()
    counts = bootstrap.draw(int(clusters.max()) + 1).astype(np.float64)
    for kind, names in groups.items():
        of_clip = [names.get(clip, UNKNOWN) for clip in one.clip_ids]
        chosen = _judged(of_clip, one)
        if len(chosen) < 2:
            continue
        place = {name: index for index, name in enumerate(chosen)}
        where = np.array([place.get(name, -1) for name in of_clip], np.int64)

        def tallied(
            of: Sequence[Predictions],
            where: NDArray[np.int64] = where,
            chosen: tuple[str, ...] = chosen,
        ) -> list[Tally]:
            return [Tally.of(run, clusters, where, len(chosen)) for run in of]

        every, own, first = tallied(runs), tallied(paired[0]), tallied(paired[1])
        for measure in (TRUE_POSITIVES, PARITY):
            above = None
            if first:
                value = _value(own, measure, _MEAN) - _value(first, measure, _MEAN)
                drawn = _drawn(own, counts, measure, _MEAN) - _drawn(first, counts, measure, _MEAN)
                above = _figure(value, drawn, source, f"{interval_kind}, paired")
            mean, largest = (
                _figure(
                    _value(every, measure, how),
                    _drawn(every, counts, measure, how),
                    source,
                    interval_kind,
                )
                for how in (_MEAN, _LARGEST)
            )
            found.append(SeedGap(kind, chosen, measure, mean, largest, above))
    return tuple(found)


def worst_over_seeds(runs: Sequence[Predictions], *, source: str) -> SpeakerScore | None:
    """Return the known speaker of the lowest mean UAR; `None` where nobody is known."""
    one = runs[0]
    names = np.unique(np.array(one.speakers))
    known = np.array([name not in one.anonymous for name in names])
    if not known.any():
        return None
    index = np.searchsorted(names, np.array(one.speakers)).astype(np.int64)
    uars = np.mean(
        [unweighted_average_recall(stack_confusions(run, index)) for run in runs], axis=0
    )
    worst = int(np.argmin(np.where(known, uars, np.inf)))
    return SpeakerScore(str(names[worst]), ratio(float(uars[worst]), source))


def _judged(of_clip: Sequence[str], predictions: Predictions) -> tuple[str, ...]:
    """Return the groups with enough speakers that are known."""
    speakers: dict[str, set[str]] = {}
    for name, speaker in zip(of_clip, predictions.speakers, strict=True):
        if name != UNKNOWN and speaker not in predictions.anonymous:
            speakers.setdefault(name, set()).add(speaker)
    return tuple(sorted(n for n, found in speakers.items() if len(found) >= FEWEST_SPEAKERS))


def _value(tallies: Sequence[Tally], measure: str, how: str) -> float:
    return float(np.mean([_over_labels(t.whole().rates(measure), how) for t in tallies]))


def _drawn(tallies: Sequence[Tally], counts: Floats, measure: str, how: str) -> Floats:
    """Return the mean over trainings in each resample, ``[draws]``."""
    found = [_over_labels(t.drawn(counts).rates(measure), how) for t in tallies]
    return np.asarray(np.mean(found, axis=0))


def _over_labels(rates: Floats, how: str) -> Floats:
    """Return mean or largest of the labels' gaps, ``[...]``; NaN where no label has one."""
    gaps = rates_apart(rates)
    known = np.isfinite(gaps)
    if how == _LARGEST:
        found = np.where(known, gaps, -np.inf).max(axis=-1)
    else:
        found = np.where(known, gaps, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return np.asarray(np.where(known.any(axis=-1), found, np.nan))


def _figure(value: float, drawn: Floats, source: str, kind: str) -> Measurement:
    found = drawn[np.isfinite(drawn)]
    return ratio(value, source, percentile_interval(found) if len(found) else None, kind)
