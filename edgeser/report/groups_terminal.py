"""Groups of speakers at a terminal: tables that fit 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.evaluation.group_gaps import PARITY, KindGaps, LabelGap
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import SPEAKER, GroupScore
from edgeser.evaluation.metrics import FEWEST_SPEAKERS
from edgeser.report.figures import evidence, figure, printable, span
from edgeser.report.groups import group_lines, points_of, verdict_line, worst_line
from edgeser.report.titled import titled_table
from quantize.foundation.foreign import printable as one_line
from quantize.foundation.measurement import Measurement

_LONGEST_NAME = 21
_LONGEST_LABEL = 14
_SCORES_NOTE = (
    f"float, int8: UAR; 95 % and F1 (macro) of int8; few: under {FEWEST_SPEAKERS} speakers, too "
    "few to judge"
)
_GAPS_NOTE = (
    "recall: largest less smallest of the groups, int8, then float and int8's 95 %; called: of "
    "the share of clips called so; chance: of speakers dealt to groups at random"
)


def worst_text(groups: Sequence[GroupScore]) -> list[RenderableType]:
    """Return the line of the worst speaker; nothing where no speaker is known."""
    line = worst_line(groups)
    return [Text(printable(line))] if line else []


def group_tables(groups: Sequence[GroupScore], verdict: GroupVerdict) -> Group:
    """Return scores by group but for speakers, the gaps by label, and the verdict on them."""
    parts: list[RenderableType] = []
    shown = [group for group in groups if group.kind != SPEAKER]
    if shown:
        parts += [_scores(shown), Text(_SCORES_NOTE, style="dim")]
        parts.append(Text(printable(evidence(shown[0].uar)), style="dim"))
    else:
        parts.append(Text("Of these speakers no sex, age, race, ethnicity or language is known."))
    parts += [_gaps(kind) for kind in verdict.gaps]
    if verdict.gaps:
        parts.append(Text(_GAPS_NOTE, style="dim"))
    parts += [Text(printable(line)) for line in group_lines(groups, verdict.gaps)]
    if line := verdict_line(verdict):
        style = "bold green" if verdict.checks else "yellow"
        parts.append(Text(printable(line), style=style if verdict.passed else "bold red"))
    return Group(*parts)


def _scores(groups: Sequence[GroupScore]) -> RenderableType:
    table = titled_table("By group of speakers")
    table.add_column("group", max_width=_LONGEST_NAME + 2)
    for name in ("speakers", "clips", "float", "int8"):
        table.add_column(name, justify="right")
    table.add_column("95 %", style="dim")
    table.add_column("F1", justify="right")
    kind = ""
    for group in groups:
        if group.kind != kind:
            kind = group.kind
            table.add_row(Text(printable(kind), style="bold"))
        speakers = f"{group.speakers} few" if group.too_few else str(group.speakers)
        f1 = group.float_macro_f1 if group.int8_macro_f1 is None else group.int8_macro_f1
        table.add_row(
            Text(f"  {_name(group.name)}"),
            *(speakers, str(group.clips), figure(group.float_uar)),
            *("" if group.int8_uar is None else figure(group.int8_uar), span(group.uar)),
            "" if f1 is None else figure(f1),
            style="dim" if group.too_few else "",
        )
    return table


def _gaps(kind: KindGaps) -> RenderableType:
    judged = "" if kind.judged else ", too few speakers to judge"
    table = titled_table(f"Gaps by {kind.kind}, in points{judged}", padding=(0, 0, 0, 1))
    table.add_column("label", max_width=_LONGEST_LABEL)
    for name in ("recall", "float", "95 %", "chance", "called", "float", "95 %", "chance"):
        table.add_column(name, justify="right", style="dim" if name == "95 %" else "")
    called = {gap.label: gap for gap in kind.of(PARITY)}
    recall = {gap.label: gap for gap in kind.true_positives}
    for label in dict.fromkeys((*recall, *called)):
        cells = (*_cells(recall.get(label)), *_cells(called.get(label)))
        table.add_row(Text(one_line(label, limit=_LONGEST_LABEL)), *cells)
    return table


def _cells(gap: LabelGap | None) -> tuple[str, str, str, str]:
    if gap is None:
        return "", "", "", ""
    of_float = "" if gap.of_int8 is None else points_of(gap.of_float.value)
    chance = "" if gap.by_chance is None else points_of(gap.by_chance)
    return points_of(gap.gap.value), of_float, _short(gap.gap), chance


def _short(gap: Measurement) -> str:
    """Return the interval in whole points: eight columns beside each other must fit."""
    if gap.interval is None:
        return ""
    low, high = gap.interval
    return f"{100 * low:.0f}-{100 * high:.0f}"


def _name(name: str) -> str:
    return one_line(name, limit=_LONGEST_NAME)
