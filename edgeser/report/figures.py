"""Figures as text: one way to write a ratio, a time or a size, wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantize.foundation.foreign import printable as one_line
from quantize.foundation.measurement import Measurement
from quantize.tflite.remarks import in_groups

if TYPE_CHECKING:
    from edgeser.benchmark.bench_report import BenchReport

_KILO = 1000.0


def figure(measurement: Measurement, *, interval: bool = False) -> str:
    """Return value and unit: ``"61.2 %"``, ``"3.41 ms"``, ``"312.5 kB"``; with its interval."""
    text = number(measurement.value, measurement.unit)
    if interval and measurement.interval is not None:
        text += f" ({span(measurement)})"
    return text


def span(measurement: Measurement) -> str:
    """Return the interval, its unit once where there is one; empty without an interval.

    ``"58.0 to 64.3"`` of a ratio, ``"5.2 to 9.5 ms"``, ``"27.5 k to 27.6 k"`` instructions.
    """
    if measurement.interval is None:
        return ""
    low, high = measurement.interval
    if measurement.unit == "ratio":
        return percent_span(low, high)
    if measurement.unit == "instructions":
        return f"{count(low)} to {count(high)}"
    unit = f" {measurement.unit}"
    return f"{number(low, measurement.unit).removesuffix(unit)} to {number(high, measurement.unit)}"


def percent(ratio: float) -> str:
    """Return a ratio in whole percent: ``"13 %"``."""
    return f"{100 * ratio:.0f} %"


def percent_span(low: float, high: float) -> str:
    """Return two ratios in percent, without the unit: ``"58.0 to 64.3"``."""
    return f"{100 * low:.1f} to {100 * high:.1f}"


def number(value: float, unit: str) -> str:
    """Return `value` with its unit, in as many digits as are worth reading."""
    if unit == "ratio":
        return f"{100 * value:.1f} %"
    if unit == "bytes":
        return size(value)
    if unit == "cosine":
        return f"{value:.5f}"
    if unit == "CCC":
        text = f"{value:.3f}"
        return "0.000" if text == "-0.000" else text
    if unit == "instructions":
        return f"{count(value)} {unit}"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text if unit in {"", "count"} else f"{text} {unit}"


def size(value: float) -> str:
    """Return bytes in decimal units: ``"742 B"``, ``"312.5 kB"``, ``"1.80 MB"``."""
    if value < _KILO:
        return f"{value:.0f} B"
    if value < _KILO**2:
        return f"{value / _KILO:.1f} kB"
    return f"{value / _KILO**2:.2f} MB"


def count(value: float) -> str:
    """Return a large count in as many digits as are worth reading: ``"812"``, ``"5.43 M"``."""
    if value < _KILO:
        return f"{value:.0f}"
    if value < _KILO**2:
        return f"{value / _KILO:.1f} k"
    return f"{value / _KILO**2:.2f} M"


def points(value: float) -> str:
    """Return a difference of ratios in percentage points, always with its sign: ``"-0.4"``."""
    text = f"{100 * value:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def difference(measurement: Measurement | None) -> str:
    """Return a difference of ratios in points, with its interval: ``"+1.9 (-0.4 to +4.0)"``."""
    if measurement is None:
        return ""
    interval = point_span(measurement)
    return points(measurement.value) + (f" ({interval})" if interval else "")


def point_span(measurement: Measurement) -> str:
    """Return the interval of a difference of ratios in points; empty without an interval."""
    if measurement.interval is None:
        return ""
    low, high = measurement.interval
    return f"{points(low)} to {points(high)}"


def loss(value: float) -> str:
    """Return a loss of a ratio in percentage points, without a plus sign: ``"0.4"``."""
    return points(value).removeprefix("+")


def evidence(measurement: Measurement) -> str:
    """Return the evidence and where the figure came from, as one phrase."""
    return f"{measurement.evidence.value}: {origin(measurement)}"


def origin(measurement: Measurement) -> str:
    """Return where the figure came from, and what its interval is."""
    if measurement.interval is None:
        return measurement.source
    return f"{measurement.source}; interval: {measurement.interval_kind}"


_TITLES = {
    "inference_instructions": "one inference",
    "inference_ms": "one inference, time",
    "inference_p50_ms": "latency p50",
    "inference_p90_ms": "latency p90",
    "inference_p99_ms": "latency p99",
    "first_inference_ms": "first inference, with the parameters",
    "inferences_per_s": "throughput",
    "instructions_per_mac": "per multiply-accumulate",
    "frame_instructions": "features, one frame",
    "worst_frame_instructions": "features, worst-case frame",
    "frame_ms": "features, one frame, time",
    "worst_frame_ms": "features, worst-case frame, time",
    "features_ms_per_audio_s": "features per second of audio",
    "end_to_end_p50_ms": "end to end p50",
    "end_to_end_p99_ms": "end to end p99",
    "flash_bytes": "flash, all of the firmware",
    "ram_bytes": "RAM, static and stack",
    "scratch_bytes": "scratch, within the arena",
    "stack_used_bytes": "stack used",
    "model_bytes": "flash (model file)",
    "arena_bytes": "arena",
    "arena_persistent_bytes": "arena, persistent",
    "arena_non_persistent_bytes": "arena, non-persistent",
    "peak_rss_bytes": "peak RSS",
    "temperature_degc": "temperature",
}
"""What a benchmark's figures are called, in reading order; one that is not here is not shown."""


def bench_rows(report: BenchReport) -> list[tuple[str, Measurement]]:
    """Return every figure of a benchmark that is shown, with its name, in reading order."""
    known = dict(report.figures.known())
    return [(title, known[name]) for name, title in _TITLES.items() if name in known]


def bench_remarks(report: BenchReport) -> list[str]:
    """Return what must be said beside a benchmark's figures: what was timed, what is missing."""
    remarks = [f"timed: {report.timed}"] if report.timed else []
    if report.no_arena:
        remarks.append(f"no arena figure: {report.no_arena}")
    return remarks + [f"odd: {line}" for line in in_groups(report.oddities)]


@dataclass(frozen=True, slots=True)
class KindCost:
    """What all operators of one kind cost together, in the unit of one inference."""

    kind: str
    operators: int
    macs: int
    cost: float
    share: float


def costs_by_kind(report: BenchReport) -> list[KindCost]:
    """Return the operators' costs by kind, the most expensive first."""
    whole = sum(operator.cost.value for operator in report.operators) or 1.0
    found = []
    for kind in dict.fromkeys(operator.kind for operator in report.operators):
        of_kind = [operator for operator in report.operators if operator.kind == kind]
        cost = sum(operator.cost.value for operator in of_kind)
        macs = sum(operator.macs for operator in of_kind)
        found.append(KindCost(kind, len(of_kind), macs, cost, cost / whole))
    return sorted(found, key=lambda row: -row.cost)


def printable(text: str) -> str:
    """Return `text` as one line that steers no terminal, forges no table row and suits XML.

    Names of clips and layers come from files; what is not printable is shown escaped.
    """
    return one_line(text, limit=10_000)
