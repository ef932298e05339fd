"""Two benchmarks held against each other."""

from __future__ import annotations

from edgeser.benchmark.comparison import BenchComparison, Change
from edgeser.report.schemas.form import Json, optional

COMPARE_BENCH_SCHEMA = "edgeser.compare-bench/1"


def comparison_json(found: BenchComparison) -> Json:
    """Return the schema ``edgeser.compare-bench/1``."""
    return {
        "schema": COMPARE_BENCH_SCHEMA,
        "passed": found.passed,
        "baseline": {"path": found.before.source, "model": found.before.model},
        "new": {"path": found.after.source, "model": found.after.model},
        "failures": list(found.failures),
        "remarks": list(found.told),
        "results": [
            {
                "target": result.label,
                "failure": result.failure,
                "figures": [_change_json(change) for change in result.changes],
                "operators": [
                    {
                        "index": row.after.index,
                        "kind": row.after.kind,
                        "layer": row.after.layer,
                        "before": row.before.cost.to_json(),
                        "now": row.after.cost.to_json(),
                    }
                    for row in result.operators
                ],
            }
            for result in found.results
        ],
    }


def _change_json(change: Change) -> Json:
    return {
        "name": change.name,
        "before": optional(change.before),
        "now": optional(change.after),
        "change": None if change.growth is None else float(change.growth),
        "limit": None if change.limit is None else change.limit.text,
        "allowed": None if change.allowed is None else float(change.allowed),
        "failure": change.failure,
    }
