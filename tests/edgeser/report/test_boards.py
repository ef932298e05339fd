"""One model on several boards: what counts as passed, and what is shown."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from edgeser.benchmark.boards import BoardResult, BoardsReport
from rich.console import Console

from edgeser.benchmark.records import DeviceReport
from edgeser.report.boards import boards_json, boards_junit, boards_markdown, boards_table
from edgeser.report.contents import ReportContents
from quantize.foundation.errors import CheckFailed, EdgeserError, ToolMissing

LACKS = ToolMissing("cc is not installed", hint="apt-get install cc")
LARGE = CheckFailed("the firmware does not fit x: RAM of 8 bytes is 9 bytes too small")


@pytest.fixture
def good(whole: ReportContents) -> DeviceReport:
    report = whole.device
    assert report is not None
    return replace(report, budgets=tuple(check for check in report.budgets if check.passed))


def ran(report: DeviceReport) -> BoardResult:
    return BoardResult("mps2-an385-m0plus", "cortex-m0plus", report)


def failed(error: EdgeserError) -> BoardResult:
    return BoardResult("riscv32-virt", "rv32imc", None, error)


def differing(report: DeviceReport) -> DeviceReport:
    assert report.parity is not None
    parity = replace(report.parity, logit_differences=1, first_difference="clip 3, decision 1")
    return replace(report, parity=parity)


def over_budget(report: DeviceReport) -> DeviceReport:
    flash = replace(report.budgets[1], passed=False)
    return replace(report, budgets=(report.budgets[0], flash))


def shown(report: BoardsReport, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(boards_table(report))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_exit_code_is_that_of_the_worst(good: DeviceReport) -> None:
    cases = [
        ((ran(good),), 0),
        ((ran(good), failed(LACKS)), 3),
        ((failed(LACKS), failed(LARGE)), 1),
        ((failed(LACKS), ran(differing(good))), 1),
        ((ran(over_budget(good)),), 1),
    ]
    for results, code in cases:
        report = BoardsReport("m", results)
        assert report.exit_code == code
        assert report.passed == (code == 0)


def test_the_table_fits_a_terminal_and_says_why(good: DeviceReport) -> None:
    results = (ran(good), ran(differing(good)), ran(over_budget(good)), failed(LACKS))
    text = shown(BoardsReport("m", results))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text
    lines = text.splitlines()
    rows = [line for line in lines if line.startswith(" mps2") or line.startswith("mps2")]
    assert [row.split()[-1] for row in rows[:3]] == ["yes", "NO", "yes"]
    assert "mps2-an385-m0plus: differs from the host: clip 3, decision 1" in text
    assert "mps2-an385-m0plus: budget broken: flash" in text
    assert "riscv32-virt: cc is not installed (apt-get install cc)" in text
    assert "exact on 2 of 4 boards" in text


def test_ci_gets_a_case_for_each_board(good: DeviceReport) -> None:
    report = BoardsReport("m", (ran(good), failed(LACKS), failed(LARGE), ran(differing(good))))
    xml = boards_junit(report)
    assert 'tests="4" failures="2" errors="0" skipped="1"' in xml
    assert "apt-get install cc" in xml and "clip 3, decision 1" in xml
    text = boards_markdown(report)
    assert text.count("\n| ") == 2 + 4 and "| NO |" in text and "apt-get install cc" in text


def test_json_has_each_boards_whole_benchmark(good: DeviceReport) -> None:
    rows = boards_json(BoardsReport("m", (ran(good), failed(LACKS))))["boards"]
    assert rows[0]["bench"]["schema"] == "edgeser.device/1"
    assert (rows[0]["exact"], rows[0]["problem"]) == (True, "")
    assert (rows[1]["bench"], rows[1]["exact"]) == (None, None)
    assert rows[1]["problem"] == str(LACKS)


def test_time_that_is_not_known_is_null(good: DeviceReport) -> None:
    unknown = replace(good, inference_ms=None, features_ms=None)
    bench = boards_json(BoardsReport("m", (ran(unknown),)))["boards"][0]["bench"]
    assert bench["inference_ms"] is None
