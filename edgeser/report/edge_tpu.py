"""What was measured on an Edge TPU, as text, Markdown and JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence

from edgeser.benchmark.records import BudgetCheck
from edgeser.report import markdown, markdown_text
from edgeser.report.figures import figure, printable
from edgeser.report.junit import RAN, budget_cases, difference_cases, suite_xml
from quantize.edgetpu.device import EdgeTpuBench
from quantize.edgetpu.difference import OutputDifference

_PERCENTILES = (50, 90, 99)


def bench_text(report: EdgeTpuBench) -> str:
    """Return times, temperature and difference, a line each."""
    times = ", ".join(f"p{p} {report.percentile(p).value:.2f}" for p in _PERCENTILES)
    lines = [
        f"{report.model}: {times} ms, measured on {report.device}",
        f"first inference, with the parameters: {report.first_ms.value:.2f} ms",
    ]
    if report.temperature is not None:
        lines.append(f"temperature: {report.temperature.value:.1f} degrees Celsius")
    if report.difference is not None:
        lines.append(f"random inputs: {report.difference.describe()}")
    return "\n".join(map(printable, lines))


def bench_junit(report: EdgeTpuBench, budgets: Sequence[BudgetCheck]) -> str:
    """Return a suite with a case for each budget, and one for the outputs where compared."""
    facts = [(f"latency.p{p}", figure(report.percentile(p))) for p in _PERCENTILES]
    cases = [RAN, *budget_cases(budgets)]
    if report.difference is not None:
        cases += difference_cases(report.difference)
    return suite_xml("edgeser.bench-edgetpu", cases, [("device", report.device), *facts])


def bench_markdown(report: EdgeTpuBench, budgets: Sequence[BudgetCheck]) -> str:
    """Return times, budgets and difference."""
    rows = [(f"inference, p{p}", report.percentile(p)) for p in _PERCENTILES]
    rows.append(("first inference", report.first_ms))
    if report.temperature is not None:
        rows.append(("temperature", report.temperature))
    parts = [
        f"## {markdown_text.plain(report.model)} on the Edge TPU",
        markdown.figures_table(rows),
        *([markdown.budgets_table(budgets)] if budgets else []),
    ]
    if report.difference is not None:
        parts.append(markdown_text.plain(f"Random inputs: {report.difference.describe()}."))
    return markdown_text.joined(parts)


def parity_junit(found: OutputDifference) -> str:
    """Return a suite with a case for each tolerance."""
    return suite_xml("edgeser.parity-edgetpu", difference_cases(found), [])


def parity_markdown(found: OutputDifference) -> str:
    """Return the verdict and how far the outputs are apart."""
    verdict = "passed" if found.passed else "failed"
    text = markdown_text.plain(f"Test clips: {found.describe()}.")
    return markdown_text.joined([f"## Edge TPU against int8 on the CPU: {verdict}", text])
