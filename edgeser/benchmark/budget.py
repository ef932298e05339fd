"""What a model may cost."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.benchmark.records import BudgetCheck
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits that a benchmark is held to.

    Parameters
    ----------
    memory_bytes
        Model and TFLite-Micro arena together, bytes.
    latency_ms
        One inference, the 90th percentile, milliseconds.
    """

    memory_bytes: int = 1_800_000
    latency_ms: float = 23.0

    def __post_init__(self) -> None:
        if self.memory_bytes <= 0 or self.latency_ms <= 0:
            raise BadInput("limits must be above 0", hint="correct the recipe")


def describe(check: BudgetCheck) -> str:
    """Return a budget's check as one line: what, how much, and what was allowed."""
    value = check.value
    return f"{check.name} is {value.value:,.6g} {value.unit}, the limit {check.limit:,.6g}"
