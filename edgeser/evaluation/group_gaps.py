"""How far apart a model treats groups of speakers: gaps per class, each with its interval.

With ``y`` the true class of a clip, ``p`` what it was called, ``a`` the group of its speaker:

- true-positive rate of class ``c`` in a group: ``P(p = c | y = c, a)``, its recall there. The gap
  is the largest of the groups less the smallest. 0 is equality of opportunity (Hardt, Price and
  Srebro, "Equality of Opportunity in Supervised Learning", NeurIPS 2016), asked of each class.
- demographic parity of class ``c``: ``P(p = c | a)``, how often a group is called ``c`` whatever it
  said. The gap is the largest less the smallest (Calders and Verwer, "Three naive Bayes approaches
  for discrimination-free classification", 2010; Dwork et al., "Fairness through awareness", 2012).

Both are the scores of speech-emotion debiasing (CO-VADA, arXiv 2506.06071); largest less smallest,
a class at a time, is our reading of them. Where groups did not say the same, they are rightly
called differently: `LabelGap.of_truth` is the gap that a model without error has.

A largest difference is never negative, so a gap is above 0 by chance alone: `LabelGap.by_chance` is
what is found in the mean when the speakers are dealt to groups of the same sizes at random.

Intervals draw speakers (see `edgeser.evaluation.bootstrap`); a resample without a clip of the class
in all groups but one has no gap and is left out. They lean upwards as the gap does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import (
    DEFAULT,
    Bootstrap,
    clusters_of,
    percentile_interval,
)
from edgeser.evaluation.groups import UNKNOWN
from edgeser.evaluation.metrics import FEWEST_SPEAKERS, ratio
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.measurement import Measurement

TRUE_POSITIVES = "true-positive rate"
PARITY = "demographic parity"
_DEALS = 500
Rates = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelGap:
    """How far apart the groups of one kind are in one class.

    Parameters
    ----------
    label
        The class.
    of_float, of_int8
        Largest rate less smallest, ratios; `of_int8` is ``None`` before quantisation.
    widened
        The gap of int8 less that of float, its interval over the same draws of speakers.
    lowest, highest
        The groups of these rates, of int8 where there is one.
    lowest_rate, highest_rate
        Their rates.
    of_truth
        The gap of the true classes; 0 of true-positive rates.
    by_chance
        The mean gap, of int8 where there is one, when speakers are dealt to groups at random;
        ``None`` where a speaker is in several groups.
    """

    label: str
    of_float: Measurement
    of_int8: Measurement | None
    widened: Measurement | None
    lowest: str
    highest: str
    lowest_rate: float
    highest_rate: float
    of_truth: float = 0.0
    by_chance: float | None = None

    @property
    def gap(self) -> Measurement:
        """The gap of what ships: of int8 where there is one."""
        return self.of_float if self.of_int8 is None else self.of_int8


@dataclass(frozen=True, slots=True)
class KindGaps:
    """The gaps between the groups of one kind.

    Parameters
    ----------
    kind
        What is grouped by: ``"sex"``.
    groups
        Those that are compared.
    left_out
        Those with too few speakers to be judged by.
    judged
        Whether at least two groups have enough speakers. If not, all are compared, for information.
    true_positives, parity
        A gap for each class in which two groups can be compared.
    """

    kind: str
    groups: tuple[str, ...]
    left_out: tuple[str, ...]
    judged: bool
    true_positives: tuple[LabelGap, ...]
    parity: tuple[LabelGap, ...]

    def of(self, measure: str) -> tuple[LabelGap, ...]:
        """Return the gaps of one measure: `TRUE_POSITIVES` or `PARITY`."""
        return self.true_positives if measure == TRUE_POSITIVES else self.parity

    def largest(self, measure: str) -> LabelGap | None:
        """Return the largest gap of a measure; the first of equal ones."""
        return max(self.of(measure), key=lambda found: found.gap.value, default=None)


def gaps_between(
    kind: str,
    group_of_clip: Sequence[str],
    of_float: Predictions,
    of_int8: Predictions | None = None,
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> KindGaps | None:
    """Measure the gaps between groups of clips.

    Parameters
    ----------
    kind
        What is grouped by.
    group_of_clip
        The group of each clip of `of_float`, in its order; ``"unknown"`` takes no part.
    of_float, of_int8
        Of the same clips in the same order.
    source, bootstrap
        As in `edgeser.evaluation.metrics.evaluate`.

    Returns
    -------
    `None` where fewer than two groups are known.
    """
    names = sorted(set(group_of_clip) - {UNKNOWN})
    if len(names) < 2:
        return None
    large = [name for name in names if _speakers(of_float, group_of_clip, name) >= FEWEST_SPEAKERS]
    judged = len(large) >= 2
    chosen = tuple(large if judged else names)
    clusters, interval_kind = clusters_of(of_float.speakers, of_float.anonymous)
    place = {name: index for index, name in enumerate(chosen)}
    groups = np.array([place.get(name, -1) for name in group_of_clip], np.int64)
    forms = [of_float] if of_int8 is None else [of_float, of_int8]
    comparison = _Comparison(
        groups=chosen,
        classes=of_float.classes,
        forms=[Tally.of(form, clusters, groups, len(chosen)) for form in forms],
        bootstrap=bootstrap,
        source=source,
        interval_kind=interval_kind,
    )
    return KindGaps(
        kind=kind,
        groups=chosen,
        left_out=tuple(name for name in names if name not in large),
        judged=judged,
        true_positives=comparison.gaps(TRUE_POSITIVES),
        parity=comparison.gaps(PARITY),
    )


def _speakers(predictions: Predictions, group_of_clip: Sequence[str], name: str) -> int:
    """Return how many speakers that are known a group has."""
    pairs = zip(predictions.speakers, group_of_clip, strict=True)
    return len({speaker for speaker, group in pairs if group == name} - predictions.anonymous)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts of clips, float64 ``[..., groups, classes]``: called right, of the class, called so.

    As made, the first axis is clusters.
    """

    hits: Rates
    support: Rates
    called: Rates

    @classmethod
    def of(
        cls,
        predictions: Predictions,
        clusters: NDArray[np.int64],
        groups: NDArray[np.int64],
        count: int,
    ) -> Tally:
        """Count clips by cluster and group, int64 ``[clips]`` each; group -1 takes no part."""
        shape = (int(clusters.max()) + 1, count, len(predictions.classes))
        inside = groups >= 0

        def counted(classes: NDArray[np.int64], mask: NDArray[np.bool_]) -> Rates:
            flat = (clusters[mask] * shape[1] + groups[mask]) * shape[2] + classes[mask]
            found = np.bincount(flat, minlength=shape[0] * shape[1] * shape[2])
            return found.reshape(shape).astype(np.float64)

        labels, predicted = predictions.labels, predictions.predicted
        right = inside & (labels == predicted)
        return cls(counted(labels, right), counted(labels, inside), counted(predicted, inside))

    def mapped(self, change: Callable[[Rates], Rates]) -> Tally:
        """Return the same of all three counts."""
        return Tally(change(self.hits), change(self.support), change(self.called))

    def whole(self) -> Tally:
        """Return the sums over all clusters, ``[groups, classes]``."""
        return self.mapped(lambda part: np.asarray(part.sum(axis=0)))

    def drawn(self, counts: Rates) -> Tally:
        """Return the sums of clusters drawn ``[draws, clusters]`` times each."""
        return self.mapped(lambda part: np.tensordot(counts, part, axes=1))

    def dealt(self, generator: np.random.Generator) -> Tally | None:
        """Return sums with clusters dealt to groups; `None` where one is in several groups."""
        member = self.support.sum(axis=2) > 0
        if np.any(member.sum(axis=1) > 1):
            return None
        inside = member.any(axis=1)
        places = member[inside].astype(np.float64)
        orders = [generator.permutation(len(places)) for _ in range(_DEALS)]

        def sums(part: Rates) -> Rates:
            own = part[inside].sum(axis=1)
            return np.stack([places[order].T @ own for order in orders])

        return self.mapped(sums)

    def rates(self, measure: str) -> Rates:
        """Return rates ``[..., groups, classes]``; NaN where a group has no such clip."""
        if measure == TRUE_POSITIVES:
            return _divided(self.hits, self.support)
        return _divided(self.called, self.support.sum(axis=-1, keepdims=True))

    def of_truth(self) -> Rates:
        """Return how often each group said each class, ``[..., groups, classes]``."""
        return _divided(self.support, self.support.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Comparison:
    """Float and int8, or float alone, over the same groups and the same draws."""

    groups: tuple[str, ...]
    classes: tuple[str, ...]
    forms: list[Tally]
    bootstrap: Bootstrap
    source: str
    interval_kind: str

    def gaps(self, measure: str) -> tuple[LabelGap, ...]:
        rates = [form.whole().rates(measure) for form in self.forms]
        values = [rates_apart(each) for each in rates]
        draws = self._draws(measure)
        truth = rates_apart(self.forms[0].whole().of_truth())
        dealt = self.forms[-1].dealt(np.random.default_rng(self.bootstrap.seed))
        chance = None if dealt is None else _mean(rates_apart(dealt.rates(measure)))
        found = []
        for c in np.flatnonzero(np.isfinite(values[0])):
            column = rates[-1][:, c]
            low, high = int(np.nanargmin(column)), int(np.nanargmax(column))
            figures = [
                self._figure(value[c], drawn[:, c])
                for value, drawn in zip(values, draws, strict=True)
            ]
            widened = None
            if len(figures) > 1:
                apart = values[1][c] - values[0][c]
                widened = self._figure(apart, draws[1][:, c] - draws[0][:, c])
            found.append(
                LabelGap(
                    label=self.classes[c],
                    of_float=figures[0],
                    of_int8=figures[1] if len(figures) > 1 else None,
                    widened=widened,
                    lowest=self.groups[low],
                    highest=self.groups[high],
                    lowest_rate=float(column[low]),
                    highest_rate=float(column[high]),
                    of_truth=float(truth[c]) if measure == PARITY else 0.0,
                    by_chance=None if chance is None else float(chance[c]),
                )
            )
        return tuple(found)

    def _draws(self, measure: str) -> list[Rates]:
        """Return the gaps of each form in each resample, ``[draws, classes]``; none of one."""
        clusters = len(self.forms[0].support)
        if clusters < 2:
            return [np.zeros((0, len(self.classes))) for _ in self.forms]
        counts = self.bootstrap.draw(clusters).astype(np.float64)
        return [rates_apart(form.drawn(counts).rates(measure)) for form in self.forms]

    def _figure(self, value: float, drawn: Rates) -> Measurement:
        """Return a gap with its interval, over the resamples that have one."""
        found = drawn[np.isfinite(drawn)]
        interval = percentile_interval(found) if len(found) else None
        return ratio(float(value), self.source, interval, self.interval_kind)


def _divided(numerator: Rates, denominator: Rates) -> Rates:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(denominator > 0, numerator / denominator, np.nan))


def rates_apart(rates: Rates) -> Rates:
    """Return largest less smallest over groups, ``[..., classes]``; NaN of fewer than two."""
    known = np.isfinite(rates)
    largest = np.where(known, rates, -np.inf).max(axis=-2)
    smallest = np.where(known, rates, np.inf).min(axis=-2)
    enough = known.sum(axis=-2) > 1
    return np.where(enough, np.where(enough, largest, 0) - np.where(enough, smallest, 0), np.nan)


def _mean(gaps: Rates) -> Rates:
    """Return the mean of gaps that are known, ``[classes]``; 0 where none is."""
    known = np.isfinite(gaps)
    return np.asarray(np.where(known, gaps, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
