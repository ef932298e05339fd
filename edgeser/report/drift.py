"""How far recordings are from those of a training: rows, lines, and tables for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.evaluation.drift import Distributions, DriftReport
from edgeser.report.figures import evidence, figure, number, printable
from edgeser.report.titled import titled_table
from quantize.foundation.foreign import printable as one_line

DRIFT_HEAD = ("plane", "PSI", "one speaker's, 95 %", "worst channel", "clipped", "in training")
DRIFT_NOTE = (
    "PSI: population stability index of the int8 values, the mean over channels; under 0.1 no "
    "change, to 0.25 some, above it large. One speaker's: 95 % of the training's speakers, each "
    "against the others, are under it. Clipped: int8 values at an end of the range."
)
_LONGEST_NAME = 20


def drift_rows(report: DriftReport) -> list[tuple[str, ...]]:
    """Return a row for each plane, for `DRIFT_HEAD`."""
    return [
        (
            plane.plane,
            f"{plane.psi.value:.3f}",
            "" if plane.speakers is None else f"{plane.speakers[1]:.3f}",
            f"{plane.worst_channel} ({plane.worst_psi:.2f})",
            figure(plane.clipped),
            number(plane.reference_clipped, "ratio"),
        )
        for plane in report.planes
    ]


def level_line(report: DriftReport) -> str:
    """Return in one sentence how loud the recordings are, and how loud those of the training."""

    def said(found: Distributions) -> str:
        low, middle, high = found.levels_dbfs
        clipped = number(found.full_scale, "ratio")
        return (
            f"{middle:.0f} dBFS ({low:.0f} to {high:.0f}), {clipped} of the samples at full scale"
        )

    return f"Level: {said(report.found)}; in training {said(report.reference)}."


def drift_tables(report: DriftReport) -> Group:
    """Return drift by plane, level and the sentence, for a terminal of 80 columns."""
    table = titled_table("How far from the training")
    table.add_column("plane")
    for name in ("PSI", "speaker's", "worst channel", "clipped", "trained"):
        table.add_column(name, justify="right")
    for name, *cells in drift_rows(report):
        table.add_row(Text(one_line(name, limit=_LONGEST_NAME)), *cells)
    lines: list[RenderableType] = [Text(printable(level_line(report)))]
    style = "bold green" if report.passed else "bold red"
    lines.append(Text(printable(report.sentence), style=style))
    lines += [Text(printable(f"warning: {line}"), style="yellow") for line in report.caveats]
    sources = f"{evidence(report.planes[0].psi)}; against {report.reference_source}"
    notes = (printable(sources), DRIFT_NOTE.replace("One speaker's", "Speaker's"))
    return Group(table, *lines, *(Text(note, style="dim") for note in notes))
