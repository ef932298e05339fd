"""How near answers come to what listeners said, as every form of the report shows it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.evaluation.distributions import DistributionScores
from edgeser.evaluation.metrics import Metrics
from quantize.foundation.measurement import Measurement

DISTRIBUTION_NOTE = (
    "Means over clips of what listeners said against the softmax of the logits. The divergence and "
    "the distances are 0 at best, cosine and intersection 1."
)
SCORE_NAMES = {
    "kl": "KL divergence",
    "chebyshev": "Chebyshev",
    "clark": "Clark",
    "canberra": "Canberra",
    "cosine": "cosine",
    "intersection": "intersection",
}


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """One score by its name; `of_int8` is ``None`` before quantisation."""

    name: str
    of_float: Measurement
    of_int8: Measurement | None


def distribution_title(scores: DistributionScores) -> str:
    """Return what the table is of: how many clips had votes."""
    return f"Against the votes of listeners: {scores.clips:,} clips"


def distribution_rows(
    float_metrics: Metrics | None, int8_metrics: Metrics | None
) -> list[DistributionRow]:
    """Return every score in reading order; none where nobody voted."""
    if float_metrics is None or float_metrics.distributions is None:
        return []
    of_float = float_metrics.distributions
    of_int8 = None if int8_metrics is None else int8_metrics.distributions
    return [
        DistributionRow(name, getattr(of_float, field), getattr(of_int8, field, None))
        for field, name in SCORE_NAMES.items()
    ]
