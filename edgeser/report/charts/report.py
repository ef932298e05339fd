"""Which charts a report has, made from its contents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import BenchReport
from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.drift import DriftReport
from edgeser.evaluation.group_gaps import PARITY, TRUE_POSITIVES
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.metrics import FEWEST_SPEAKERS, Metrics
from edgeser.report.charts.certainty import reliability_diagram, risk_chart
from edgeser.report.charts.images import ColourMap
from edgeser.report.charts.matrices import confusion_chart, heat_map
from edgeser.report.charts.plots import (
    Dot,
    DotRow,
    bar_chart,
    count_chart,
    dot_chart,
    histogram,
    line_chart,
    memory_chart,
)
from edgeser.report.contents import ExampleFeatures, ReportContents, TrainingHistory
from edgeser.report.figures import evidence, figure
from edgeser.report.plane_names import PLANE_NAMES
from firmware_bridge.frontend import AMPLITUDE_DELTA, ANGLE_PLANES
from quantize.foundation.measurement import Measurement
from quantize.layer_error import LayerError

_MOST_OPERATORS = 24
_Q15 = 32768.0


@dataclass(frozen=True, slots=True)
class NamedChart:
    """A chart with the caption below it, and the figure whose evidence it shares, if any."""

    caption: str
    svg: Markup
    figure: Measurement | None = None


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts of each section; an empty tuple where there is nothing to draw."""

    confusions: tuple[NamedChart, ...]
    groups: tuple[NamedChart, ...]
    gaps: tuple[NamedChart, ...]
    drift: tuple[NamedChart, ...]
    conditions: tuple[NamedChart, ...]
    certainty: tuple[NamedChart, ...]
    ablation: tuple[NamedChart, ...]
    differences: tuple[NamedChart, ...]
    layers: tuple[NamedChart, ...]
    cost: tuple[NamedChart, ...]
    device: tuple[NamedChart, ...]
    features: tuple[NamedChart, ...]
    training: tuple[NamedChart, ...]


def charts_of(contents: ReportContents) -> Charts:
    """Draw everything that `contents` has."""
    metrics = contents.float_metrics or contents.int8_metrics
    chance = None if metrics is None else ("chance", metrics.chance)
    return Charts(
        confusions=_confusions(contents),
        groups=tuple(_groups(contents.groups, chance)),
        gaps=_gaps(contents.groups_verdict),
        drift=_drift(contents.drift),
        conditions=_conditions(contents.conditions),
        certainty=_certainty(contents.certainty),
        ablation=_ablation(contents.ablation),
        differences=_differences(contents.parity),
        layers=_layers(contents.layers or (contents.parity.layers if contents.parity else ())),
        cost=_cost(contents.bench),
        device=_device(contents.device),
        features=_features(contents.features),
        training=_training(contents.training),
    )


def _confusions(contents: ReportContents) -> tuple[NamedChart, ...]:
    found: list[tuple[str, Metrics | None]] = [
        ("float", contents.float_metrics),
        ("int8", contents.int8_metrics),
    ]
    return tuple(
        NamedChart(
            f"{name}: percent of each true class's clips; clips below.",
            confusion_chart(f"Confusion matrix, {name}", metrics.confusion, metrics.classes),
            metrics.uar,
        )
        for name, metrics in found
        if metrics is not None
    )


def _dots(of_float: Measurement, of_int8: Measurement | None) -> tuple[Dot, ...]:
    found = (("float", of_float), ("int8", of_int8))
    return tuple(
        Dot(
            name,
            measurement.value,
            measurement.interval,
            f"{name}: {figure(measurement, interval=True)}; {evidence(measurement)}",
        )
        for name, measurement in found
        if measurement is not None
    )


