"""How far recordings are from those of a training: tables, JSON, JUnit and Markdown."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.evaluation.drift import Distributions, DriftReport
from edgeser.report import junit, markdown
from edgeser.report.figures import evidence, figure, number, printable
from edgeser.report.titled import titled_table
from quantize.foundation.foreign import printable as one_line

DRIFT_SCHEMA = "edgeser.drift/1"
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


def drift_markdown(report: DriftReport) -> str:
    """Return the same as Markdown."""
    said = "passed" if report.passed else "failed"
    plain = markdown.plain
    parts = [
        f"## How far from the training: {said}",
        plain(report.sentence),
        *(plain(f"Warning: {line}.") for line in report.caveats),
        markdown.table_of(DRIFT_HEAD, drift_rows(report)),
        plain(level_line(report)),
        f"<sub>{plain(DRIFT_NOTE)} {plain(evidence(report.planes[0].psi))}; against "
        f"{plain(report.reference_source)}</sub>",
    ]
    return markdown.joined(parts)


def drift_cases(report: DriftReport) -> list[junit.Case]:
    """Return a case for each thing that was judged."""
    return [junit.Case(check.name, check.failure) for check in report.checks]


def drift_facts(report: DriftReport) -> list[tuple[str, str]]:
    """Return the indices, and what they are of."""
    facts = [(f"PSI of {plane.plane}", f"{plane.psi.value:.4f}") for plane in report.planes]
    return [*facts, ("recordings", report.source), ("against", report.reference_source)]


def drift_junit(report: DriftReport) -> str:
    """Return one test suite: a case for each plane's index and clipping, and for the level."""
    return junit.suite_xml("edgeser.drift", drift_cases(report), drift_facts(report))


def drift_json(report: DriftReport) -> dict[str, Any]:
    """Return the schema ``edgeser.drift/1``."""
    return {
        "schema": DRIFT_SCHEMA,
        "passed": report.passed,
        "sentence": report.sentence,
        "failures": list(report.failures),
        "checks": [{"name": c.name, "passed": c.failure is None} for c in report.checks],
        "caveats": list(report.caveats),
        "tolerances": {
            "max_psi": report.tolerances.max_psi,
            "max_clipped": report.tolerances.max_clipped,
        },
        "source": report.source,
        "reference_source": report.reference_source,
        "planes": [
            {
                "plane": plane.plane,
                "psi": plane.psi.to_json(),
                "worst_channel": plane.worst_channel,
                "worst_psi": plane.worst_psi,
                "speaker_psi_median": None if plane.speakers is None else plane.speakers[0],
                "speaker_psi_95": None if plane.speakers is None else plane.speakers[1],
                "clipped": plane.clipped.to_json(),
                "reference_clipped": plane.reference_clipped,
            }
            for plane in report.planes
        ],
        "level_shift_db": report.level_shift.to_json(),
        "recordings": _distributions(report.found),
        "reference": _distributions(report.reference),
    }


def _distributions(found: Distributions) -> dict[str, Any]:
    return {
        "clips": found.clips,
        "seconds": found.seconds,
        "levels_dbfs": list(found.levels_dbfs),
        "full_scale": found.full_scale,
    }
