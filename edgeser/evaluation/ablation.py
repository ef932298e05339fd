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
    Interval,
    clusters_of,
    percentile_interval,
    resampled,
    stack_confusions,
)
from edgeser.evaluation.metrics import ratio, unweighted_average_recall
from edgeser.evaluation.predictions import Predictions
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
    """

    variant: str
    seeds: tuple[int, ...]
    uars: tuple[float, ...]
    mean: Measurement
    above_first: Measurement | None = None

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
    """Rows in the order given."""

    rows: tuple[AblationRow, ...]


def summarise_seeds(
    variant: str,
    by_seed: Mapping[int, Predictions],
    *,
    source: str,
    first: Mapping[int, Predictions] | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> AblationRow:
    """Summarise one variant: the mean UAR of its seeds, on the same clips.

    With `first`, the seeds of the variant it is held against, how far it is above that one too.

    The interval is the cluster bootstrap of the mean over seeds: each resample draws speakers
    once and scores every seed on that draw, so it shows the spread over speakers. The spread over
    seeds is what `lowest` and `highest` show.

    Raises
    ------
    BadInput
        Without seeds, or when the seeds were not scored on the same clips.
    """
    runs = list(by_seed.values())
    others = [] if first is None else list(first.values())
    _check_same_clips(variant, runs, others)
    uars, drawn, kind = _uars(runs, bootstrap)
    if kind == BY_SPEAKER:
        kind = f"{kind} of the mean over {len(uars)} seeds"
    mean = ratio(float(np.mean(uars)), source, _interval(drawn), kind)
    above = None
    if others:
        of_first, drawn_of_first, kind = _uars(others, bootstrap)
        difference = float(np.mean(uars) - np.mean(of_first))
        above = ratio(difference, source, _interval(drawn - drawn_of_first), f"{kind}, paired")
    return AblationRow(variant, tuple(by_seed), tuple(uars), mean, above)


def _uars(
    runs: Sequence[Predictions], bootstrap: Bootstrap
) -> tuple[list[float], NDArray[np.float64], str]:
    """Return each seed's UAR, their mean in each resample (none for one cluster), and the kind."""
    clusters, kind = clusters_of(runs[0].speakers)
    stacks = [stack_confusions(run, clusters) for run in runs]
    uars = [float(unweighted_average_recall(stack.sum(axis=0))) for stack in stacks]
    if len(stacks[0]) < 2:
        return uars, np.empty(0), kind
    counts = bootstrap.draw(len(stacks[0]))
    scores = [unweighted_average_recall(resampled(stack, counts)) for stack in stacks]
    return uars, np.asarray(np.mean(scores, axis=0)), kind


def _interval(drawn: NDArray[np.float64]) -> Interval | None:
    return percentile_interval(drawn) if drawn.size else None


def _check_same_clips(
    variant: str, runs: Sequence[Predictions], others: Sequence[Predictions]
) -> None:
    if not runs:
        raise BadInput(f"the variant {variant} has no seeds to summarise")
    first = runs[0]
    rest = [*runs[1:], *others]
    if any(r.clip_ids != first.clip_ids or r.speakers != first.speakers for r in rest):
        raise BadInput(f"the seeds of the variant {variant} were not scored on the same clips")
