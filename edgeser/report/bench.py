"""A benchmark on any target: for people at a terminal, as Markdown, and as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.benchmark.bench_report import Benchmark, BenchReport, BudgetCheck
from edgeser.benchmark.budget import describe
from edgeser.report.figures import (
    bench_remarks,
    bench_rows,
    costs_by_kind,
    count,
    evidence,
    figure,
    number,
    printable,
    span,
)
from edgeser.report.junit import RAN, Case, suite_xml
from edgeser.report.markdown_text import joined, markdown_table, plain
from edgeser.report.titled import mark, safe, titled_table
from quantize.foundation.measurement import Measurement

SUITE = "edgeser.bench"


def bench_tables(report: BenchReport) -> Group:
    """Return figures with their evidence, operators by kind, memory, budgets and parity."""
    rows = bench_rows(report)
    banded = any(measurement.interval for _, measurement in rows)
    table = titled_table(_title(report))
    table.add_column("figure")
    table.add_column("value", justify="right")
    if banded:
        table.add_column("band", style="dim")
    table.add_column("evidence")
    for name, measurement in rows:
        band = [span(measurement)] if banded else []
        table.add_row(name, figure(measurement), *band, measurement.evidence.value)
    parts: list[RenderableType] = [table]
    if report.operators:
        parts.append(_operators(report))
    if report.memory:
        parts.append(_memory(report))
    if report.budgets:
        parts.append(_budgets(report.budgets))
    parts += [Text(printable(line)) for line in bench_remarks(report)]
    if report.parity is not None:
        style = "green" if report.parity.passed else "bold red"
        parts.append(Text(f"parity: {printable(report.parity.describe())}", style=style))
    parts.append(Text(f"{_on(report)}: {printable(report.target.description)}"))
    return Group(*parts)


def bench_markdown(report: BenchReport) -> str:
    """Return the same as Markdown; each figure with its evidence."""
    parts = [
        f"## {plain(_title(report))}",
        plain(f"{_on(report).capitalize()}: {report.target.description}"),
        figures_table(bench_rows(report)),
        *(plain(remark) for remark in bench_remarks(report)),
    ]
    if report.operators:
        unit = report.inference.unit
        head = ("operators", "number", "MACs", unit, "per MAC", "share")
        parts.append(markdown_table(head, _kinds(report)))
    if report.memory:
        memory = [(part.name, part.memory, f"{part.size.value:,.0f}") for part in report.memory]
        memory += [
            (f"section {part.name}", part.memory, f"{part.size.value:,.0f}")
            for part in report.sections
        ]
        parts.append(markdown_table(("memory", "where", "bytes"), memory))
    if report.budgets:
        parts.append(budgets_table(report.budgets))
    if report.parity is not None:
        verdict = "passed" if report.parity.passed else "**FAILED**"
        parts.append(f"Parity with the host {verdict}: {plain(report.parity.describe())}")
    return joined(parts)


def bench_junit(benchmark: Benchmark) -> str:
    """Return one test suite: a case for each budget and check; of several targets one for each.

    A target that lacks its tools was skipped.
    """
    if len(benchmark.results) == 1 and (report := benchmark.results[0].report) is not None:
        facts = [(_on(report), report.target.description)]
        facts += [(name, figure(value)) for name, value in bench_rows(report)]
        checks = () if report.parity is None else report.parity.checks
        cases = [RAN, *budget_cases(report.budgets)]
        cases += [Case(check.name, check.failure) for check in checks]
        return suite_xml(SUITE, cases, facts)
    cases = []
    for result in benchmark.results:
        missing = result.failure is not None and result.failure.exit_code != 1
        failure = None if missing or not result.problem else result.problem
        cases.append(Case(result.target.name, failure, result.problem if missing else None))
    return suite_xml(SUITE, cases, [("model", benchmark.model)])


def budget_cases(budgets: Iterable[BudgetCheck]) -> list[Case]:
    """Return a case for each budget."""
    return [Case.held(f"budget: {b.name}", b.passed, describe(b)) for b in budgets]


def figures_table(rows: Iterable[tuple[str, Measurement]]) -> str:
    """Return figures, each with its evidence, as a table."""
    cells = [
        (name.strip(), figure(measurement, interval=True), evidence(measurement))
        for name, measurement in rows
    ]
    return markdown_table(("figure", "value", "evidence"), cells)


def budgets_table(checks: Sequence[BudgetCheck]) -> str:
    """Return budgets, what was found and whether each holds, as a table."""
    rows = [
        (
            check.name,
            figure(check.value),
            number(check.limit, check.value.unit),
            "within" if check.passed else "**BROKEN**",
        )
        for check in checks
    ]
    return markdown_table(("budget", "value", "limit", ""), rows, raw=(3,))


def _on_host(report: BenchReport) -> bool:
    return report.target.kind == "host"


def _on(report: BenchReport) -> str:
    return "runtime" if _on_host(report) else "device"


def _title(report: BenchReport) -> str:
    return f"Benchmark of {report.model}" if _on_host(report) else f"{report.model} on the device"


def _kinds(report: BenchReport) -> list[tuple[str, ...]]:
    """Return the cells of operators by kind."""
    counted = report.inference.unit == "instructions"
    return [
        (
            row.kind,
            str(row.operators),
            f"{row.macs:,}" if row.macs else "",
            count(row.cost) if counted else f"{row.cost:.3g}",
            f"{row.cost / row.macs:.2f}" if row.macs and counted else "",
            number(row.share, "ratio"),
        )
        for row in costs_by_kind(report)
    ]


def _operators(report: BenchReport) -> Table:
    unit = report.inference.unit
    table = titled_table(f"Operators, in {unit}")
    table.add_column("kind")
    for column in ("operators", "MACs", "cost", "per MAC", "share"):
        table.add_column(column, justify="right")
    for row in costs_by_kind(report):
        per_mac = f"{row.cost / row.macs:.2f}" if row.macs and unit == "instructions" else ""
        cost = count(row.cost) if unit == "instructions" else f"{row.cost:.3g}"
        share = number(row.share, "ratio")
        macs = count(row.macs) if row.macs else ""
        table.add_row(safe(row.kind), str(row.operators), macs, cost, per_mac, share)
    return table


def _memory(report: BenchReport) -> Table:
    table = titled_table("Memory of the whole firmware")
    table.add_column("part")
    table.add_column("where")
    table.add_column("bytes", justify="right")
    for part in report.memory:
        table.add_row(safe(part.name), part.memory, f"{part.size.value:,.0f}")
    table.add_section()
    for part in report.sections:
        name = Text(printable(f"section {part.name}"), style="dim")
        table.add_row(name, part.memory, f"{part.size.value:,.0f}")
    return table


def _budgets(checks: tuple[BudgetCheck, ...]) -> Table:
    table = titled_table("Budgets")
    table.add_column("budget")
    for column in ("value", "limit"):
        table.add_column(column, justify="right")
    table.add_column("")
    for check in checks:
        limit = number(check.limit, check.value.unit)
        table.add_row(safe(check.name), figure(check.value), limit, mark(check.passed))
    return table
