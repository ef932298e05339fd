"""An Edge TPU lint for people, for code scanning and for job summaries, and the rules' own page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from edgeser.report.figures import printable
from quantize.edgetpu.failures import FAILURES, STATUSES
from quantize.edgetpu.lint import COMPILER, CPU, LintReport
from quantize.edgetpu.operators import MAPPABLE, REFUSED_FROM, REPLACEMENTS
from quantize.edgetpu.rules import RULES, Effect, Rule

if TYPE_CHECKING:
    from rich.console import Group

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|~@])")
_EFFECTS = {
    Effect.REFUSED: "the compiler refuses the file",
    Effect.CPU: "runs on the CPU",
    Effect.BOARD: "not on the Coral Dev Board Micro",
    Effect.VALUES: "other values than were meant",
    Effect.COST: "a cost or a risk",
}


def lint_tables(report: LintReport) -> Group:
    """Return placements and findings as rich renderables."""
    from rich.console import Group
    from rich.text import Text

    from edgeser.report.titled import plain_table

    table = plain_table()
    for column in ("#", "operator", "v", "runs on"):
        table.add_column(column, no_wrap=True)
    table.add_column("why", overflow="fold")
    for placement in report.placements:
        on_cpu = placement.runs_on == CPU
        runs_on = Text("CPU" if on_cpu else "Edge TPU", "red" if on_cpu else "green")
        table.add_row(
            str(placement.operator),
            Text(printable(placement.name)),
            str(placement.version),
            runs_on,
            Text(printable(placement.reason)),
        )
    lines = [Text("\n".join(_finding_lines(report)))] if report.findings else []
    return Group(table, *lines, Text(printable(f"{report.source}: {report.summary}")))


def _finding_lines(report: LintReport) -> Iterable[str]:
    for finding in report.findings:
        severity = finding.rule.effect.severity
        yield printable(f"{severity}: {finding} [{finding.rule.id}]")
        yield printable(f"  fix: {finding.fix}")


def lint_sarif(report: LintReport, *, uri: str, version: str) -> dict[str, Any]:
    """Return the findings as SARIF 2.1.0, the format of code-scanning services.

    Parameters
    ----------
    report
        The lint.
    uri
        The model's path relative to the repository's root, with forward slashes.
    version
        Of edgeser.
    """
    order = list(RULES)
    location = {
        "artifactLocation": {"uri": quote(os.fsencode(uri)), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1},
    }
    results = []
    for finding in report.findings:
        where: dict[str, Any] = {"physicalLocation": location}
        if finding.operator is not None:
            where["logicalLocations"] = [{"name": printable(finding.layer), "kind": "element"}]
        place = "model" if finding.operator is None else str(finding.operator)
        results.append(
            {
                "ruleId": finding.rule.id,
                "ruleIndex": order.index(finding.rule.id),
                "level": finding.rule.effect.severity,
                "message": {"text": printable(f"{finding} Fix: {finding.fix}.")},
                "locations": [where],
                "partialFingerprints": {"edgeser/v1": f"{finding.rule.id}:{place}"},
            }
        )
    driver = {
        "name": "edgeser",
        "version": version,
        "rules": [_sarif_rule(rule) for rule in RULES.values()],
    }
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.text},
        "fullDescription": {"text": f"{rule.text} ({rule.basis.value}: {rule.source})"},
        "help": {"text": f"Fix: {rule.fix}."},
        "defaultConfiguration": {"level": rule.effect.severity},
    }


def lint_markdown(report: LintReport) -> str:
    """Return the lint as GitHub-flavoured Markdown, for job summaries."""
    verdict = "passed" if report.passed else "failed"
    parts = [
        f"## Edge TPU lint: {verdict}",
        f"{_plain(report.source)}: {_plain(report.summary)}.",
    ]
    if report.findings:
        rows = [
            (f.rule.effect.severity, f.rule.id, f.layer, f"{f.rule.text} Here {f.detail}.", f.fix)
            for f in report.findings
        ]
        parts.append(_table(("severity", "rule", "layer", "what", "fix"), rows))
    left = [p for p in report.placements if p.runs_on == CPU]
    if left:
        on_cpu = [(str(p.operator), p.name, str(p.version), p.reason) for p in left]
        parts.append(_table(("#", "on the CPU", "version", "why"), on_cpu))
    return "\n\n".join(parts) + "\n"


def lint_junit(report: LintReport) -> str:
    """Return one test suite: a case for each operator, and one for the file as a whole."""
    from edgeser.report.junit import Case, suite_xml

    taken = not report.refused and bool(report.placements)
    cases = [Case.held("the compiler takes the file", taken, report.summary)]
    for placement in report.placements:
        name = f"operator {placement.operator}, {placement.name}, maps to the Edge TPU"
        why = f"{placement.layer} runs on the CPU: {placement.reason}"
        cases.append(Case.held(name, placement.runs_on != CPU, why))
    facts = [("model", report.source), ("summary", report.summary)]
    return suite_xml("edgeser.lint", cases, facts)


def rules_page() -> str:
    """Return docs/edgetpu-rules.md: the rules, and the operators with their versions."""
    parts = [
        "# Rules of the Edge TPU",
        "What a model must keep to run whole on the Edge TPU, as compiler "
        f"{COMPILER} decides. `edgeser lint` checks every rule; its messages are these texts. This "
        "page is written by `edgeser lint --rules`.",
        "The compiler cuts a graph once: the first operator that does not map, and all that "
        "follows from it, runs on the CPU. A rule is *documented* by the vendor, *reported* by "
        "users, *read* in published source code, or *inferred* from compiled files; an inferred "
        "limit may lie elsewhere.",
    ]
    for effect, meaning in _EFFECTS.items():
        rules = [rule for rule in RULES.values() if rule.effect is effect]
        parts.append(f"## {effect.severity.capitalize()}: {meaning}")
        parts += [_rule_section(rule) for rule in rules]
    parts += ["## Operators that map", _operators_table()]
    parts += ["## What to use instead of others", _replacements_table()]
    parts += [
        "## What the compiler says when it fails",
        "`edgeser export --target edgetpu` recognises these texts: those that users reported, "
        "and a few of TensorFlow Lite and the system that may come instead.",
        _failures_table(),
        "What its log says of an operator that is not mapped:",
        _table(("status", "meaning"), [(k, v) for k, v in STATUSES.items() if v]),
    ]
    return "\n\n".join(parts) + "\n"


def _rule_section(rule: Rule) -> str:
    return (
        f"### `{rule.id}`\n\n{_plain(rule.text)}\n\n- Fix: {_plain(rule.fix)}.\n"
        f"- {rule.basis.value.capitalize()}: {_plain(rule.source)}."
    )


def _operators_table() -> str:
    rows = []
    for name, operator in MAPPABLE.items():
        low, high = operator.versions
        versions = str(low) if low == high else f"{low} to {high}"
        refused = f"from {operator.refused_from} on" if operator.refused_from else ""
        rows.append(
            (name, versions, refused, "all" if operator.runtime == 10 else f"{operator.runtime}")
        )
    head = ("operator", "versions that map", "refuses the file", "runtime, at least")
    others = [f"{n} {v}" for n, v in REFUSED_FROM.items() if n not in MAPPABLE]
    note = (
        f"Other operators that make it refuse the file, from this version on: {', '.join(others)}."
    )
    return f"{_table(head, rows)}\n\n{_plain(note)}"


def _failures_table() -> str:
    rows = [(f.example, f.meaning, f"{f.fix[0].upper()}{f.fix[1:]}.", f.source) for f in FAILURES]
    return _table(("text", "meaning", "what to do", "seen in"), rows)


def _replacements_table() -> str:
    return _table(("operator", "instead"), sorted(REPLACEMENTS.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), "|" + " --- |" * len(head), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", printable(text))
