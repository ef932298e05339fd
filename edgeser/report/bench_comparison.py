"""Two benchmarks held against each other: as a table, and for CI."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from edgeser.benchmark.comparison import BenchComparison, Change, ResultComparison, exact
from edgeser.report.figures import printable
from edgeser.report.junit import RAN, Case, suite_xml
from edgeser.report.markdown_text import markdown_table, plain
from quantize.foundation.measurement import Measurement

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

SUITE = "edgeser.compare-bench"
_HEAD = ("figure", "before", "now", "change", "limit", "evidence")
_OPERATORS = ("#", "operator", "before", "now", "change")
_NUMBERS = frozenset({"before", "now", "change", "#"})
_SHOWN_OPERATORS = 8


def comparison_tables(found: BenchComparison) -> Group:
    """Return the figures of each target, what changed in its operators, and what must be told."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    for result in found.results:
        rows = [(_cells(change), bool(change.failure)) for change in result.changes]
        if rows:
            parts.append(_table(f"{found.after.model} on {result.label}", _HEAD, rows))
        if result.operators:
            cells = [(row, False) for row in _operator_cells(result)]
            parts.append(_table(_operators_title(result), _OPERATORS, cells))
    parts += [Text(printable(line)) for line in found.told]
    parts.append(Text(_verdict(found)))
    return Group(*parts)


def _table(title: str, head: tuple[str, ...], rows: list[tuple[tuple[str, ...], bool]]) -> Any:
    from rich.text import Text

    from edgeser.report.titled import titled_table

    table = titled_table(title, collapse_padding=True, pad_edge=False)
    for name in head:
        right = name in _NUMBERS
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for cells, failed in rows:
        table.add_row(
            *(Text(printable(cell)) for cell in cells), style="bold red" if failed else ""
        )
    return table


def _cells(change: Change) -> tuple[str, ...]:
    known = change.after or change.before
    limit = "" if change.limit is None else change.limit.text
    return (
        change.name,
        _number(change.before),
        _number(change.after),
        _growth(change.growth),
        f"{limit} NO" if change.failure else limit,
        "" if known is None else known.evidence.value,
    )


def _operator_cells(result: ResultComparison) -> list[tuple[str, ...]]:
    return [
        (
            str(row.after.index),
            f"{row.after.kind} {row.after.layer}",
            exact(row.before.cost.value),
            exact(row.after.cost.value),
            f"{'+' if row.more > 0 else '-'}{exact(abs(row.more))}",
        )
        for row in result.operators[:_SHOWN_OPERATORS]
    ]


def _operators_title(result: ResultComparison) -> str:
    count, first = len(result.operators), result.operators[0].after.cost
    which = f", the {_SHOWN_OPERATORS} largest changes" if count > _SHOWN_OPERATORS else ""
    many = "operators cost" if count > 1 else "operator costs"
    return f"{count} {many} another number of {first.unit} ({first.evidence}){which}"


def _number(figure: Measurement | None) -> str:
    return "" if figure is None else exact(figure.value)


def _growth(share: Fraction | None) -> str:
    """Return a change in per cent; what is not the same never looks the same: ``"+<0.01 %"``."""
    if share is None:
        return ""
    if share == 0:
        return "same"
    sign = "+" if share > 0 else "-"
    per_cent = abs(share) * 100
    if per_cent < Fraction(1, 100):
        return f"{sign}<0.01 %"
    return f"{sign}{float(per_cent):,.2f} %"


def _verdict(found: BenchComparison) -> str:
    limits = sum(change.limit is not None for r in found.results for change in r.changes)
    over = len(found.failures)
    if over:
        return f"{over} of what was checked {'do' if over > 1 else 'does'} not hold."
    return (
        f"{limits} limits hold."
        if limits > 1
        else f"{limits} limit holds."
        if limits
        else ("No limit was given.")
    )


def comparison_junit(found: BenchComparison) -> str:
    """Return one test suite: a case for each limit and each target that is gone."""
    cases, facts = [RAN], [("baseline", found.before.source), ("new", found.after.source)]
    for result in found.results:
        if result.failure:
            cases.append(Case(result.label, result.failure))
        for change in result.changes:
            if change.limit is not None:
                name = f"{result.label}: {change.name} within {change.limit.text}"
                cases.append(Case(name, change.failure or None))
            if change.after is not None:
                facts.append((f"{result.label}: {change.name}", _fact(change)))
    facts += [("remark", line) for line in found.told]
    return suite_xml(SUITE, cases, facts)


def _fact(change: Change) -> str:
    before, after = change.before, change.after
    was = "" if before is None else f", before {exact(before.value)}"
    assert after is not None  # noqa: S101 - asked before
    return f"{exact(after.value)} {after.unit}{was} ({after.evidence})"


def comparison_markdown(found: BenchComparison) -> str:
    """Return the tables, what does not hold, and what must be told."""
    verdict = "passed" if found.passed else "failed"
    parts = [f"## Benchmark against the baseline: {verdict}"]
    for result in found.results:
        if result.changes:
            parts.append(f"{plain(found.after.model)} on {plain(result.label)}:")
            parts.append(markdown_table(_HEAD, [_cells(change) for change in result.changes]))
        if result.operators:
            parts.append(f"{plain(_operators_title(result))}:")
            parts.append(markdown_table(_OPERATORS, _operator_cells(result)))
    lines = [f"- {plain(line)}" for line in (*found.failures, *found.told)]
    if lines:
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, _verdict(found)]) + "\n"
