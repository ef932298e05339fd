"""Unweighted average recall, accuracy and macro-F1, from confusion matrices.

With ``C[i, j]`` the number of clips of class ``i`` that were called ``j``:

- accuracy ``= sum_i C[i, i] / sum_ij C[i, j]``
- UAR ``= mean_i C[i, i] / sum_j C[i, j]``
- macro-F1 ``= mean_i 2 C[i, i] / (sum_j C[i, j] + sum_j C[j, i])``

(Schuller et al., "The INTERSPEECH 2009 Emotion Challenge", for UAR as the measure of the field;
Sokolova and Lapalme, 2009, for the macro averages.)

The classes in play are those of which the set has at least one clip. The means run over them: a
class that is not there has no recall, so it is left out and never counted as 0 or 1. Chance is what
an answer that is always the same has of UAR, and what a fair guess among them has: 1 over their
number. A resample of the bootstrap that draws no clip of a class has one class less in play.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import (
    DEFAULT,
    Bootstrap,
    Interval,
    bootstrap_intervals,
    confusion_by_cluster,
)
from edgeser.evaluation.distributions import DistributionScores, score_distributions
from edgeser.evaluation.predictions import Predictions
from edgeser.wording import NOTHING, plural
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement

Counts = NDArray[np.int64]
Ratios = NDArray[np.float64]
FEWEST_SPEAKERS = 5
FEWEST_CLIPS_A_CLASS = 10
"""Of what a figure should rest on: fewer are shown, and said to be too few."""


def confusion_matrix(labels: Counts, predicted: Counts, n_classes: int) -> Counts:
    """Return int64 ``[classes, classes]``: rows are the truth, columns what was called."""
    flat = np.bincount(labels * n_classes + predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def accuracy(confusion: Counts) -> Ratios:
    """Share of clips called right, of ``[..., classes, classes]`` counts with at least one clip."""
    hits = np.trace(confusion, axis1=-2, axis2=-1)
    return np.asarray(hits / confusion.sum(axis=(-2, -1)), dtype=np.float64)


def unweighted_average_recall(confusion: Counts) -> Ratios:
    """UAR of ``[..., classes, classes]`` counts, over the classes that have clips."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    support = confusion.sum(axis=-1)
    return _mean_over_present(hits, support, support)


def macro_f1(confusion: Counts) -> Ratios:
    """Macro-F1 of ``[..., classes, classes]`` counts, over the classes that have clips."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, called = confusion.sum(axis=-1), confusion.sum(axis=-2)
    return _mean_over_present(2 * hits, support + called, support)


def recalls(confusion: Counts) -> tuple[float | None, ...]:
    """Recall of each class of a ``[classes, classes]`` matrix; ``None`` where it has no clip."""
    support = confusion.sum(axis=1)
    return tuple(
        float(confusion[i, i] / n) if (n := int(support[i])) else None for i in range(len(support))
    )


def _mean_over_present(numerator: Counts, denominator: Counts, support: Counts) -> Ratios:
    present = support > 0
    ratios = np.where(present, numerator, 0) / np.where(present, denominator, 1)
    return np.asarray(ratios.sum(axis=-1) / present.sum(axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class WithoutNothing:
    """What a model scores on the clips on which somebody speaks, where others are a class too.

    It may answer `NOTHING` all the same, which is wrong there.

    Parameters
    ----------
    uar, macro_f1
        Over the classes of these clips, with their intervals.
    clips
        How many there are.
    """

    uar: Measurement
    macro_f1: Measurement
    clips: int


@dataclass(frozen=True, slots=True, eq=False)
class Metrics:
    """What one model scores on one set of clips.

    Parameters
    ----------
    uar, accuracy, macro_f1
        Ratios with their intervals.
    confusion
        int64 ``[classes, classes]``; rows are the truth.
    classes
        The classes' names.
    clips, speakers
        How many there were; speakers that are known.
    anonymous
        How many of the clips are of no known speaker.
    caveat
        What else must be known of the clips, such as that their speakers were heard in training.
    distributions
        How near its answers come to what listeners said; ``None`` where nobody voted.
    without_nothing
        The same without the clips of `NOTHING`, whose recall is easily 1; ``None`` where there are
        none.
    """

    uar: Measurement
    accuracy: Measurement
    macro_f1: Measurement
    confusion: Counts
    classes: tuple[str, ...]
    clips: int
    speakers: int
    anonymous: int = 0
    caveat: str = ""
    distributions: DistributionScores | None = None
    without_nothing: WithoutNothing | None = None

    def __post_init__(self) -> None:
        """Refuse a record that contradicts itself.

        Raises
        ------
        BadInput
            When its confusion is not of its classes, or holds no clip.
        """
        if self.confusion.shape != (len(self.classes), len(self.classes)):
            raise BadInput(
                f"a confusion of shape {list(self.confusion.shape)} is not one of "
                f"{len(self.classes)} classes",
                hint="score the model again",
            )
        if not self.confusion.any():
            raise BadInput("the confusion holds no clip", hint="score the model again")

    @property
    def scores(self) -> tuple[tuple[str, Measurement], ...]:
        """The figures by the names that tables have; with `NOTHING` always without it too."""
        found = [("UAR", self.uar), ("accuracy", self.accuracy), ("macro-F1", self.macro_f1)]
        if (rest := self.without_nothing) is not None:
            found += [
                (f"UAR without '{NOTHING}'", rest.uar),
                (f"macro-F1 without '{NOTHING}'", rest.macro_f1),
            ]
        return tuple(found)

    @property
    def in_play(self) -> tuple[str, ...]:
        """The classes that have clips: those over which UAR and macro-F1 are averaged."""
        return self._classes(present=True)

    @property
    def missing(self) -> tuple[str, ...]:
        """The classes without a clip, on which these figures say nothing."""
        return self._classes(present=False)

    @property
    def chance(self) -> float:
        """UAR of an answer that is always the same, 0 to 1: one over the classes in play."""
        return 1.0 / len(self.in_play)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must be known before the figures are believed, one line each."""
        found = [f"the model {self.caveat}"] if self.caveat else []
        if self.missing:
            found.append(f"no clip of {listed(self.missing)}: UAR is over {listed(self.in_play)}")
        if self.anonymous:
            found.append(of_nobody_known(self.anonymous, self.clips))
        if (rest := self.without_nothing) is not None:
            found.append(
                f"{self.clips - rest.clips:,} of the clips are of '{NOTHING}'; without them UAR is "
                f"{100 * rest.uar.value:.1f} % and macro-F1 {100 * rest.macro_f1.value:.1f} %"
            )
        few = too_few(self.clips, self.speakers, len(self.in_play))
        return tuple(line for line in (*found, self._no_better_than_guessing, few) if line)

    @property
    def _no_better_than_guessing(self) -> str:
        """Say that nothing was recognised, or that it cannot be told; empty where something was."""
        guessing = f"guessing, {100 * self.chance:.1f} %"
        if len(self.in_play) < 2:
            return ""
        answered = np.flatnonzero(self.confusion.sum(axis=0))
        if len(answered) == 1:
            said = self.classes[answered[0]]
            return f"it calls every clip '{said}': its UAR is that of {guessing}"
        if self.uar.value <= self.chance:
            return f"its UAR is not above that of {guessing}"
        if self.uar.interval is not None and self.uar.interval[0] <= self.chance:
            return f"its UAR may be that of {guessing}: the interval reaches as far down"
        return ""

    def _classes(self, *, present: bool) -> tuple[str, ...]:
        support = self.confusion.sum(axis=1) > 0
        return tuple(n for n, has in zip(self.classes, support, strict=True) if has == present)


