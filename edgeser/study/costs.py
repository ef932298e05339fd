"""What the variants of a study cost, from the results of their jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeser.study.jobs import Job
from edgeser.study.scores import costs_of
from edgeser.study.store import Kept
from quantize.foundation.measurement import Measurement


def costs_by_variant(
    jobs: Sequence[tuple[str, Job]], kept: Mapping[str, Kept]
) -> dict[str, dict[str, Measurement]]:
    """Return each variant's costs; where its jobs differ their mean, from lowest to highest."""
    found: dict[str, dict[str, list[Measurement]]] = {}
    for variant, job in jobs:
        if job.key in kept:
            for name, cost in costs_of(kept[job.key].result).items():
                found.setdefault(variant, {}).setdefault(name, []).append(cost)
    return {v: {n: _merged(costs) for n, costs in of.items()} for v, of in found.items()}


def _merged(costs: Sequence[Measurement]) -> Measurement:
    values = [cost.value for cost in costs]
    if min(values) == max(values):
        return costs[0]
    return replace(
        costs[0],
        value=sum(values) / len(values),
        interval=(min(values), max(values)),
        interval_kind=f"lowest to highest of {len(values)} trainings",
    )