def _groups(groups: tuple[GroupScore, ...], chance: tuple[str, float] | None) -> list[NamedChart]:
    kinds = list(dict.fromkeys(group.kind for group in groups))
    blocks = [[kind for kind in kinds if kind == "speaker"]]
    blocks.append([kind for kind in kinds if kind != "speaker"])
    charts = []
    for block in blocks:
        rows: list[DotRow] = []
        for kind in block:
            members = [group for group in groups if group.kind == kind]
            if len(block) > 1:
                rows.append(DotRow(kind))
            rows += [
                DotRow(f"{g.name}, few" if g.too_few else g.name, _dots(g.float_uar, g.int8_uar))
                for g in members
            ]
        if rows:
            name = " and ".join(block)
            intervals = [g.float_uar for g in groups if g.kind in block]
            caption = f"By {name}; lines are 95 % intervals."
            if any(g.too_few for g in groups if g.kind in block):
                caption += f" Few: under {FEWEST_SPEAKERS} speakers, too few to judge."
            svg = dot_chart(f"UAR by {name}", rows, x_label="UAR, %", reference=chance)
            charts.append(NamedChart(caption, svg, intervals[0]))
    return charts


def _gaps(verdict: GroupVerdict | None) -> tuple[NamedChart, ...]:
    kinds = () if verdict is None else verdict.gaps
    charts = []
    for measure, name in ((TRUE_POSITIVES, "recall"), (PARITY, "share of clips called so")):
        rows: list[DotRow] = []
        gaps = [gap for kind in kinds for gap in kind.of(measure)]
        for kind in kinds:
            heading = f"by {kind.kind}" + ("" if kind.judged else " (too few)")
            rows.append(DotRow(heading))
            rows += [DotRow(g.label, _dots(g.of_float, g.of_int8)) for g in kind.of(measure)]
        if gaps:
            svg = dot_chart(f"Gaps of {measure}", rows, x_label=f"gap of {name}, points")
            caption = f"Gap of {name}: the group of the largest less that of the smallest."
            charts.append(NamedChart(caption, svg, gaps[0].gap))
    return tuple(charts)


def _drift(report: DriftReport | None) -> tuple[NamedChart, ...]:
    if report is None:
        return ()
    label, largest = "population stability index", report.largest
    rows = [(plane.plane, plane.psi.value) for plane in report.planes]
    worst = report.planes.index(largest)
    planes = bar_chart("Drift by plane", rows, x_label=label, unit="", worst=worst)
    channels = line_chart(
        f"Drift of {largest.plane} by channel",
        [(float(number), psi) for number, psi in enumerate(largest.channels)],
        x_label="channel, low to high",
        y_label=label,
    )
    moved = f"{largest.plane}, the plane that moved most, by channel."
    return (
        NamedChart("By plane: mean over channels.", planes, largest.psi),
        NamedChart(moved, channels, largest.psi),
    )


def _conditions(table: ConditionTable | None) -> tuple[NamedChart, ...]:
    if table is None:
        return ()
    rows = [DotRow(row.title, _dots(row.float_uar, row.int8_uar)) for row in table.rows]
    clean = (table.clean.int8_uar or table.clean.float_uar).value
    svg = dot_chart("UAR by condition", rows, x_label="UAR, %", reference=("clean", clean))
    return (NamedChart("Lines are 95 % intervals.", svg, table.clean.float_uar),)


def _certainty(table: CertaintyTable | None) -> tuple[NamedChart, ...]:
    if table is None:
        return ()
    clean = table.clean
    series = (("float", clean.of_float), ("int8", clean.of_int8))
    charts = [
        NamedChart(
            "Clean recordings, in bins of equally many clips: on the line a probability is as "
            "often right as it says.",
            reliability_diagram("Reliability", series),
            clean.of_int8.error,
        ),
        NamedChart(
            "Clean recordings, answered from the surest on; a dot is the model's threshold.",
            risk_chart("Risk against coverage", series),
            clean.of_int8.area,
        ),
    ]
    if len(table.rows) > 1:
        rows = [
            DotRow(row.title, _dots(row.of_float.error, row.of_int8.error)) for row in table.rows
        ]
        svg = dot_chart("Expected calibration error", rows, x_label="calibration error, %")
        charts.append(NamedChart("Lines are 95 % intervals.", svg, clean.of_int8.error))
    return tuple(charts)


