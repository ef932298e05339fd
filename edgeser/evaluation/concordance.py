"""Concordance of valence, arousal and dominance with what listeners rated.

The concordance correlation coefficient (Lin, "A concordance correlation coefficient to evaluate
reproducibility", Biometrics 45, 1989) is ``2 cov / (var + var + (mean - mean)^2)``: 1 where every
value is met, 0 where nothing is known, and less than a correlation where scale or level is off.

It follows from sums over clips, so a resample of speakers is a sum of their sums, and the
intervals are those of `edgeser.evaluation.bootstrap`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import (
    DEFAULT,
    Bootstrap,
    Interval,
    clusters_of,
    percentile_interval,
)
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement

DIMENSIONS = ("valence", "arousal", "dominance")
UNIT = "CCC"
Sums = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VadScore:
    """One dimension's concordance, float and int8; the drop has the paired difference's interval.

    Parameters
    ----------
    dimension
        ``"valence"``, ``"arousal"`` or ``"dominance"``.
    of_float, of_int8, drop
        Concordance of both, and of float minus int8.
    """

    dimension: str
    of_float: Measurement
    of_int8: Measurement
    drop: Measurement


@dataclass(frozen=True, slots=True)
class VadScores:
    """What a model scores on the clips whose values are known.

    Parameters
    ----------
    scores
        One a dimension.
    clips, speakers
        Whose values are known.
    derived
        How many of the clips have values that nobody rated: they are derived from votes.
    derived_from
        The source of the coordinates that they are derived with; empty where none is.
    """

    scores: tuple[VadScore, ...]
    clips: int
    speakers: int
    derived: int = 0
    derived_from: str = ""

    @property
    def called(self) -> str:
        """What the values are: ``"rated"``, ``"derived"``, or how many are which."""
        return targets_in_words(self.clips, self.derived)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must be known before the figures are believed, one line each."""
        if not self.derived:
            return ()
        return (
            f"valence, arousal and dominance are derived from votes, not rated, for {self.derived} "
            f"of {self.clips} clips (coordinates: {self.derived_from})",
        )


def targets_in_words(clips: int, derived: int) -> str:
    """Return what values of so many clips are, of which so many are derived."""
    if derived == 0:
        return "rated"
    return "derived" if derived == clips else f"derived for {derived} of {clips} clips, else rated"


@dataclass(frozen=True, slots=True, eq=False)
class VadTruth:
    """What is known of each clip's valence, arousal and dominance.

    Parameters
    ----------
    values
        float32 [clips, 3], each from -1 to 1; NaN where a clip has none.
    derived
        bool [clips]: whose values nobody rated, but votes were given for emotions.
    derived_from
        The source of the coordinates that they are derived with; empty where none is.
    speakers, anonymous
        One a clip; those of them that stand for nobody known.
    """

    values: NDArray[np.float32]
    derived: NDArray[np.bool_]
    derived_from: str
    speakers: tuple[str, ...]
    anonymous: frozenset[str] = frozenset()

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which clips have values."""
        return np.asarray(np.isfinite(self.values).all(axis=1), np.bool_)


def score_vad(
    of_float: NDArray[np.float32],
    of_int8: NDArray[np.float32],
    truth: VadTruth,
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> VadScores | None:
    """Score both models; `None` where fewer than two clips have values.

    Parameters
    ----------
    of_float, of_int8
        Answers, float32 [clips, 3], int8 in real units.
    truth
        Of the same clips.
    source
        Where the figures come from, in words.

    Raises
    ------
    BadInput
        When the shapes differ.
    """
    if not of_float.shape == of_int8.shape == truth.values.shape:
        raise BadInput(
            f"answers {of_float.shape} and {of_int8.shape} do not go with {truth.values.shape}"
        )
    known = truth.known
    if known.sum() < 2:
        return None
    if not known.all():
        source = f"{known.sum()} that have values of {source}"
    whose = tuple(truth.speakers[clip] for clip in np.flatnonzero(known))
    clusters, kind = clusters_of(whose, truth.anonymous)
    scores = []
    for axis, dimension in enumerate(DIMENSIONS):
        wanted = truth.values[known, axis]
        sums = [sums_by_cluster(x[known, axis], wanted, clusters) for x in (of_float, of_int8)]
        values = [float(concordance(s.sum(axis=0))) for s in sums]
        figures = [
            _figure(value, f"{model}, {source}", interval, kind)
            for value, model, interval in zip(
                (*values, values[0] - values[1]),
                ("float model", "int8 model", "float minus int8"),
                _intervals(sums[0], sums[1], bootstrap),
                strict=True,
            )
        ]
        scores.append(VadScore(dimension, *figures))
    derived = int(truth.derived[known].sum())
    return VadScores(
        scores=tuple(scores),
        clips=int(known.sum()),
        speakers=len(set(whose) - truth.anonymous),
        derived=derived,
        derived_from=truth.derived_from if derived else "",
    )


def concordance(sums: Sums) -> NDArray[np.float64]:
    """Return the concordance of ``[..., 6]`` sums: clips, x, y, x^2, y^2, x y.

    0 where neither varies, which says nothing.

    >>> x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    >>> round(float(concordance(sums_by_cluster(x, y, np.zeros(3, np.int64)).sum(axis=0))), 6)
    0.571429
    """
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, np.float64), -1, 0)
    mean_x, mean_y = x / n, y / n
    spread = (xx / n - mean_x**2) + (yy / n - mean_y**2) + (mean_x - mean_y) ** 2
    varies = spread > 1e-12
    covariance = xy / n - mean_x * mean_y
    return np.asarray(np.where(varies, 2.0 * covariance / np.where(varies, spread, 1.0), 0.0))


def sums_by_cluster(
    x: NDArray[np.floating], y: NDArray[np.floating], clusters: NDArray[np.int64]
) -> Sums:
    """Return float64 ``[clusters, 6]``: of each cluster's clips what `concordance` follows from."""
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    parts = (np.ones_like(a), a, b, a * a, b * b, a * b)
    return np.stack([np.bincount(clusters, part) for part in parts], axis=1)


def _intervals(
    of_float: Sums, of_int8: Sums, bootstrap: Bootstrap
) -> tuple[Interval | None, Interval | None, Interval | None]:
    """Return the interval of each and of their paired difference; `None` of one cluster."""
    if len(of_float) < 2:
        return None, None, None
    counts = bootstrap.draw(len(of_float)).astype(np.float64)
    first, second = (concordance(counts @ sums) for sums in (of_float, of_int8))
    return (
        percentile_interval(first),
        percentile_interval(second),
        percentile_interval(first - second),
    )


def _figure(value: float, source: str, interval: Interval | None, kind: str) -> Measurement:
    return Measurement(
        value=value,
        unit=UNIT,
        evidence=Evidence.MEASURED,
        source=source,
        interval=interval,
        interval_kind=kind if interval is not None else "",
    )
