"""A benchmark: one schema, whatever the model ran on; a result for each target."""

from __future__ import annotations

from collections.abc import Iterable

from edgeser.benchmark.bench_report import (
    Benchmark,
    BenchReport,
    BenchResult,
    BudgetCheck,
    MemoryPart,
    OperatorCost,
)
from edgeser.report.schemas.form import Json
from edgeser.report.schemas.parity import against_host_object, target_object
from edgeser.report.schemas.remarks import oddity_json

BENCH_SCHEMA = "edgeser.bench/2"
_DID_NOT_RUN: Json = {
    "figures": {},
    "operators": [],
    "memory": [],
    "sections": [],
    "samples_ms": [],
    "budgets": [],
    "parity": None,
    "timed": "",
    "no_arena": "",
    "oddities": [],
}


def bench_json(benchmark: Benchmark) -> Json:
    """Return the schema ``edgeser.bench/2``."""
    return {"schema": BENCH_SCHEMA, **bench_object(benchmark)}


def bench_object(benchmark: Benchmark) -> Json:
    """Return a benchmark as it stands within other schemas."""
    return {
        "model": benchmark.model,
        "model_sha256": benchmark.model_sha256 or None,
        "passed": benchmark.passed,
        "results": [_result(result) for result in benchmark.results],
    }


def _result(result: BenchResult) -> Json:
    about = {
        "target": target_object(result.target),
        "passed": not result.problem,
        "problem": result.problem,
    }
    return about | (_DID_NOT_RUN if result.report is None else _report(result.report))


def _report(report: BenchReport) -> Json:
    parity = report.parity
    return {
        "figures": {name: value.to_json() for name, value in report.figures.known()},
        "operators": [_operator(operator) for operator in report.operators],
        "memory": _parts(report.memory),
        "sections": _parts(report.sections),
        "samples_ms": list(report.samples_ms),
        "budgets": _budgets(report.budgets),
        "parity": None if parity is None else against_host_object(parity, report.target),
        "timed": report.timed,
        "no_arena": report.no_arena,
        "oddities": [oddity_json(oddity) for oddity in report.oddities],
    }


def _operator(operator: OperatorCost) -> Json:
    return {
        "index": operator.index,
        "kind": operator.kind,
        "layer": operator.layer,
        "macs": operator.macs,
        "cost": operator.cost.to_json(),
    }


def _budgets(checks: Iterable[BudgetCheck]) -> list[Json]:
    return [
        {
            "name": check.name,
            "limit": check.limit,
            "value": check.value.to_json(),
            "passed": check.passed,
        }
        for check in checks
    ]


def _parts(parts: Iterable[MemoryPart]) -> list[Json]:
    return [
        {"name": part.name, "memory": part.memory, "size": part.size.to_json()} for part in parts
    ]
