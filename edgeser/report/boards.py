"""One model on every emulated board: as a table, as JSON, for CI."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.benchmark.boards import BoardResult, BoardsReport
from edgeser.report.figures import figure, printable
from edgeser.report.json_format import device_json
from edgeser.report.junit import Case, suite_xml
from edgeser.report.markdown_text import markdown_table, plain
from edgeser.report.titled import titled_table
from quantize.foundation.measurement import Measurement

SCHEMA = "edgeser.bench-boards/1"
SUITE = "edgeser.boards"
_UNIT = "instructions"
_HEAD = ("board", "core", "inference", "a frame", "flash", "RAM", "exact")
_EXACT = {True: "yes", False: "NO", None: "not run"}


def _cells(result: BoardResult) -> tuple[str, ...]:
    report = result.report
    costs: tuple[Measurement | None, ...] = (None,) * 4
    if report is not None:
        costs = (report.inference, report.features, report.flash, report.ram)
    cells = ("" if cost is None else figure(cost).removesuffix(f" {_UNIT}") for cost in costs)
    return (result.board, result.core.replace("plus", "+"), *cells, _EXACT[result.exact])


def boards_table(report: BoardsReport) -> Group:
    """Return what it costs on each board, and whether it is exact there."""
    title = f"{report.model} on every emulated board"
    table = titled_table(title, collapse_padding=True, pad_edge=False)
    for name in _HEAD:
        left = name in ("board", "core", "exact")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    for result in report.results:
        style = "" if not result.problem else "bold red" if result.report else "yellow"
        table.add_row(*_cells(result), style=style)
    parts: list[RenderableType] = [table]
    parts += [Text(f"{r.board}: {printable(r.problem)}") for r in report.results if r.problem]
    parts.append(Text(_sentence(report)))
    return Group(*parts)


def _sentence(report: BoardsReport) -> str:
    exact = sum(result.exact is True for result in report.results)
    return (
        f"exact on {exact} of {len(report.results)} boards. Inference, and a frame of features "
        "where there is a frontend: instructions, emulated. Flash and RAM: what the linker placed."
    )


def boards_json(report: BoardsReport) -> dict[str, Any]:
    """Return the schema ``edgeser.bench-boards/1``."""
    return {
        "schema": SCHEMA,
        "model": report.model,
        "passed": report.passed,
        "boards": [
            {
                "board": result.board,
                "core": result.core,
                "exact": result.exact,
                "problem": result.problem,
                "bench": None if result.report is None else device_json(result.report),
            }
            for result in report.results
        ],
    }


def boards_junit(report: BoardsReport) -> str:
    """Return one test suite: a case for each board; one that lacks its tools was skipped."""
    cases = []
    for result in report.results:
        missing = result.failure is not None and result.failure.exit_code != 1
        failure = None if missing or not result.problem else result.problem
        cases.append(Case(result.board, failure, result.problem if missing else None))
    return suite_xml(SUITE, cases, [("model", report.model)])


def boards_markdown(report: BoardsReport) -> str:
    """Return the table."""
    rows = [_cells(result) for result in report.results]
    problems = [f"{r.board}: {plain(r.problem)}" for r in report.results if r.problem]
    parts = [
        f"## {plain(report.model)} on every emulated board",
        markdown_table(_HEAD, rows),
        *problems,
        _sentence(report),
    ]
    return "\n\n".join(parts) + "\n"