def of_nobody_known(anonymous: int, clips: int) -> str:
    """Say of clips without a known speaker what a score on them is worth."""
    return (
        f"of {anonymous:,} of {clips:,} {plural('clip', clips)} the speaker is not known: they "
        "may share a voice or a room with clips that were trained on"
    )


def too_few(clips: int, speakers: int, classes: int) -> str:
    """Say that a figure rests on too little to be believed, with the numbers; else ``""``."""
    if speakers >= FEWEST_SPEAKERS and clips >= FEWEST_CLIPS_A_CLASS * classes:
        return ""
    return (
        f"{clips} {plural('clip', clips)} of {speakers} {plural('speaker', speakers)} "
        f"{'is' if clips == 1 else 'are'} too few to judge by (at least {FEWEST_SPEAKERS} speakers "
        f"and {FEWEST_CLIPS_A_CLASS} clips a class)"
    )


def listed(names: Sequence[str]) -> str:
    """Return names in a sentence: ``"anger, fear and sadness"``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def evaluate(
    predictions: Predictions, *, source: str, caveat: str = "", bootstrap: Bootstrap = DEFAULT
) -> Metrics:
    """Score `predictions`, with 95 % speaker-clustered bootstrap intervals.

    Parameters
    ----------
    predictions
        At least one clip.
    source
        The command, model or data that the figures come from, in words.
    caveat
        As in `Metrics`.
    bootstrap
        How the intervals are drawn: see `edgeser.evaluation.bootstrap`.
    """
    per_cluster, kind = confusion_by_cluster(predictions)
    confusion: Counts = per_cluster.sum(axis=0)
    scores = (unweighted_average_recall, accuracy, macro_f1)
    intervals = bootstrap_intervals(per_cluster, scores, bootstrap)
    figures = [
        ratio(float(score(confusion)), source, interval, kind)
        for score, interval in zip(scores, intervals, strict=True)
    ]
    return Metrics(
        uar=figures[0],
        accuracy=figures[1],
        macro_f1=figures[2],
        confusion=confusion,
        classes=predictions.classes,
        clips=len(predictions),
        speakers=predictions.known_speakers,
        anonymous=predictions.anonymous_clips,
        caveat=caveat,
        distributions=score_distributions(predictions, source=source, bootstrap=bootstrap),
        without_nothing=_without_nothing(predictions, source, bootstrap),
    )


def without_nothing(predictions: Predictions) -> Predictions | None:
    """Return what was said of clips that are not of `NOTHING`; `None` where all are, or none is."""
    if NOTHING not in predictions.classes:
        return None
    spoken = predictions.labels != predictions.classes.index(NOTHING)
    return predictions.select(spoken) if 0 < np.count_nonzero(spoken) < len(spoken) else None


def _without_nothing(
    predictions: Predictions, source: str, bootstrap: Bootstrap
) -> WithoutNothing | None:
    rest = without_nothing(predictions)
    if rest is None:
        return None
    per_cluster, kind = confusion_by_cluster(rest)
    confusion = per_cluster.sum(axis=0)
    scores = (unweighted_average_recall, macro_f1)
    uar, f1 = (
        ratio(float(score(confusion)), f"{source}, without those of '{NOTHING}'", interval, kind)
        for score, interval in zip(
            scores, bootstrap_intervals(per_cluster, scores, bootstrap), strict=True
        )
    )
    return WithoutNothing(uar, f1, len(rest))


def ratio(
    value: float, source: str, interval: Interval | None = None, kind: str = ""
) -> Measurement:
    """Return a measured ratio; `kind` says what `interval` is."""
    return Measurement(
        value=value,
        unit="ratio",
        evidence=Evidence.MEASURED,
        source=source,
        interval=interval,
        interval_kind=kind if interval is not None else "",
    )
