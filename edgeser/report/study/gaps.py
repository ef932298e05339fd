"""What a study found of groups of speakers: gaps and the worst speaker, as rows of text."""

from __future__ import annotations

from collections.abc import Sequence

from edgeser.evaluation.group_gaps import TRUE_POSITIVES
from edgeser.evaluation.seed_gaps import SeedGap
from edgeser.report.figures import difference, span
from edgeser.study.rows import StudyRow
from quantize.foundation.measurement import Measurement

GAPS_HEAD = ("of", "points", "points to first", "largest label")
GAPS_NOTE = (
    "Gaps between groups: true-positive rate (TPR) and demographic parity (DP), largest group less "
    "smallest, mean over the labels and the seeds, with intervals over speakers; less is better, "
    "and by chance alone none is 0. Groups under 5 speakers take no part."
)
GapLine = tuple[str, str, str, str]


def gap_lines(row: StudyRow) -> list[GapLine]:
    """Return the lines of a row: macro-F1, gaps by kind and measure, then the worst speaker."""
    lines: list[GapLine] = [
        (
            f"{gap.kind}, {_short(gap)}",
            _points(gap.mean),
            "" if gap.above_first is None else difference(gap.above_first),
            _points(gap.largest),
        )
        for gap in row.gaps
    ]
    if lines and row.macro_f1 is not None:
        lines.insert(0, ("macro-F1, %", _points(row.macro_f1), "", ""))
    if lines and row.worst is not None:
        uar = f"UAR {100 * row.worst.uar.value:.1f} %"
        lines.append((f"worst speaker, {row.worst.speaker}", uar, "", ""))
    return lines


def has_gaps(rows: Sequence[StudyRow]) -> bool:
    """Return whether some row has gaps."""
    return any(row.gaps for row in rows)


def _short(gap: SeedGap) -> str:
    return "TPR gap" if gap.measure == TRUE_POSITIVES else "DP gap"


def _points(measurement: Measurement) -> str:
    text = f"{100 * measurement.value:.1f}"
    return f"{text} ({span(measurement)})" if measurement.interval is not None else text
