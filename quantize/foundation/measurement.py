"""A figure never travels without its unit and the evidence for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantize.foundation.string_enum import StrEnum


class Evidence(StrEnum):
    """How a figure was obtained."""

    MEASURED = "measured"
    """On a real device, a host clock, or by counting on real data."""
    EMULATED = "emulated"
    """Exact instruction counts of an emulated core."""
    PREDICTED = "predicted"
    """By a model, given with its error band."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure.

    Parameters
    ----------
    value
        The figure, in `unit`.
    unit
        SI or plain: ``"ms"``, ``"bytes"``, ``"ratio"`` (0 to 1), ``"count"``.
    evidence
        How it was obtained.
    source
        The command, data or model it came from, in words.
    interval
        Low and high end of its spread in `unit`, or ``None`` where it has none.
    interval_kind
        What `interval` is, such as ``"95 % speaker-clustered bootstrap"``.
    """

    value: float
    unit: str
    evidence: Evidence
    source: str
    interval: tuple[float, float] | None = None
    interval_kind: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the figure as a JSON object; interval keys only where there is one."""
        out: dict[str, Any] = {
            "value": self.value,
            "unit": self.unit,
            "evidence": self.evidence.value,
            "source": self.source,
        }
        if self.interval is not None:
            out["interval"] = list(self.interval)
            out["interval_kind"] = self.interval_kind
        return out

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Measurement:
        """Return the figure that `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError, OverflowError
            When the object is not of that form, or a number is not finite.
        """
        interval = None
        if "interval" in table:
            low, high = table["interval"]
            interval = _finite(low), _finite(high)
        return cls(
            value=_finite(table["value"]),
            unit=_text(table["unit"]),
            evidence=Evidence(table["evidence"]),
            source=_text(table["source"]),
            interval=interval,
            interval_kind=_text(table["interval_kind"]) if interval else "",
        )


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a figure is a finite number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("unit, source and kind of interval are texts")
    return value