def _ablation(table: AblationTable | None) -> tuple[NamedChart, ...]:
    if table is None:
        return ()
    rows = []
    for row in table.rows:
        note = f"{row.variant}: {figure(row.mean, interval=True)}; {evidence(row.mean)}"
        rows.append(DotRow(row.variant, (Dot("int8", row.mean.value, row.mean.interval, note),)))
    svg = dot_chart("UAR by variant", rows, x_label="UAR, mean of the seeds, %")
    return (NamedChart("Lines are 95 % intervals.", svg, table.rows[0].mean),)


def _differences(parity: ParityReport | None) -> tuple[NamedChart, ...]:
    if parity is None:
        return ()
    label = "float minus int8, steps of the int8 output (LSB)"
    svg = count_chart("Differences of the logits", parity.lsb_histogram, x_label=label)
    caption = "Float logits on the int8 output's grid minus the int8 output; percent of values."
    return (NamedChart(caption, svg, parity.cosine_mean),)


def _layers(layers: tuple[LayerError, ...]) -> tuple[NamedChart, ...]:
    rows = [(layer.name, layer.sqnr_db) for layer in layers]
    noisy = [(name, sqnr) for name, sqnr in rows if sqnr is not None]
    if not noisy:
        return ()
    worst = min(range(len(noisy)), key=lambda i: noisy[i][1])
    label = "SQNR, dB (more is better)"
    svg = bar_chart("Quantisation error by layer", noisy, x_label=label, unit="dB", worst=worst)
    caption = f"In the order of the network; the worst is {noisy[worst][0]}."
    rest = [layer for layer in layers if layer.sqnr_db is None]
    exact = sum(layer.is_exact for layer in rest)
    if exact:
        caption += f" Not drawn, being exact: {exact}."
    silent = [layer.name for layer in rest if not layer.is_exact]
    if silent:
        caption += f" Silent in float, but not in int8: {', '.join(silent)}."
    return (NamedChart(caption, svg),)


def _cost(bench: BenchReport | None) -> tuple[NamedChart, ...]:
    if bench is None:
        return ()
    return *_latency(bench), *_bytes(bench)


def _latency(bench: BenchReport) -> tuple[NamedChart, ...]:
    if not bench.samples_ms:
        return ()
    found = bench.figures
    percentiles = (
        ("p50", found.inference_p50_ms),
        ("p90", found.inference_p90_ms),
        ("p99", found.inference_p99_ms),
    )
    marks = [(name, value.value) for name, value in percentiles if value is not None]
    times = histogram(
        "Latency of one inference",
        bench.samples_ms,
        x_label="ms",
        unit="ms",
        marks=marks,
    )
    return (NamedChart(f"{len(bench.samples_ms)} inferences.", times, bench.inference),)


def _bytes(bench: BenchReport) -> tuple[NamedChart, ...]:
    found = bench.figures
    parts: list[tuple[str, Measurement | None]] = [("model file (flash)", found.model_bytes)]
    if found.arena_persistent_bytes is not None:
        parts.append(("arena, persistent", found.arena_persistent_bytes))
        parts.append(("arena, non-persistent", found.arena_non_persistent_bytes))
    else:
        parts.append(("arena", found.arena_bytes))
    known = [(name, part) for name, part in parts if part is not None]
    if not known:
        return ()
    limit = next((c.limit for c in bench.budgets if c.value.unit == "bytes"), None)
    svg = memory_chart("Memory", [(name, part.value) for name, part in known], limit)
    return (NamedChart("Where the bytes are.", svg, known[-1][1]),)


def _device(device: BenchReport | None) -> tuple[NamedChart, ...]:
    if device is None:
        return ()
    emulated = device.inference.unit == "instructions"
    scale, unit = (1e-3, "thousand instructions") if emulated else (1.0, "ms")
    by_cost = sorted(device.operators, key=lambda operator: -operator.cost.value)
    shown = sorted(by_cost[:_MOST_OPERATORS], key=lambda operator: operator.index)
    busy = [
        (f"{operator.index} {operator.layer or operator.kind}", operator.cost.value * scale)
        for operator in shown
    ]
    costliest = max(range(len(busy)), key=lambda i: busy[i][1], default=None)
    svg = bar_chart("Cost of each operator", busy, x_label=unit, unit="", worst=costliest)
    which = (
        "Every operator"
        if len(shown) == len(by_cost)
        else f"The {len(shown)} most expensive operators"
    )
    charts = [NamedChart(f"{which}, in the order of the model.", svg, device.inference)]
    for memory in ("flash", "ram"):
        parts = [p for p in device.memory if p.memory == memory]
        if not parts:
            continue
        found = device.figures
        whole = found.flash_bytes if memory == "flash" else found.ram_bytes
        limit = next((c.limit for c in device.budgets if c.name.lower() == memory), None)
        drawn = memory_chart(
            f"Memory: {memory}", [(part.name, part.size.value) for part in parts], limit
        )
        charts.append(
            NamedChart(f"What is in {'RAM' if memory == 'ram' else memory}.", drawn, whole)
        )
    return tuple(charts)


