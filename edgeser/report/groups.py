"""Scores by group of speakers and the gaps between groups: rows of tables, lines, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeser.evaluation.group_gaps import PARITY, TRUE_POSITIVES, KindGaps, LabelGap
from edgeser.evaluation.group_verdict import GroupVerdict, gap_in_words, why_not_judged
from edgeser.evaluation.groups import SPEAKER, GroupScore, worst_speaker
from edgeser.evaluation.metrics import FEWEST_SPEAKERS
from edgeser.report.figures import difference, figure, number, points, span
from edgeser.wording import plural
from quantize.foundation.measurement import Measurement

GROUP_HEAD = (
    "group",
    "speakers",
    "clips",
    "float UAR",
    "int8 UAR",
    "float macro-F1",
    "int8 macro-F1",
)
GAP_HEAD = (
    "groups by",
    "gap of",
    "label",
    "float, points",
    "int8, points",
    "int8 less float",
    "by chance",
    "of the truth",
    "lowest",
    "highest",
)
GAP_NOTE = (
    "Gap: the largest of the groups' rates less the smallest, in points. True-positive rate: "
    "recall of the label in a group; demographic parity: share of a group's clips that are called "
    "so. By chance: what is found in the mean when speakers are dealt to groups at random; of the "
    "truth: the gap in what was said. A gap is never negative, so its interval leans upwards."
)


def group_rows(groups: Sequence[GroupScore]) -> list[tuple[str, ...]]:
    """Return a row for each group, for `GROUP_HEAD`."""
    return [
        (
            f"{group.kind} {group.name}",
            speakers_text(group),
            str(group.clips),
            *map(
                _optional,
                (group.float_uar, group.int8_uar, group.float_macro_f1, group.int8_macro_f1),
            ),
        )
        for group in groups
    ]


def speakers_text(group: GroupScore) -> str:
    """Return how many speakers a group has, and whether that is too few to judge."""
    return f"{group.speakers}, too few to judge" if group.too_few else str(group.speakers)


def gap_rows(gaps: Sequence[KindGaps]) -> list[tuple[str, ...]]:
    """Return a row for each kind of groups, measure and label, for `GAP_HEAD`."""
    return [
        (
            kind.kind if kind.judged else f"{kind.kind} (too few to judge)",
            measure,
            gap.label,
            _gap(gap.of_float),
            _gap(gap.of_int8),
            difference(gap.widened),
            "" if gap.by_chance is None else points_of(gap.by_chance),
            points_of(gap.of_truth) if measure == PARITY else "",
            f"{gap.lowest} {number(gap.lowest_rate, 'ratio')}",
            f"{gap.highest} {number(gap.highest_rate, 'ratio')}",
        )
        for kind in gaps
        for measure in (TRUE_POSITIVES, PARITY)
        for gap in kind.of(measure)
    ]


@dataclass(frozen=True, slots=True)
class GroupsPart:
    """What a section of the report shows: lines, and two tables with their notes."""

    lines: tuple[str, ...]
    verdict: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    gap_rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = GROUP_HEAD
    gap_head: tuple[str, ...] = GAP_HEAD
    gap_note: str = GAP_NOTE


def groups_part(groups: Sequence[GroupScore], verdict: GroupVerdict | None) -> GroupsPart:
    """Return the section's texts."""
    gaps = () if verdict is None else verdict.gaps
    lines = [line for line in (worst_line(groups), *group_lines(groups, gaps)) if line]
    failures = () if verdict is None else verdict.failures
    said = [line for line in (verdict_line(verdict), *failures) if line]
    rows, gaps_shown = tuple(group_rows(groups)), tuple(gap_rows(gaps))
    return GroupsPart(tuple(lines), tuple(said), rows, gaps_shown)


def points_of(value: float) -> str:
    """Return a ratio in points, without a sign or a unit: ``"12.4"``."""
    return points(value).removeprefix("+")


def worst_line(groups: Sequence[GroupScore]) -> str:
    """Return the sentence on the worst speaker; empty where no speaker is known."""
    worst = worst_speaker(groups)
    if worst is None:
        return ""
    speakers = [group for group in groups if group.kind == SPEAKER]
    mean = sum(group.uar.value for group in speakers) / len(speakers)
    model = "float" if worst.int8_uar is None else "int8"
    text = f"Worst speaker: {worst.name}, {model} UAR {figure(worst.uar, interval=True)}"
    if worst.int8_uar is not None:
        text += f", float {figure(worst.float_uar)}"
    clips = f"{worst.clips} {plural('clip', worst.clips)}"
    return f"{text}, {clips}; mean of {len(speakers)} speakers {number(mean, 'ratio')}."


def group_lines(groups: Sequence[GroupScore], gaps: Sequence[KindGaps]) -> list[str]:
    """Return in sentences which gaps are the largest, and what is too little to be judged."""
    lines = []
    for kind in gaps:
        if not kind.judged:
            lines.append(f"By {kind.kind} nothing is judged: {why_not_judged(kind)}.")
            continue
        for measure in (TRUE_POSITIVES, PARITY):
            gap = kind.largest(measure)
            if gap is not None:
                lines.append(_largest(kind, measure, gap))
    few = [group for group in groups if group.too_few]
    if few:
        named = ", ".join(f"{group.kind} {group.name} ({group.speakers})" for group in few)
        lines.append(f"Under {FEWEST_SPEAKERS} speakers, too few to judge: {named}.")
    return lines


def verdict_line(verdict: GroupVerdict | None) -> str:
    """Return the verdict in one line; empty where nothing was asked for."""
    if verdict is None or not verdict.tolerances:
        return ""
    limits = [
        f"{name} {points_of(limit)} points"
        for name, limit in (
            (TRUE_POSITIVES, verdict.tolerances.max_tpr_gap),
            (PARITY, verdict.tolerances.max_dp_gap),
        )
        if limit is not None
    ]
    said = "passed" if verdict.passed else "FAILED"
    if not verdict.checks:
        said = f"not judged: no two groups of one kind have {FEWEST_SPEAKERS} speakers"
    return f"groups {said} (tolerances of gaps: {', '.join(limits)})"


def _largest(kind: KindGaps, measure: str, gap: LabelGap) -> str:
    text = f"Largest gap of {measure}: {gap_in_words(kind.kind, measure, gap)}"
    if gap.by_chance is not None:
        text += f"; by chance {points_of(gap.by_chance)}"
    if gap.of_int8 is not None:
        text += f"; float {points_of(gap.of_float.value)}"
    return f"{text}."


def _gap(gap: Measurement | None) -> str:
    if gap is None:
        return ""
    interval = span(gap)
    return points_of(gap.value) + (f" ({interval})" if interval else "")


def _optional(measurement: Measurement | None) -> str:
    return "" if measurement is None else figure(measurement, interval=True)
