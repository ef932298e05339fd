"""What reaches a device's frontend, as tables, Markdown, JUnit and an HTML page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.acceptance.faults import CHECKED, AcceptReport, Fault, dbfs, rms_of
from edgeser.report.charts.accepted import lag_chart, samples_chart, spectrum_chart
from edgeser.report.drift import DRIFT_HEAD, DRIFT_NOTE, drift_rows, level_line
from edgeser.report.figures import printable
from edgeser.report.html import page
from edgeser.report.junit import Case, suite_xml
from edgeser.report.markdown_text import joined, markdown_table, plain, small
from edgeser.report.titled import titled_table

HEAD = ("checked", "result", "what it says")
FACTS_HEAD = ("figure", "value")
_SUITE = "edgeser.accept"


def check_rows(report: AcceptReport) -> list[tuple[str, str, str]]:
    """Return a row for each check, for `HEAD`."""
    found = {finding.fault: finding for finding in report.findings}
    rows = []
    for fault, asked in CHECKED.items():
        if fault in found:
            rows.append((asked, "failed", f"{found[fault].sentence}. {_change(report, fault)}"))
        elif fault in report.unjudged:
            rows.append((asked, "not judged", report.unjudged[fault]))
        else:
            rows.append((asked, "passed", report.limits.get(fault, "")))
    return rows


def _change(report: AcceptReport, fault: Fault) -> str:
    change = next(finding.change for finding in report.findings if finding.fault is fault)
    return f"To change: {change}."


def fact_rows(report: AcceptReport) -> list[tuple[str, str]]:
    """Return what was looked at, for `FACTS_HEAD`."""
    samples = report.samples
    at_ends = float(((samples == -32768) | (samples == 32767)).mean())
    return [
        ("device", report.device),
        ("samples", f"{len(samples):,} ({len(samples) / report.sample_rate:.1f} s)"),
        ("they came", report.road),
        ("they are", report.source),
        ("level", f"{dbfs(rms_of(samples)):.1f} dBFS"),
        ("at full scale", f"{100 * at_ends:.3g} % of the samples"),
        (
            "features that differ from the host's",
            f"{report.feature_differences:,} of {report.feature_values:,}",
        ),
        ("clipped features", f"{100 * report.clipped_features:.2f} % of the int8 values"),
    ]


def accept_tables(report: AcceptReport) -> Group:
    """Return checks, what to change and the facts, for a terminal of 80 columns."""
    table = titled_table("What reaches the frontend")
    for name in ("checked", "result"):
        table.add_column(name)
    styles = {"passed": "green", "failed": "bold red", "not judged": "yellow"}
    rows = check_rows(report)
    for asked, result, _ in rows:
        table.add_row(asked, Text(result, style=styles[result]))
    lines: list[RenderableType] = [table]
    for finding in report.findings:
        lines.append(Text(printable(f"{finding.fault.value}: {finding.sentence}.")))
        lines.append(Text(printable(f"  {_change(report, finding.fault)}")))
    lines += [
        Text(printable(f"{result}, {asked}: {says}"), style="dim")
        for asked, result, says in rows
        if says and result != "failed"
    ]
    if report.drift is not None:
        lines.append(Text(printable(level_line(report.drift))))
    lines += [Text(printable(f"warning: {line}"), style="yellow") for line in report.caveats]
    style = "bold green" if report.passed else "bold red"
    facts = "; ".join(f"{name}: {value}" for name, value in fact_rows(report)[1:])
    lines.append(Text(printable(facts), style="dim"))
    lines.append(Text(printable(report.sentence), style=style))
    return Group(*lines)


def accept_markdown(report: AcceptReport) -> str:
    """Return the checks and facts as Markdown."""
    parts = [
        f"## What reaches the frontend: {'passed' if report.passed else 'failed'}",
        plain(report.sentence),
        *(plain(f"Warning: {line}") for line in report.caveats),
        markdown_table(HEAD, check_rows(report)),
        markdown_table(FACTS_HEAD, fact_rows(report)),
    ]
    if report.drift is not None:
        parts += [
            markdown_table(DRIFT_HEAD, drift_rows(report.drift)),
            plain(level_line(report.drift)),
            small(DRIFT_NOTE),
        ]
    return joined(parts)


def accept_junit(report: AcceptReport) -> str:
    """Return one test suite: a case for each check."""
    cases = [
        Case(
            asked,
            says if result == "failed" else None,
            says if result == "not judged" else None,
        )
        for asked, result, says in check_rows(report)
    ]
    return suite_xml(_SUITE, cases, fact_rows(report))


def render_accept(report: AcceptReport) -> str:
    """Return the page of a device."""
    charts = [
        (
            "The samples as the frontend got them: highest and lowest of each stretch.",
            samples_chart(report),
        ),
        (
            "Their spectrum: mean power of all, and of the quiet quarter of the time.",
            spectrum_chart(report),
        ),
    ]
    if len(report.lags) > 1:
        charts.append(
            (
                "How late each stretch came of what was played: a slope is another rate, a step "
                "down samples that were lost, a step up samples that were doubled.",
                lag_chart(report),
            )
        )
    return page("accept.html.j2").render(
        report=report,
        rows=check_rows(report),
        facts=fact_rows(report),
        charts=charts,
        findings=_told(report),
        drift_head=DRIFT_HEAD,
        drift_rows=[] if report.drift is None else drift_rows(report.drift),
        drift_level="" if report.drift is None else level_line(report.drift),
        drift_note=DRIFT_NOTE,
    )


def _told(report: AcceptReport) -> Sequence[tuple[str, str, str]]:
    return [(f.fault.value, f.sentence, f.change) for f in report.findings]
