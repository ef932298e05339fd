"""Results for people at a terminal: tables that fit 80 columns, as rich renderables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.benchmark.target_parity import Parity
from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable, MemberScore
from edgeser.evaluation.concordance import VadScores
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.metrics import Metrics
from edgeser.evaluation.reliability import BINS
from edgeser.evaluation.selective import SHOWN_COVERAGE
from edgeser.evaluation.vad_parity import VadParity
from edgeser.evaluation.verdict import Verdict
from edgeser.report.bench import bench_tables
from edgeser.report.certainty import certainty_lines
from edgeser.report.contents import ReportContents
from edgeser.report.distributions import (
    DISTRIBUTION_NOTE,
    distribution_rows,
    distribution_title,
)
from edgeser.report.figures import (
    difference,
    evidence,
    figure,
    loss,
    number,
    percent,
    percent_span,
    points,
    printable,
    span,
)
from edgeser.report.groups_terminal import worst_text
from edgeser.report.hearing import HEARING_TITLE, hearing_head, hearing_note, hearing_rows
from edgeser.report.titled import mark, safe, titled_table
from edgeser.report.vad import VAD_HEAD, vad_facts, vad_rows
from quantize.foundation.measurement import Measurement

_SHOWN_CLIPS = 5


def parity_text(parity: Parity) -> RenderableType:
    """Return a parity: tables of float against int8, or one sentence of a target and the host."""
    if parity.against_host is not None:
        return Text(printable(parity.against_host.describe()))
    assert parity.report is not None and parity.verdict is not None  # noqa: S101  one is there
    return parity_tables(parity.report, parity.verdict)


def parity_tables(report: ParityReport, verdict: Verdict) -> Group:
    """Return float against int8: scores, differences, runtimes, features, worst clips, verdict."""
    parts: list[RenderableType] = [_scores(report), *caveats(report.float_metrics)]
    parts += distribution_tables(report.float_metrics, report.int8_metrics)
    parts.append(_differences(report))
    if report.runtimes:
        parts.append(_runtimes(report))
    if report.features:
        parts.append(_features(report))
    if report.vad is not None:
        parts += _vad_parity(report.vad)
    parts += [_worst(report), _verdict(verdict), _sources(report.int8_metrics.uar)]
    return Group(*parts)


def metrics_table(float_metrics: Metrics, int8_metrics: Metrics | None = None) -> Table:
    """Return UAR, accuracy and macro-F1 with their intervals."""
    table = titled_table(f"{float_metrics.clips} clips of {float_metrics.speakers} speakers")
    table.add_column("")
    columns = {"float": float_metrics} | ({"int8": int8_metrics} if int8_metrics else {})
    for name in columns:
        table.add_column(name, justify="right")
        table.add_column("95 %", style="dim")
    for row in zip(*(metrics.scores for metrics in columns.values()), strict=True):
        cells = [text for _, measured in row for text in (figure(measured), span(measured))]
        table.add_row(row[0][0], *cells)
    return table


def distribution_tables(
    float_metrics: Metrics, int8_metrics: Metrics | None = None
) -> list[RenderableType]:
    """Return how near the answers come to what listeners said; nothing where nobody voted."""
    rows = distribution_rows(float_metrics, int8_metrics)
    if float_metrics.distributions is None or not rows:
        return []
    table = titled_table(distribution_title(float_metrics.distributions))
    table.add_column("score")
    for name in ("float", "int8") if rows[0].of_int8 is not None else ("float",):
        table.add_column(name, justify="right")
        table.add_column("95 %", style="dim")
    for row in rows:
        cells = []
        for measurement in (row.of_float, row.of_int8):
            if measurement is not None:  # the interval without its unit, to stay on one line
                cells += [figure(measurement), span(measurement).removesuffix(measurement.unit)]
        table.add_row(row.name, *cells)
    return [table, Text(DISTRIBUTION_NOTE, style="dim")]


def caveats(metrics: Metrics) -> list[Text]:
    """Return what must be known before figures are believed, a line each; none where nothing is."""
    return [Text(printable(f"warning: {line}"), style="yellow") for line in metrics.caveats]


def vad_table(scores: VadScores) -> Group:
    """Return concordance of valence, arousal and dominance, float and int8."""
    table = titled_table("Valence, arousal, dominance")
    for name in VAD_HEAD:
        table.add_column(name, justify="left" if name is VAD_HEAD[0] else "right")
    for row in vad_rows(scores):
        table.add_row(*map(safe, row))
    notes = [Text(printable(f"warning: {line}"), style="yellow") for line in scores.caveats]
    return Group(table, *notes, _sources(scores.scores[0].of_int8))


def hearing_table(table: HearingTable) -> Group:
    """Return scores by what is heard: words, voice, both, or wrong words."""
    shown = titled_table(HEARING_TITLE)
    for place, name in enumerate(hearing_head(table)):
        shown.add_column(name, justify="right" if place else "left")
    for row in hearing_rows(table):
        shown.add_row(*map(safe, row))
    return Group(
        shown, Text(printable(hearing_note(table)), style="dim"), _sources(table.rows[0].uar)
    )


def condition_table(conditions: ConditionTable) -> Group:
    """Return UAR under each condition and the drop against clean; the worst is marked."""
    table = titled_table("UAR by condition")
    table.add_column("condition")
    for name in ("float", "int8"):
        table.add_column(name, justify="right")
        table.add_column("95 %", style="dim")
    table.add_column("drop", justify="right")
    worst = conditions.worst
    for row in conditions.rows:
        style = "bold" if row is worst and len(conditions.rows) > 1 else ""
        drop = "" if row is conditions.clean else loss(conditions.drop(row))
        cells = (*_cells(row.float_uar), *_cells(row.int8_uar), drop)
        table.add_row(safe(row.title), *cells, style=style)
    note = Text("drop: points of UAR below clean", style="dim")
    return Group(table, note, _sources(conditions.clean.float_uar))


def certainty_tables(found: CertaintyTable) -> Group:
    """Return how far the int8 model's probabilities are off, what refusing brings, its sets."""
    table = titled_table(
        "How sure it is: int8", collapse_padding=True, pad_edge=False, show_edge=False
    )
    table.add_column("recordings")
    for column in ("ECE", "if true", "sure", "right", "gain", "answers", "wrong"):
        table.add_column(column, justify="right")
    for row in found.rows:
        scores = row.of_int8
        table.add_row(
            safe(row.title),
            figure(scores.error),
            number(scores.error_if_true, "ratio"),
            number(scores.confidence, "ratio"),
            number(scores.accuracy, "ratio"),
            points(scores.gain.value),
            "all" if scores.answered is None else figure(scores.answered),
            "" if scores.risk is None else figure(scores.risk),
        )
    parts: list[RenderableType] = [table]
    if found.clean.of_int8.sets:
        sets = titled_table("Conformal sets: int8, clean")
        for column in ("sets", "stated", "found", "95 %", "labels in a set"):
            sets.add_column(column, justify="right")
        for held in found.clean.of_int8.sets:
            stated = number(held.stated, "ratio")
            sets.add_row(safe(held.method), stated, *_cells(held.found), f"{held.size.value:.2f}")
        parts.append(sets)
    parts += [safe(line) for line in certainty_lines(found)]
    note = (
        f"ECE: {BINS} bins of equally many clips; if true: what would be found of true "
        f"probabilities; gain: points of accuracy at {percent(SHOWN_COVERAGE)} coverage"
    )
    return Group(*parts, Text(note, style="dim"))


