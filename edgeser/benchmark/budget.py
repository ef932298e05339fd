"""What a model may cost."""

from __future__ import annotations

from dataclasses import dataclass, fields

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
        One inference, milliseconds: the 90th percentile on a host or a real device, the middle of
        the band that is predicted for an emulated one.
    flash_bytes
        All of the firmware: code, constants and initial values, bytes.
    ram_bytes
        All of the firmware's static memory and its stack, bytes.
    clock_mhz
        Of the core that the time of an emulated device is predicted for.
    """

    memory_bytes: int = 1_800_000
    latency_ms: float = 23.0
    flash_bytes: int = 512_000
    ram_bytes: int = 256_000
    clock_mhz: float = 800.0

    def __post_init__(self) -> None:
        if any(getattr(self, item.name) <= 0 for item in fields(self)):
            raise BadInput("limits must be above 0", hint="correct the recipe")


def describe(check: BudgetCheck) -> str:
    """Return a budget's check as one line: what, how much, and what was allowed."""
    value = check.value
    return f"{check.name} is {value.value:,.6g} {value.unit}, the limit {check.limit:,.6g}"
