"""Figures as text: one way to write a ratio, a time or a size, wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantize.foundation.foreign import printable as one_line
from quantize.foundation.measurement import Measurement
from quantize.tflite.remarks import in_groups

if TYPE_CHECKING:
    from edgeser.benchmark.records import BenchReport, DeviceReport

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


def bench_rows(report: BenchReport) -> list[tuple[str, Measurement]]:
    """Return every figure of a benchmark that there is, with its name, in reading order."""
    rows: list[tuple[str, Measurement | None]] = [
        ("latency p50", report.latency_ms.p50),
        ("latency p90", report.latency_ms.p90),
        ("latency p99", report.latency_ms.p99),
        ("throughput", report.throughput_per_s),
        ("features per second of audio", report.features_ms_per_audio_s),
        ("end to end p50", report.end_to_end_ms.p50 if report.end_to_end_ms else None),
        ("end to end p99", report.end_to_end_ms.p99 if report.end_to_end_ms else None),
        ("flash (model file)", report.flash_bytes),
        ("arena", report.arena_bytes),
        ("arena, persistent", report.arena_persistent_bytes),
        ("arena, non-persistent", report.arena_non_persistent_bytes),
        ("peak RSS", report.peak_rss_bytes),
    ]
    return [(name, measurement) for name, measurement in rows if measurement is not None]


def bench_remarks(report: BenchReport) -> list[str]:
    """Return what must be said beside a benchmark's figures: what was timed, what is missing."""
    remarks = [f"timed: {report.timed}"] if report.timed else []
    if report.no_arena:
        remarks.append(f"no arena figure: {report.no_arena}")
    return remarks + [f"odd: {line}" for line in in_groups(report.oddities)]


def device_rows(report: DeviceReport) -> list[tuple[str, Measurement]]:
    """Return every figure of a device's benchmark that there is, with its name, in order."""
    rows: list[tuple[str, Measurement | None]] = [
        ("one inference", report.inference),
        ("one inference, time", report.inference_ms),
        ("per multiply-accumulate", report.per_mac),
        ("features, one frame", report.features),
        ("features, dearest frame", report.features_largest),
        ("features, one frame, time", report.features_ms),
        ("flash, all of the firmware", report.flash),
        ("RAM, static and stack", report.ram),
        ("scratch, within the arena", report.scratch),
        ("stack used", report.stack_used),
    ]
    return [(name, measurement) for name, measurement in rows if measurement is not None]


@dataclass(frozen=True, slots=True)
class KindCost:
    """What all operators of one kind cost together, in the unit of one inference."""

    kind: str
    operators: int
    macs: int
    cost: float
    share: float


def costs_by_kind(report: DeviceReport) -> list[KindCost]:
    """Return the operators' costs by kind, dearest first."""
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