def committee_table(
    members: Sequence[MemberScore], float_metrics: Metrics, int8_metrics: Metrics
) -> Table:
    """Return the UAR of each member of a committee, and of all together."""
    table = titled_table("Members of the committee, and all together: UAR")
    table.add_column("member")
    for name in ("float", "int8"):
        table.add_column(name, justify="right")
        table.add_column("95 %", style="dim")
    for member in members:
        name = f"{member.name}, seed {member.seed}"
        table.add_row(safe(name), *_cells(member.float_uar), *_cells(member.int8_uar))
    together = (*_cells(float_metrics.uar), *_cells(int8_metrics.uar))
    table.add_row("together", *together, style="bold")
    return table


def ablation_table(ablation: AblationTable) -> Table:
    """Return mean and spread of the seeds of each variant, and how far it is above the first."""
    table = titled_table("UAR by variant")
    table.add_column("variant")
    for column in ("mean", "95 %", "seeds, %", "points above first"):
        table.add_column(column, justify="right")
    for row in ablation.rows:
        table.add_row(
            safe(row.variant),
            figure(row.mean),
            span(row.mean),
            percent_span(row.lowest, row.highest),
            difference(row.above_first),
        )
    return table


def run_summary(contents: ReportContents) -> Group:
    """Return what a run found, in one screen: statement, scores, parity, cost, problems."""
    parts: list[RenderableType] = [
        Text(printable(contents.title), style="bold"),
        Text(printable(contents.statement)),
    ]
    if contents.words.law:
        parts.append(Text(contents.words.law, style="dim"))
    if contents.float_metrics is not None:
        parts.append(metrics_table(contents.float_metrics, contents.int8_metrics))
        parts += caveats(contents.float_metrics)
        parts += distribution_tables(contents.float_metrics, contents.int8_metrics)
    if contents.parity is not None and contents.verdict is not None:
        parts += [_differences(contents.parity), _verdict(contents.verdict)]
        if contents.parity.vad is not None:
            parts += _vad_parity(contents.parity.vad)
    parts += worst_text(contents.groups)
    if contents.hearing is not None:
        parts.append(hearing_table(contents.hearing))
    if contents.conditions is not None:
        parts.append(condition_table(contents.conditions))
    if contents.certainty is not None:
        parts.append(certainty_tables(contents.certainty))
    if contents.ablation is not None:
        parts.append(ablation_table(contents.ablation))
    if contents.bench is not None:
        parts.append(bench_tables(contents.bench))
    if contents.device is not None:
        parts.append(bench_tables(contents.device))
    if contents.problems:
        count = len(contents.problems)
        named = "1 problem" if count == 1 else f"{count} problems"
        parts.append(Text(f"{named}, named in the report"))
    return Group(*parts)


