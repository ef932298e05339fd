"""Float against int8 on the same clips: facts first, then a verdict from stated tolerances."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import (
    DEFAULT,
    Bootstrap,
    clusters_of,
    paired_interval,
    stack_confusions,
)
from edgeser.evaluation.grid import OutputGrid
from edgeser.evaluation.metrics import Metrics, evaluate, ratio, unweighted_average_recall
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.vad_parity import VadParity
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement
from quantize.layer_error import LayerError
from quantize.runtimes import RuntimeAgreement

WORST_CLIPS = 10


@dataclass(frozen=True, slots=True)
class ClipDifference:
    """How float and int8 differ on one clip, for a human who goes and listens to it."""

    clip_id: str
    speaker: str
    label: str
    float_label: str
    int8_label: str
    cosine: float
    max_lsb: int

    @property
    def flipped(self) -> bool:
        """Whether float and int8 call it differently."""
        return self.float_label != self.int8_label


@dataclass(frozen=True, slots=True)
class FeatureParity:
    """One comparison of the features with a reference.

    Parameters
    ----------
    check
        What is compared: ``"amplitude against the MicroFrontend C code"``.
    compared, differing
        Numbers of values.
    passed
        For a check that must be exact, whether it was; ``None`` for a fact without a verdict.
    detail
        What else there is to know: the worst channel, a correlation, the first differing clip.
    """

    check: str
    compared: int
    differing: int
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ParityReport:
    """Everything that the comparison of a float model with its int8 form found.

    Parameters
    ----------
    float_metrics, int8_metrics
        On the same clips.
    uar_drop
        Float UAR minus int8 UAR, with the interval of the paired difference.
    label_flips, label_flip_rate
        Clips that the two call differently: the number, and its share.
    cosine_mean, cosine_worst
        Of the logit vectors of a clip.
    lsb_histogram
        ``(difference, values)`` in ascending order: the float logits on the int8 output grid minus
        the int8 output, in steps of the grid.
    max_lsb
        The largest absolute difference.
    beyond_grid
        Float logits that lie outside what the int8 output can say.
    worst_clips
        The ten with the largest differences, worst first.
    runtimes, features, layers
        Across runtimes; against reference features; by layer in the order of the network.
    vad
        The second output, of a model that has one.
    """

    float_metrics: Metrics
    int8_metrics: Metrics
    uar_drop: Measurement
    label_flips: int
    label_flip_rate: Measurement
    cosine_mean: Measurement
    cosine_worst: Measurement
    lsb_histogram: tuple[tuple[int, int], ...]
    max_lsb: int
    beyond_grid: int
    grid: OutputGrid
    worst_clips: tuple[ClipDifference, ...]
    runtimes: tuple[RuntimeAgreement, ...] = ()
    features: tuple[FeatureParity, ...] = ()
    layers: tuple[LayerError, ...] = ()
    vad: VadParity | None = None

    def __post_init__(self) -> None:
        """Refuse a record of no comparison.

        Raises
        ------
        BadInput
            When it has no clip or no difference.
        """
        if not self.worst_clips or not self.lsb_histogram:
            raise BadInput("it compares no clip", hint="run 'edgeser parity' again")

    @property
    def clips(self) -> int:
        """How many clips were compared."""
        return self.float_metrics.clips

    @property
    def worst_layer(self) -> LayerError | None:
        """The layer of the lowest SQNR; ``None`` when no layer was measured or none has error."""
        noisy = [
            (layer.sqnr_db, i) for i, layer in enumerate(self.layers) if layer.sqnr_db is not None
        ]
        return self.layers[min(noisy)[1]] if noisy else None

    @property
    def flipped_worst(self) -> ClipDifference:
        """The clip to look at first: the worst that flipped, else the worst."""
        return next((clip for clip in self.worst_clips if clip.flipped), self.worst_clips[0])


def compare(
    float_predictions: Predictions,
    int8_output: NDArray[np.int8],
    grid: OutputGrid,
    *,
    source: str,
    runtimes: tuple[RuntimeAgreement, ...] = (),
    features: tuple[FeatureParity, ...] = (),
    layers: tuple[LayerError, ...] = (),
    bootstrap: Bootstrap = DEFAULT,
) -> ParityReport:
    """Compare a float model with the int8 model made from it.

    Parameters
    ----------
    float_predictions
        Of the float model.
    int8_output
        int8 ``[clips, classes]``: the int8 model's raw output on the same clips, in their order.
    grid
        The int8 output's scale and zero point.
    source
        The command and data that the figures come from, in words.
    runtimes, features, layers
        What else was found, for the report.

    Raises
    ------
    BadInput
        When `int8_output` is not of these clips and classes.
    """
    if int8_output.dtype != np.int8 or int8_output.shape != float_predictions.logits.shape:
        raise BadInput(
            f"the int8 output is {int8_output.dtype} {int8_output.shape}, "
            f"expected int8 {float_predictions.logits.shape}"
        )
    int8_predictions = as_predictions(float_predictions, int8_output, grid)
    wanted = grid.quantise(float_predictions.logits)
    differences = wanted - int8_output.astype(np.int64)
    cosines = cosine_by_clip(float_predictions.logits, int8_predictions.logits)
    flips = int(np.count_nonzero(float_predictions.predicted != int8_predictions.predicted))
    steps, values = np.unique(differences, return_counts=True)
    return ParityReport(
        float_metrics=evaluate(
            float_predictions, source=f"float model, {source}", bootstrap=bootstrap
        ),
        int8_metrics=evaluate(
            int8_predictions, source=f"int8 model, {source}", bootstrap=bootstrap
        ),
        uar_drop=_uar_drop(float_predictions, int8_predictions, source, bootstrap),
        label_flips=flips,
        label_flip_rate=ratio(flips / len(float_predictions), source),
        cosine_mean=_cosine(float(cosines.mean()), source),
        cosine_worst=_cosine(float(cosines.min()), source),
        lsb_histogram=tuple((int(s), int(v)) for s, v in zip(steps, values, strict=True)),
        max_lsb=int(np.abs(differences).max()),
        beyond_grid=int(np.count_nonzero((wanted < -128) | (wanted > 127))),
        grid=grid,
        worst_clips=_worst_clips(float_predictions, int8_predictions, cosines, differences),
        runtimes=runtimes,
        features=features,
        layers=layers,
    )


def as_predictions(
    like: Predictions, int8_output: NDArray[np.int8], grid: OutputGrid
) -> Predictions:
    """Return the int8 model's predictions on the clips of `like`, its logits dequantised."""
    return replace(like, logits=grid.dequantise(int8_output))


