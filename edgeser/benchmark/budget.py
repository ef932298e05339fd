"""What a model may cost."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from edgeser.benchmark.bench_report import BudgetCheck
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Measurement

CLOCK_MHZ = 800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a benchmark is held to; `None` for what nobody asked.

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

    memory_bytes: int | None = None
    latency_ms: float | None = None
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    clock_mhz: float = CLOCK_MHZ

    def with_given(self, **given: Any) -> Limits:
        """Return the limits with those changed that are given and not `None`."""
        return replace(self, **{name: v for name, v in given.items() if v is not None})


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Budget:
    """What a recipe's own models may cost: `Limits`, of which each has a default.

    Parameters
    ----------
    memory_bytes, latency_ms, flash_bytes, ram_bytes, clock_mhz
        As in `Limits`.
    """

    memory_bytes: int = 1_800_000
    latency_ms: float = 23.0
    flash_bytes: int = 512_000
    ram_bytes: int = 256_000
    clock_mhz: float = CLOCK_MHZ

    def __post_init__(self) -> None:
        if any(getattr(self, item.name) <= 0 for item in fields(self)):
            raise BadInput("limits must be above 0", hint="correct the recipe")

    @property
    def limits(self) -> Limits:
        """The limits that a benchmark of the recipe's model is held to."""
        return Limits(**{item.name: getattr(self, item.name) for item in fields(self)})


def check(name: str, limit: float | None, value: Measurement | None) -> tuple[BudgetCheck, ...]:
    """Hold a figure to a limit; nothing comes back where there is no limit or no figure."""
    if limit is None or value is None:
        return ()
    return (BudgetCheck(name, float(limit), value, value.value <= limit),)


def describe(check: BudgetCheck) -> str:
    """Return a budget's check as one line: what, how much, and what was allowed."""
    value = check.value
    return f"{check.name} is {value.value:,.6g} {value.unit}, the limit {check.limit:,.6g}"
