"""Unweighted average recall, accuracy and macro-F1, from confusion matrices.

With ``C[i, j]`` the number of clips of class ``i`` that were called ``j``:

- accuracy ``= sum_i C[i, i] / sum_ij C[i, j]``
- UAR ``= mean_i C[i, i] / sum_j C[i, j]``
- macro-F1 ``= mean_i 2 C[i, i] / (sum_j C[i, j] + sum_j C[j, i])``

(Schuller et al., "The INTERSPEECH 2009 Emotion Challenge", for UAR as the measure of the field;
Sokolova and Lapalme, 2009, for the macro averages.) The means run over the classes of which the
set has at least one clip: a class that is not there has no recall, so it is left out of the mean
and never counted as 0 or 1.
"""

from __future__ import annotations

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
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.measurement import Evidence, Measurement

Counts = NDArray[np.int64]
Ratios = NDArray[np.float64]


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
        How many there were.
    """

    uar: Measurement
    accuracy: Measurement
    macro_f1: Measurement
    confusion: Counts
    classes: tuple[str, ...]
    clips: int
    speakers: int


def evaluate(predictions: Predictions, *, source: str, bootstrap: Bootstrap = DEFAULT) -> Metrics:
    """Score `predictions`, with 95 % speaker-clustered bootstrap intervals.

    Parameters
    ----------
    predictions
        At least one clip.
    source
        The command, model or data that the figures come from, in words.
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
        speakers=len(set(predictions.speakers)),
    )


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