def cosine_by_clip(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine of each pair of rows, float64 ``[clips]``.

    A row of zeros has no direction: against another row of zeros its cosine counts as 1, against
    anything else as 0, so that a dead int8 output shows as the worst clip.
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    a_norm, b_norm = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    norms = a_norm * b_norm
    cosines = np.sum(a * b, axis=1) / np.where(norms > 0, norms, 1.0)
    both_zero = (a_norm == 0) & (b_norm == 0)
    return np.asarray(np.clip(np.where(both_zero, 1.0, cosines), -1.0, 1.0))


def _cosine(value: float, source: str) -> Measurement:
    return Measurement(value=value, unit="cosine", evidence=Evidence.MEASURED, source=source)


def _uar_drop(
    first: Predictions, second: Predictions, source: str, bootstrap: Bootstrap
) -> Measurement:
    clusters, kind = clusters_of(first.speakers, first.anonymous)
    a, b = stack_confusions(first, clusters), stack_confusions(second, clusters)
    uar = unweighted_average_recall
    drop = float(uar(a.sum(axis=0)) - uar(b.sum(axis=0)))
    interval = paired_interval(a, b, uar, bootstrap)
    return ratio(drop, source, interval, f"{kind}, paired")


def _worst_clips(
    of_float: Predictions,
    of_int8: Predictions,
    cosines: NDArray[np.float64],
    differences: NDArray[np.int64],
) -> tuple[ClipDifference, ...]:
    largest = np.abs(differences).max(axis=1)
    order = np.lexsort((np.arange(len(of_float)), cosines, -largest))[:WORST_CLIPS]
    classes = of_float.classes
    return tuple(
        ClipDifference(
            clip_id=of_float.clip_ids[i],
            speaker=of_float.speakers[i],
            label=classes[of_float.labels[i]],
            float_label=classes[of_float.predicted[i]],
            int8_label=classes[of_int8.predicted[i]],
            cosine=float(cosines[i]),
            max_lsb=int(largest[i]),
        )
        for i in order
    )
