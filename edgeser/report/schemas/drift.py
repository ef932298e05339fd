"""How far recordings are from those of a training, as JSON."""

from __future__ import annotations

from typing import Any

from edgeser.evaluation.drift import Distributions, DriftReport

DRIFT_SCHEMA = "edgeser.drift/1"


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
                "channel_psi": list(plane.channels),
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
