"""Where each operator of a model would run, and what keeps it from the Edge TPU."""

from __future__ import annotations

from edgeser.report.schemas.form import Json
from quantize.edgetpu.lint import COMPILER, Finding, LintReport

LINT_SCHEMA = "edgeser.lint/1"


def lint_json(report: LintReport) -> Json:
    """Return everything as a JSON object of schema ``edgeser.lint/1``."""
    return {
        "schema": LINT_SCHEMA,
        "model": report.source,
        "target": "edgetpu",
        "compiler": COMPILER,
        "passed": report.passed,
        "refused": report.refused,
        "summary": report.summary,
        "operators": len(report.placements),
        "mapped": report.mapped,
        "not_prepared": report.not_prepared,
        "placements": [
            {
                "operator": p.operator,
                "name": p.name,
                "version": p.version,
                "layer": p.layer,
                "runs_on": p.runs_on,
                "reason": p.reason,
            }
            for p in report.placements
        ],
        "findings": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule.id,
        "severity": finding.rule.effect.severity,
        "effect": finding.rule.effect.value,
        "operator": finding.operator,
        "layer": finding.layer,
        "text": finding.rule.text,
        "detail": finding.detail,
        "fix": finding.fix,
        "basis": finding.rule.basis.value,
        "source": finding.rule.source,
    }
