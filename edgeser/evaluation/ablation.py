"""Seeds x variants: what a choice brings, against what chance brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import (
    BY_SPEAKER,
    DEFAULT,
    Bootstrap,
    bootstrap_intervals,
    clusters_of,
    paired_interval,
    stack_confusions,
)
from edgeser.evaluation.metrics import (
    confusion_matrix,
    macro_f1,
    of_nobody_known,
    ratio,
    unweighted_average_recall,
    without_nothing,
)
from edgeser.evaluation.predictions import Predictions
from edgeser.wording import NOTHING, plural
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One variant over its seeds.

    Parameters
    ----------
    variant
        Its name: ``"amplitude"``, ``"phase"``, ``"both"``.
    seeds
        In the order of `uars`.
    uars
        UAR of each seed, ratios.
    mean
        Mean UAR over the seeds; its interval draws the same speakers for every seed.
    above_first
        `mean` less that of the table's first variant; its interval draws the same speakers for
        both, so that what is hard for all cancels. None for the first variant itself.
    macro_f1
        Mean macro-F1 over the seeds, with an interval as that of `mean`.
    """

    variant: str
    seeds: tuple[int, ...]
    uars: tuple[float, ...]
    mean: Measurement
    above_first: Measurement | None = None
    macro_f1: Measurement | None = None

    @property
    def lowest(self) -> float:
        """The UAR of the worst seed."""
        return min(self.uars)

    @property
    def highest(self) -> float:
        """The UAR of the best seed."""
        return max(self.uars)


@dataclass(frozen=True, slots=True)
class AblationTable:
    """Rows in the order given, and what must be known before they are believed."""

    rows: tuple[AblationRow, ...]
    caveats: tuple[str, ...] = ()


def summarise_seeds(
    variant: str,
    by_seed: Mapping[int, Predictions],
    *,
    source: str,
    first: Mapping[int, Predictions] | None = None,
    bootstrap: Bootstrap = DEFAULT,
    of: str = "seed",
) -> AblationRow:
    """Summarise one variant: the mean UAR of its seeds, on the same clips.

    With `first`, the seeds of the variant it is held against, how far it is above that one too.

    The interval is the cluster bootstrap of the mean over seeds: each resample draws speakers
    once and scores every seed on that draw, so it shows the spread over speakers. The spread over
    seeds is what `lowest` and `highest` show. `of` is what one of the runs is called.

    Raises
    ------
    BadInput
        Without seeds, or when the seeds were not scored on the same clips.
    """
    runs = list(by_seed.values())
    others = [] if first is None else list(first.values())
    _check_same_clips(variant, runs, others)
    clusters, kind = clusters_of(runs[0].speakers, runs[0].anonymous)
    confusions = _confusions(runs, clusters)
    uars = [float(uar) for uar in unweighted_average_recall(confusions.sum(axis=0))]
    interval, of_f1 = bootstrap_intervals(confusions, [_mean_uar, _mean_f1], bootstrap)
    count = f"{len(uars)} {plural(of, len(uars))}"
    over_seeds = f"{kind} of the mean over {count}" if kind == BY_SPEAKER else kind
    mean = ratio(float(np.mean(uars)), source, interval, over_seeds)
    f1 = ratio(float(_mean_f1(confusions.sum(axis=0))), source, of_f1, over_seeds)
    above = None
    if others:
        of_first = _confusions(others, clusters)
        difference = mean.value - float(_mean_uar(of_first.sum(axis=0)))
        paired = paired_interval(confusions, of_first, _mean_uar, bootstrap)
        above = ratio(difference, source, paired, f"{kind}, paired")
    return AblationRow(variant, tuple(by_seed), tuple(uars), mean, above, f1)


def summarise_variants(
    tested: Mapping[str, Mapping[int, Predictions]],
    *,
    source: str,
    bootstrap: Bootstrap = DEFAULT,
) -> AblationTable:
    """Summarise each variant's seeds, and hold all but the first against the first.

    Raises
    ------
    BadInput
        As `summarise_seeds`.
    """
    of_first = next(iter(tested.values()), None)
    rows = [
        summarise_seeds(
            variant,
            seeds,
            source=source,
            first=None if seeds is of_first else of_first,
            bootstrap=bootstrap,
        )
        for variant, seeds in tested.items()
    ]
    first = next(iter(of_first.values())) if of_first else None
    unknown = 0 if first is None else first.anonymous_clips
    caveats = (of_nobody_known(unknown, len(first)),) if first is not None and unknown else ()
    return AblationTable(tuple(rows), (*caveats, *_without_nothing(tested)))


def _without_nothing(tested: Mapping[str, Mapping[int, Predictions]]) -> list[str]:
    """Return what variants score without the clips of a class "nothing", where there are some."""
    said = []
    for variant, seeds in tested.items():
        rest = [spoken for run in seeds.values() if (spoken := without_nothing(run)) is not None]
        if rest:
            matrices = [confusion_matrix(r.labels, r.predicted, len(r.classes)) for r in rest]
            uar = float(np.mean([unweighted_average_recall(matrix) for matrix in matrices]))
            said.append(f"{variant} {100 * uar:.1f} %")
    return [f"without the clips of '{NOTHING}' UAR is: {', '.join(said)}"] if said else []


def _confusions(runs: Sequence[Predictions], clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64 ``[clusters, seeds, classes, classes]``."""
    return np.stack([stack_confusions(run, clusters) for run in runs], axis=1)


def _mean_uar(confusions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean over the seeds of ``[..., seeds, classes, classes]``."""
    return np.asarray(unweighted_average_recall(confusions).mean(axis=-1))


def _mean_f1(confusions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean macro-F1 over the seeds of ``[..., seeds, classes, classes]``."""
    return np.asarray(macro_f1(confusions).mean(axis=-1))


def _check_same_clips(
    variant: str, runs: Sequence[Predictions], others: Sequence[Predictions]
) -> None:
    if not runs:
        raise BadInput(f"the variant {variant} has no seeds to summarise")
    first = runs[0]
    rest = [*runs[1:], *others]
    if any(r.clip_ids != first.clip_ids or r.speakers != first.speakers for r in rest):
        raise BadInput(f"the seeds of the variant {variant} were not scored on the same clips")
