"""Parity and cost as GitHub-flavoured Markdown, for job summaries and model cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from edgeser.benchmark.target_parity import Parity
from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.drift import DriftReport
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.metrics import Metrics
from edgeser.evaluation.vad_parity import VadParity
from edgeser.evaluation.verdict import Verdict
from edgeser.report.bench import bench_markdown
from edgeser.report.certainty import (
    CERTAINTY_HEAD,
    CERTAINTY_NOTE,
    SETS_HEAD,
    SETS_NOTE,
    certainty_lines,
    certainty_rows,
    set_rows,
)
from edgeser.report.contents import ReportContents
from edgeser.report.distributions import (
    DISTRIBUTION_NOTE,
    distribution_rows,
    distribution_title,
)
from edgeser.report.drift import DRIFT_HEAD, DRIFT_NOTE, drift_rows, level_line
from edgeser.report.figures import (
    difference,
    evidence,
    figure,
    loss,
    number,
    span,
)
from edgeser.report.groups import (
    GAP_HEAD,
    GAP_NOTE,
    GROUP_HEAD,
    gap_rows,
    group_lines,
    group_rows,
    verdict_line,
    worst_line,
)
from edgeser.report.hearing import (
    HEARING_TITLE,
    hearing_head,
    hearing_note,
    hearing_rows,
)
from edgeser.report.levels import LEVEL_HEAD, LEVEL_NOTE, level_rows
from edgeser.report.markdown_text import joined, markdown_table, plain, small
from edgeser.report.vad import VAD_HEAD, vad_facts, vad_rows
from quantize.foundation.measurement import Measurement

if TYPE_CHECKING:
    from edgeser.bundle import CorpusSummary, MemberSummary


def parity_markdown(parity: Parity) -> str:
    """Return the verdict on a target: of this host with all that float and int8 differ in."""
    if parity.report is not None and parity.verdict is not None:
        return float_parity_markdown(parity.report, parity.verdict)
    held = parity.against_host
    said = "" if held is None else held.describe()
    verdict = "passed" if parity.passed else "failed"
    what = "Edge TPU" if parity.target.kind == "edgetpu" else "Device"
    return joined([f"## {what} against host: {verdict}", plain(said)])


def float_parity_markdown(report: ParityReport, verdict: Verdict) -> str:
    """Return scores, differences, runtimes, features, the worst clips and the verdict."""
    parts = [
        f"## Float against int8: {'passed' if verdict.passed else 'failed'}",
        *(f"- {plain(failure)}" for failure in verdict.failures),
        _metrics(report.float_metrics, report.int8_metrics),
        _differences(report),
    ]
    if report.runtimes:
        rows = [
            (
                r.runtime.label,
                f"{r.values:,}",
                f"{r.mismatches:,}",
                str(r.max_lsb),
                str(r.label_flips),
            )
            for r in report.runtimes
        ]
        oracle = f"int8 against {report.runtimes[0].oracle.label}"
        parts.append(markdown_table((oracle, "values", "differ", "max LSB", "label flips"), rows))
    if report.features:
        marks = {True: "exact", False: "**FAILED**", None: "a fact"}
        checks = [
            (
                c.check,
                f"{c.compared:,}",
                "" if c.passed is None else f"{c.differing:,}",
                c.detail,
                marks[c.passed],
            )
            for c in report.features
        ]
        parts.append(
            markdown_table(("features", "values", "differ", "detail", ""), checks, raw=(4,))
        )
    clips = [
        (c.clip_id, c.label, c.float_label, c.int8_label, f"{c.cosine:.4f}", str(c.max_lsb))
        for c in report.worst_clips
    ]
    parts.append(markdown_table(("worst clips", "truth", "float", "int8", "cosine", "LSB"), clips))
    if report.vad is not None:
        parts += _vad(report.vad)
    parts.append(small(evidence(report.int8_metrics.uar)))
    return joined(parts)


def groups_markdown(
    of_float: Metrics,
    of_int8: Metrics,
    groups: Sequence[GroupScore],
    verdict: GroupVerdict,
) -> str:
    """Return the scores of an evaluation, by group, with the gaps and the verdict on them."""
    said = ""
    if verdict.tolerances:
        said = ": passed" if verdict.checks else ": not judged"
        said = said if verdict.passed else ": failed"
    parts = [f"## Groups of speakers{said}", _metrics(of_float, of_int8)]
    return joined([*parts, *_groups(groups, verdict)])


def drift_markdown(report: DriftReport) -> str:
    """Return how far recordings are from those of the training, by plane, and the level."""
    sources = f"{evidence(report.planes[0].psi)}; against {report.reference_source}"
    parts = [
        f"## How far from the training: {'passed' if report.passed else 'failed'}",
        plain(report.sentence),
        *_warnings(report.caveats),
        markdown_table(DRIFT_HEAD, drift_rows(report)),
        plain(level_line(report)),
        small(f"{DRIFT_NOTE} {sources}"),
    ]
    return joined(parts)


def failure_markdown(what: str, reason: str) -> str:
    """Return that something failed before there was a figure, and why."""
    return joined([f"## {plain(what)}: failed", plain(reason)])


def report_markdown(contents: ReportContents) -> str:
    """Return the whole report but its pictures."""
    warnings = _warnings(contents.caveats)
    parts = [f"# {plain(contents.title)}", plain(contents.statement)]
    if contents.words.law:
        parts.append(contents.words.law)
    if contents.parity is not None and contents.verdict is not None:
        parts.append(float_parity_markdown(contents.parity, contents.verdict))
    elif contents.float_metrics is not None:
        parts += ["## Scores", _metrics(contents.float_metrics, contents.int8_metrics)]
    parts += _groups_and_drift(contents, warnings)
    parts += _hearing(contents.hearing, warnings)
    if contents.conditions is not None:
        parts += ["## By recording condition", _conditions(contents.conditions), *warnings]
    if contents.certainty is not None:
        parts += ["## How sure it is", *_certainty(contents.certainty), *warnings]
    if contents.ablation is not None:
        parts += ["## What each part brings", _ablation(contents.ablation)]
        parts += _warnings(contents.ablation.caveats)
    if contents.bench is not None:
        parts.append(bench_markdown(contents.bench))
    if contents.device is not None:
        parts.append(bench_markdown(contents.device))
    if contents.corpus is not None and len(contents.corpus.members) > 1:
        parts += ["## Corpora", _corpora(contents.corpus.members)]
    if contents.corpus is not None and contents.corpus.level_span:
        parts += ["## Levels", *_levels(contents.corpus)]
    if contents.problems:
        parts += ["## Problems", *(f"- {plain(problem)}" for problem in contents.problems)]
    parts += _provenance(contents)
    return joined(parts)


def _metrics(of_float: Metrics, of_int8: Metrics | None) -> str:
    columns = [of_float] + ([of_int8] if of_int8 is not None else [])
    rows = [
        (row[0][0], *(figure(measured, interval=True) for _, measured in row))
        for row in zip(*(metrics.scores for metrics in columns), strict=True)
    ]
    head = f"{of_float.clips} clips, {of_float.speakers} speakers"
    table = markdown_table((head, "float", "int8")[: 1 + len(columns)], rows)
    chance = number(of_float.chance, "ratio")
    guess = f"Guessing among {len(of_float.in_play)} classes gives {chance} UAR."
    parts = [table, guess, *_warnings(of_float.caveats), *_distributions(of_float, of_int8)]
    return "\n\n".join(parts)


def _distributions(of_float: Metrics, of_int8: Metrics | None) -> list[str]:
    rows = distribution_rows(of_float, of_int8)
    if of_float.distributions is None or not rows:
        return []
    head = (distribution_title(of_float.distributions), "float", "int8")
    cells = [
        (row.name, figure(row.of_float, interval=True), _optional(row.of_int8)) for row in rows
    ]
    return [markdown_table(head, cells), small(DISTRIBUTION_NOTE)]


def _warnings(caveats: Iterable[str]) -> list[str]:
    return [plain(f"Warning: {caveat}.") for caveat in caveats]


def _differences(report: ParityReport) -> str:
    drop, layer = report.uar_drop, report.worst_layer
    rows = [
        ("UAR drop, points", f"{loss(drop.value)} ({span(drop)})"),
        (
            "label flips",
            f"{report.label_flips} of {report.clips} ({figure(report.label_flip_rate)})",
        ),
        ("cosine, mean and worst", f"{figure(report.cosine_mean)}, {figure(report.cosine_worst)}"),
        ("largest difference", f"{report.max_lsb} LSB"),
    ]
    if report.beyond_grid:
        rows.append(("float logits beyond the int8 grid", str(report.beyond_grid)))
    if layer is not None:
        rows.append(("worst layer", f"{layer.name}, SQNR {layer.sqnr_db:.1f} dB"))
    return markdown_table(("difference", "value"), rows)


def _vad(parity: VadParity) -> list[str]:
    parts = ["### Valence, arousal, dominance"]
    if parity.scores is not None:
        parts.append(markdown_table(VAD_HEAD, vad_rows(parity.scores)))
        parts += _warnings(parity.scores.caveats)
        parts.append(small(evidence(parity.scores.scores[0].of_int8)))
    return [*parts, plain(f"{vad_facts(parity)}.")]


def _groups_and_drift(contents: ReportContents, warnings: Sequence[str]) -> list[str]:
    parts = []
    if contents.groups:
        parts += ["## By group", *warnings]
        parts += _groups(contents.groups, contents.groups_verdict)
    if contents.drift is not None:
        parts.append(drift_markdown(contents.drift))
    return parts


def _groups(groups: Sequence[GroupScore], verdict: GroupVerdict | None) -> list[str]:
    gaps = () if verdict is None else verdict.gaps
    failures = [] if verdict is None else [f"- {plain(line)}" for line in verdict.failures]
    lines = [verdict_line(verdict), worst_line(groups), *group_lines(groups, gaps)]
    parts = [
        *failures,
        *(plain(line) for line in lines if line),
        markdown_table(GROUP_HEAD, group_rows(groups)),
    ]
    if rows := gap_rows(gaps):
        parts += [markdown_table(GAP_HEAD, rows), small(GAP_NOTE)]
    return parts


def _corpora(members: Sequence[MemberSummary]) -> str:
    names = [part.name for part in members[0].parts]
    rows = [
        (
            member.name,
            member.role,
            f"{member.weight:g}",
            *(f"{part.clips:,} of {part.speakers}" for part in member.parts),
            ", ".join(member.labels),
        )
        for member in members
    ]
    clips = [f"{name}: clips of speakers" for name in names]
    return markdown_table(("corpus", "role", "weight", *clips, "labels"), rows)


def _levels(corpus: CorpusSummary) -> list[str]:
    return [
        markdown_table(LEVEL_HEAD, level_rows(corpus)),
        small(f"measured: {corpus.level_span}. {LEVEL_NOTE}"),
    ]


def _hearing(table: HearingTable | None, warnings: Sequence[str]) -> list[str]:
    if table is None:
        return []
    shown = markdown_table(hearing_head(table), hearing_rows(table))
    return [f"## {HEARING_TITLE}", shown, small(hearing_note(table)), *warnings]


def _conditions(table: ConditionTable) -> str:
    rows = [
        (
            row.title,
            figure(row.float_uar, interval=True),
            _optional(row.int8_uar),
            loss(table.drop(row)),
        )
        for row in table.rows
    ]
    return markdown_table(("condition", "float UAR", "int8 UAR", "drop, points"), rows)


def _certainty(table: CertaintyTable) -> list[str]:
    parts = [plain(line) for line in certainty_lines(table)]
    parts.append(markdown_table(CERTAINTY_HEAD, certainty_rows(table)))
    parts.append(small(f"{evidence(table.clean.of_int8.error)}. {CERTAINTY_NOTE}"))
    if rows := set_rows(table):
        parts += [markdown_table(SETS_HEAD, rows), small(SETS_NOTE)]
    return parts


def _ablation(table: AblationTable) -> str:
    rows = [
        (
            row.variant,
            figure(row.mean, interval=True),
            number(row.lowest, "ratio"),
            number(row.highest, "ratio"),
            ", ".join(str(seed) for seed in row.seeds),
            difference(row.above_first),
        )
        for row in table.rows
    ]
    return markdown_table(
        ("variant", "mean UAR", "worst seed", "best seed", "seeds", "points above first"), rows
    )


def _provenance(contents: ReportContents) -> list[str]:
    rows: list[tuple[str, str]] = [("made", contents.created)]
    if contents.recipe is not None:
        rows += [("recipe", contents.recipe.name), ("seed", str(contents.recipe.seed))]
        rows += [(f"{name} hash", value) for name, value in contents.recipe.hashes]
    if contents.corpus is not None and contents.corpus.split_source:
        rows.append(("parts", contents.corpus.split_source))
    if contents.environment is not None:
        rows += [*contents.environment.facts, *contents.environment.versions]
    return ["## Provenance", markdown_table(("what", "value"), rows)]


def _optional(measurement: Measurement | None) -> str:
    return "" if measurement is None else figure(measurement, interval=True)