def _vad_parity(parity: VadParity) -> list[RenderableType]:
    tables = [] if parity.scores is None else [vad_table(parity.scores)]
    return [*tables, Text(printable(vad_facts(parity)))]


def _scores(report: ParityReport) -> Table:
    table = metrics_table(report.float_metrics, report.int8_metrics)
    table.title = Text(f"Float against int8: {table.title}")
    return table


def _differences(report: ParityReport) -> Table:
    table = titled_table("Differences")
    table.add_column("fact")
    table.add_column("value", justify="right")
    drop = report.uar_drop
    table.add_row("UAR drop (points)", f"{loss(drop.value)}  ({span(drop)})")
    flips = f"{report.label_flips} of {report.clips} ({figure(report.label_flip_rate)})"
    table.add_row("label flips", flips)
    table.add_row("cosine, mean", figure(report.cosine_mean))
    table.add_row("cosine, worst", figure(report.cosine_worst))
    table.add_row("largest difference", f"{report.max_lsb} LSB")
    if report.beyond_grid:
        table.add_row("float logits beyond the int8 grid", str(report.beyond_grid))
    if (layer := report.worst_layer) is not None:
        table.add_row("worst layer", safe(f"{layer.name}: SQNR {layer.sqnr_db:.1f} dB"))
    return table


def _runtimes(report: ParityReport) -> Table:
    table = titled_table(f"int8 across runtimes, against {report.runtimes[0].oracle.label}")
    table.add_column("runtime")
    for column in ("values", "differ", "max LSB", "flips"):
        table.add_column(column, justify="right")
    for row in report.runtimes:
        cells = (row.values, row.mismatches, row.max_lsb, row.label_flips)
        table.add_row(row.runtime.label, *(f"{cell:,}" for cell in cells))
    return table


def _features(report: ParityReport) -> Table:
    table = titled_table("Features")
    table.add_column("check", ratio=1)
    table.add_column("values", justify="right")
    table.add_column("differ", justify="right")
    table.add_column("")
    for check in report.features:
        text = printable(check.check) + (f"\n{printable(check.detail)}" if check.detail else "")
        differing = "" if check.passed is None else f"{check.differing:,}"
        table.add_row(Text(text), f"{check.compared:,}", differing, mark(check.passed))
    return table


def _worst(report: ParityReport) -> Table:
    table = titled_table("Worst clips")
    for column in ("clip", "truth", "float", "int8"):
        table.add_column(column)
    table.add_column("cosine", justify="right")
    table.add_column("LSB", justify="right")
    for clip in report.worst_clips[:_SHOWN_CLIPS]:
        labels = (clip.label, clip.float_label, clip.int8_label)
        style = "bold" if clip.flipped else ""
        cells = [Text(printable(name), style=style) for name in (clip.clip_id, *labels)]
        table.add_row(*cells, f"{clip.cosine:.4f}", str(clip.max_lsb))
    return table


def _verdict(verdict: Verdict) -> Text:
    limits = verdict.tolerances
    allowed = (
        f"tolerances: UAR drop {loss(limits.max_uar_drop)} points, "
        f"flips {number(limits.max_flips, 'ratio')}"
    )
    if verdict.passed:
        return Text(f"parity passed ({allowed})", style="bold green")
    return Text(f"parity FAILED ({allowed})", style="bold red")


def _cells(measurement: Measurement | None) -> tuple[str, str]:
    if measurement is None:
        return "", ""
    return figure(measurement), span(measurement)


def _sources(measurement: Measurement) -> Text:
    return Text(printable(evidence(measurement)), style="dim")