def _features(features: ExampleFeatures | None) -> tuple[NamedChart, ...]:
    if features is None:
        return ()
    amplitude = features.amplitude.astype(np.float64)
    band = (features.lower_hz, features.upper_hz)
    svg = heat_map(
        f"Amplitude of clip {features.clip_id}",
        amplitude,
        limits=(float(amplitude.min()), float(amplitude.max())),
        colours=ColourMap.SEQUENTIAL,
        hop_ms=features.hop_ms,
        band_hz=band,
    )
    charts = [NamedChart("Amplitude, as the C code puts it out (uint16).", svg)]
    for index, plane in enumerate(features.phase_planes):
        values = features.phase[:, :, index].astype(np.float64)
        shown = _shown_as(plane, values, features.angle_weight)
        svg = heat_map(
            f"{plane} of clip {features.clip_id}",
            values / shown.one,
            limits=shown.limits,
            colours=shown.colours,
            hop_ms=features.hop_ms,
            band_hz=band,
        )
        charts.append(NamedChart(f"{plane}: {shown.what}.", svg))
    return tuple(charts)


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a plane is drawn: what its raw value for 1 is, what is at the colours' ends."""

    what: str
    one: float
    limits: tuple[float, float]
    colours: ColourMap


def _shown_as(plane: str, values: NDArray[np.float64], angle_weight: str) -> _Shown:
    if plane == AMPLITUDE_DELTA:
        most = max(float(np.abs(values).max(initial=0.0)), 1.0)
        what = "the amplitude's difference to the frame before (int16)"
        return _Shown(what, 1.0, (-most, most), ColourMap.DIVERGING)
    what = f"{PLANE_NAMES.get(plane, plane)} of the coherence"
    if plane not in ANGLE_PLANES:
        modulus = plane.endswith("_mod")
        limits = (0.0, 1.0) if modulus else (-1.0, 1.0)
        colours = ColourMap.SEQUENTIAL if modulus else ColourMap.DIVERGING
        return _Shown(what, _Q15, limits, colours)
    if angle_weight == "modulus":
        what += ", times its modulus, in parts of pi"
        return _Shown(what, _Q15, (-1.0, 1.0), ColourMap.DIVERGING)
    return _Shown(f"{what}, in parts of pi", _Q15, (-1.0, 1.0), ColourMap.CYCLIC)


def _training(training: TrainingHistory | None) -> tuple[NamedChart, ...]:
    if training is None or not training.epochs:
        return ()
    epochs, chosen = training.epochs, float(training.chosen)
    kept = f"{'chosen' if training.refit else 'kept'}: {training.chosen}"
    uar = line_chart(
        "Development UAR by epoch",
        [(float(e.number), 100 * e.development_uar) for e in epochs],
        x_label="epoch",
        y_label="development UAR, %",
        marked=chosen,
        mark_label=kept,
    )
    loss = line_chart(
        "Training loss by epoch",
        [(float(e.number), e.train_loss) for e in epochs],
        x_label="epoch",
        y_label="training loss",
        marked=chosen,
        mark_label=kept,
    )
    rate = line_chart(
        "Learning rate by epoch",
        [(float(e.number), e.learning_rate) for e in epochs],
        x_label="epoch",
        y_label="learning rate",
    )
    return (
        NamedChart("UAR on development speakers; measured while training.", uar),
        NamedChart("Loss on the augmented training clips; measured while training.", loss),
        NamedChart("Learning rate, as scheduled.", rate),
    )
