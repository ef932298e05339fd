"""How much a model's probabilities are worth: whether they are true, and what refusing brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import DEFAULT, Bootstrap, clusters_of, percentile_interval
from edgeser.evaluation.conformal import Method, SetRule, sets_of
from edgeser.evaluation.metrics import ratio
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.reliability import (
    ReliabilityBin,
    calibration_error,
    equal_mass_bins,
    equal_width_bins,
    error_of_true_probabilities,
    reliability_bins,
    resampled_errors,
)
from edgeser.evaluation.selective import (
    SHOWN_COVERAGE,
    CurvePoint,
    area_under,
    curve,
    ranked,
    resample,
    risk_at,
)
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement


@dataclass(frozen=True, slots=True)
class SetScore:
    """What conformal sets of one kind hold.

    Parameters
    ----------
    method, stated
        ``"LAC"`` or ``"APS"``; share of sets that were to hold the true label.
    found
        Share that do.
    size
        Mean number of labels in a set.
    empty
        Share of sets that hold none: no label is likely enough.
    """

    method: Method
    stated: float
    found: Measurement
    size: Measurement
    empty: float


@dataclass(frozen=True, slots=True)
class CertaintyScores:
    """Of one model's probabilities on one set of clips.

    Parameters
    ----------
    clips
        How many there are.
    error
        Expected calibration error over `BINS` equal-mass bins. Resampling adds noise of its own,
        so that the interval leans upwards.
    error_if_true
        The ECE that would be found were every probability true.
    error_equal_width
        ECE over `WIDTH_BINS` bins of equal width.
    confidence
        Mean probability of the answers.
    accuracy
        Share of right answers.
    bins
        Of the reliability diagram.
    area
        Under the curve of risk against coverage.
    gain
        Accuracy at `SHOWN_COVERAGE` less that of all answers.
    curve
        Risk against coverage.
    answered, risk
        Share of clips that the model's threshold answers, and share of these that is wrong; both
        `None` where it has none, `risk` also where nothing is answered.
    sets
        Conformal sets; empty where no development clips are known.
    """

    clips: int
    error: Measurement
    error_if_true: float
    error_equal_width: float
    confidence: float
    accuracy: float
    bins: tuple[ReliabilityBin, ...]
    area: Measurement
    gain: Measurement
    curve: tuple[CurvePoint, ...]
    answered: Measurement | None = None
    risk: Measurement | None = None
    sets: tuple[SetScore, ...] = ()

    @property
    def leans(self) -> str:
        """Whether it is too sure or not sure enough: by how many points."""
        points = 100.0 * (self.confidence - self.accuracy)
        return f"{abs(points):.1f} points {'too sure' if points > 0 else 'too little sure'}"


@dataclass(frozen=True, slots=True)
class CertaintyRow:
    """One condition or corpus: its kind, name, both forms of the model, a condition in words."""

    kind: str
    name: str
    of_float: CertaintyScores
    of_int8: CertaintyScores
    description: str = ""

    @property
    def title(self) -> str:
        """What a table calls it: a corpus by its kind too."""
        if self.kind == "condition":
            return self.description or self.name
        return f"{self.kind}: {self.name}"


@dataclass(frozen=True, slots=True)
class CertaintyTable:
    """Rows in the order given, the clean recordings first.

    Parameters
    ----------
    rows
        At least one.
    calibrated
        Whether a temperature was fitted.
    temperatures
        Of float and int8.
    threshold
        Probability below which nothing is answered; 0: everything is.
    wanted
        What it was chosen for; empty where everything is answered.
    development_risk, development_coverage
        What it gave on the development clips, where there were any.
    source
        What the temperatures, the threshold and the sets rest on.
    note
        Why what was wanted cannot be had; empty where it can.
    """

    rows: tuple[CertaintyRow, ...]
    calibrated: bool
    temperatures: tuple[float, float]
    threshold: float
    wanted: str = ""
    development_risk: float | None = None
    development_coverage: float | None = None
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.rows:
            raise BadInput("a table of certainty has no rows")

    @property
    def clean(self) -> CertaintyRow:
        """The first row."""
        return self.rows[0]


@dataclass(frozen=True, slots=True)
class MemberScore:
    """One member of a committee by itself.

    Parameters
    ----------
    name, seed
        Its recipe's.
    model_hash
        SHA-256 of its int8 model.
    float_uar, int8_uar
        On clean recordings.
    """

    name: str
    seed: int
    model_hash: str
    float_uar: Measurement
    int8_uar: Measurement


def assess(
    predictions: Predictions,
    probabilities: NDArray[np.float64],
    *,
    source: str,
    unsure_below: float = 0.0,
    rules: Sequence[SetRule] = (),
    bootstrap: Bootstrap = DEFAULT,
) -> CertaintyScores:
    """Score probabilities, with 95 % speaker-clustered bootstrap intervals.

    Parameters
    ----------
    predictions
        Labels, speakers and answers.
    probabilities
        float64 ``[clips, classes]``, of the same model on the same clips.
    source
        What the figures come from, in words.
    unsure_below
        The threshold; 0: everything is answered.
    rules
        Of conformal sets.
    bootstrap
        How intervals are drawn.
    """
    clusters, kind = clusters_of(predictions.speakers, predictions.anonymous)
    counts = bootstrap.draw(int(clusters.max()) + 1)
    several = counts.shape[1] > 1
    correct = np.asarray(predictions.predicted == predictions.labels)
    sure = np.asarray(probabilities[np.arange(len(correct)), predictions.predicted])
    draws = _Draws(clusters, counts, kind if several else "", source)
    bins, clips = equal_mass_bins(sure), ranked(sure, correct)
    resampled = resample(clips, correct, clusters, counts)
    full = float((~correct).mean())
    answered, risk = _threshold(sure, correct, unsure_below, draws)
    return CertaintyScores(
        clips=len(correct),
        error=draws.measured(
            calibration_error(sure, correct, bins),
            resampled_errors(sure, correct, bins, clusters, counts),
        ),
        error_if_true=error_of_true_probabilities(sure, bins),
        error_equal_width=calibration_error(sure, correct, equal_width_bins(sure)),
        confidence=float(sure.mean()),
        accuracy=1.0 - full,
        bins=reliability_bins(sure, correct, bins),
        area=draws.measured(area_under(clips), resampled.areas),
        gain=draws.measured(full - risk_at(clips, SHOWN_COVERAGE), resampled.gains),
        curve=curve(clips),
        answered=answered,
        risk=risk,
        sets=tuple(_sets(probabilities, predictions.labels, rule, draws) for rule in rules),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Resamples of speakers, and what is said of intervals over them; no kind: there is none."""

    clusters: NDArray[np.int64]
    counts: NDArray[np.int64]
    kind: str
    source: str

    def measured(self, value: float, resampled: NDArray[np.float64]) -> Measurement:
        """Return a ratio with its interval."""
        return ratio(
            value, self.source, percentile_interval(resampled) if self.kind else None, self.kind
        )

    def mean(
        self,
        values: NDArray[np.float64],
        unit: str = "ratio",
        among: NDArray[np.bool_] | None = None,
    ) -> Measurement:
        """Return the mean over clips, or over some `among` them: at least one."""
        weights = np.ones(len(values)) if among is None else among.astype(np.float64)
        size = self.counts.shape[1]
        total = self.counts @ np.bincount(self.clusters, weights * values, size)
        number = self.counts @ np.bincount(self.clusters, weights, size)
        drawn = total[number > 0] / number[number > 0]
        found = float((weights * values).sum() / weights.sum())
        return Measurement(
            value=found,
            unit=unit,
            evidence=Evidence.MEASURED,
            source=self.source,
            interval=percentile_interval(drawn) if self.kind else None,
            interval_kind=self.kind,
        )


def _threshold(
    sure: NDArray[np.float64], correct: NDArray[np.bool_], unsure_below: float, draws: _Draws
) -> tuple[Measurement | None, Measurement | None]:
    if unsure_below <= 0.0:
        return None, None
    answered = np.asarray(sure >= unsure_below)
    risk = draws.mean((~correct).astype(np.float64), among=answered) if answered.any() else None
    return draws.mean(answered.astype(np.float64)), risk


def _sets(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], rule: SetRule, draws: _Draws
) -> SetScore:
    sets = sets_of(probabilities, rule)
    sizes = sets.sum(axis=1).astype(np.float64)
    return SetScore(
        method=rule.method,
        stated=rule.stated,
        found=draws.mean(sets[np.arange(len(labels)), labels].astype(np.float64)),
        size=draws.mean(sizes, unit="labels"),
        empty=float((sizes == 0).mean()),
    )
