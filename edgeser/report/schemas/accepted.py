"""What reaches a device's frontend, as JSON."""

from __future__ import annotations

from typing import Any

from edgeser.acceptance.faults import CHECKED, AcceptReport, dbfs, measured, rms_of
from edgeser.report.schemas.drift import drift_json

SCHEMA = "edgeser.accept/1"


def accept_json(report: AcceptReport) -> dict[str, Any]:
    """Return the schema ``edgeser.accept/1``."""
    faults = {finding.fault for finding in report.findings}
    return {
        "schema": SCHEMA,
        "passed": report.passed,
        "sentence": report.sentence,
        "device": report.device,
        "road": report.road,
        "source": report.source,
        "samples": len(report.samples),
        "sample_rate": report.sample_rate,
        "level": measured(dbfs(rms_of(report.samples)), "dBFS").to_json(),
        "findings": [
            {
                "fault": finding.fault.value,
                "sentence": finding.sentence,
                "change": finding.change,
                "figures": {name: value.to_json() for name, value in finding.figures.items()},
            }
            for finding in report.findings
        ],
        "checks": [
            {
                "fault": fault.value,
                "name": asked,
                "passed": None if fault in report.unjudged else fault not in faults,
                "not_judged": report.unjudged.get(fault, ""),
                "limit": report.limits.get(fault, ""),
            }
            for fault, asked in CHECKED.items()
        ],
        "features": {
            "values": report.feature_values,
            "differences": report.feature_differences,
            "clipped": measured(report.clipped_features, "ratio").to_json(),
        },
        "lags": [{"seconds": float(at), "samples": float(late)} for at, late in report.lags],
        "drift": None if report.drift is None else drift_json(report.drift),
        "caveats": list(report.caveats),
    }
