"""Seeds x variants: what a choice brings, against what chance brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeser.evaluation.bootstrap import (
    BY_SPEAKER,
    DEFAULT,
    Bootstrap,
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
    """

    variant: str
    seeds: tuple[int, ...]
    uars: tuple[float, ...]
    mean: Measurement

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
    bootstrap: Bootstrap = DEFAULT,
) -> AblationRow:
    """Summarise one variant: the mean UAR of its seeds, on the same clips.

    The interval is the cluster bootstrap of the mean over seeds: each resample draws speakers
    once and scores every seed on that draw, so it shows the spread over speakers. The spread over
    seeds is what `lowest` and `highest` show.

    Raises
    ------
    BadInput
        Without seeds, or when the seeds were not scored on the same clips.
    """
    runs = _same_clips(variant, list(by_seed.values()))
    clusters, kind = clusters_of(runs[0].speakers)
    stacks = [stack_confusions(run, clusters) for run in runs]
    uars = [float(unweighted_average_recall(stack.sum(axis=0))) for stack in stacks]
    interval = None
    if len(stacks[0]) > 1:
        counts = bootstrap.draw(len(stacks[0]))
        scores = [unweighted_average_recall(resampled(stack, counts)) for stack in stacks]
        interval = percentile_interval(np.mean(scores, axis=0))
    if kind == BY_SPEAKER:
        kind = f"{kind} of the mean over {len(uars)} seeds"
    mean = ratio(float(np.mean(uars)), source, interval, kind)
    return AblationRow(variant=variant, seeds=tuple(by_seed), uars=tuple(uars), mean=mean)


def _same_clips(variant: str, runs: Sequence[Predictions]) -> Sequence[Predictions]:
    if not runs:
        raise BadInput(f"the variant {variant} has no seeds to summarise")
    first = runs[0]
    if any(r.clip_ids != first.clip_ids or r.speakers != first.speakers for r in runs[1:]):
        raise BadInput(f"the seeds of the variant {variant} were not scored on the same clips")
    return runs
