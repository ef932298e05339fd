"""One model on several boards: what counts as passed, and what is shown."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from edgeser.benchmark.bench_report import Benchmark, BenchReport, BenchResult
from edgeser.benchmark.target import TargetFacts
from edgeser.report.bench import bench_junit
from edgeser.report.boards import boards_markdown, boards_table
from edgeser.report.contents import ReportContents
from edgeser.report.schemas.bench import bench_json
from quantize.foundation.errors import CheckFailed, EdgeserError, ToolMissing

LACKS = ToolMissing("cc is not installed", hint="apt-get install cc")
LARGE = CheckFailed("the firmware does not fit x: RAM of 8 bytes is 9 bytes too small")


@pytest.fixture
def good(whole: ReportContents) -> BenchReport:
    report = whole.device
    assert report is not None
    return replace(report, budgets=tuple(check for check in report.budgets if check.passed))


def ran(report: BenchReport) -> BenchResult:
    return BenchResult.of(
        replace(report, target=TargetFacts("emulator", "mps2-an385-m0plus", "x", "cortex-m0plus"))
    )


def failed(error: EdgeserError) -> BenchResult:
    return BenchResult(TargetFacts("emulator", "riscv32-virt", "y", "rv32imc"), None, error)


def differing(report: BenchReport) -> BenchReport:
    assert report.parity is not None
    parity = replace(report.parity, logit_differences=1, first_difference="clip 3, decision 1")
    return replace(report, parity=parity)


def over_budget(report: BenchReport) -> BenchReport:
    flash = replace(report.budgets[1], passed=False)
    return replace(report, budgets=(report.budgets[0], flash))


def shown(report: Benchmark, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(boards_table(report))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_exit_code_is_that_of_the_worst(good: BenchReport) -> None:
    cases = [
        ((ran(good),), 0),
        ((ran(good), failed(LACKS)), 3),
        ((failed(LACKS), failed(LARGE)), 1),
        ((failed(LACKS), ran(differing(good))), 1),
        ((ran(over_budget(good)),), 1),
    ]
    for results, code in cases:
        report = Benchmark("m", results)
        assert report.exit_code == code
        assert report.passed == (code == 0)


def test_the_table_fits_a_terminal_and_says_why(good: BenchReport) -> None:
    results = (ran(good), ran(differing(good)), ran(over_budget(good)), failed(LACKS))
    text = shown(Benchmark("m", results))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text
    lines = text.splitlines()
    rows = [line for line in lines if line.startswith(" mps2") or line.startswith("mps2")]
    assert [row.split()[-1] for row in rows[:3]] == ["yes", "NO", "yes"]
    assert "mps2-an385-m0plus: differs from the host: clip 3, decision 1" in text
    assert "mps2-an385-m0plus: budget broken: flash" in text
    assert "riscv32-virt: cc is not installed (apt-get install cc)" in text
    assert "exact on 2 of 4 boards, 1 not run." in text
    assert "exact on 1 of 1 boards. " in shown(Benchmark("m", (ran(good),)))


def test_figures_as_wide_as_those_of_real_boards_fit(good: BenchReport) -> None:
    figures = good.figures
    flash = replace(figures.flash_bytes, value=240_812)
    ram = replace(figures.ram_bytes, value=109_800)
    inference = replace(good.inference, value=121_720_000)
    assert good.frame is not None
    frame = replace(good.frame, value=174_500)
    figures = replace(
        figures,
        flash_bytes=flash,
        ram_bytes=ram,
        inference_instructions=inference,
        frame_instructions=frame,
    )
    report = replace(good, figures=figures)
    vector = replace(report, target=TargetFacts("emulator", "x", "y", "rv32imf_zve32x"))
    text = shown(Benchmark("m", (ran(report), BenchResult.of(vector))))
    assert "…" not in text
    row = next(line for line in text.splitlines() if line.startswith("mps2-an385-m0plus"))
    cells = ["mps2-an385-m0plus", "cortex-m0+", "121.72 M", "174.5 k", "240.8 kB", "109.8 kB"]
    assert row.split("  ")[0] == cells[0] and all(cell in row for cell in cells)
    assert row.rstrip().endswith("yes")


def test_what_many_boards_lack_is_said_once(good: BenchReport) -> None:
    lacking = Benchmark("m", (failed(LACKS), ran(good), failed(LACKS)))
    assert shown(lacking).count("cc is not installed") == 1
    assert "riscv32-virt, riscv32-virt: cc is not installed" in shown(lacking)
    assert boards_markdown(lacking).count("cc is not installed") == 1


def test_ci_gets_a_case_for_each_board(good: BenchReport) -> None:
    report = Benchmark("m", (ran(good), failed(LACKS), failed(LARGE), ran(differing(good))))
    xml = bench_junit(report)
    assert 'tests="4" failures="2" errors="0" skipped="1"' in xml
    assert "apt-get install cc" in xml and "clip 3, decision 1" in xml
    text = boards_markdown(report)
    assert text.count("\n| ") == 2 + 4 and "| NO |" in text and "apt-get install cc" in text


def test_json_has_each_targets_whole_benchmark(good: BenchReport) -> None:
    value = bench_json(Benchmark("m", (ran(good), failed(LACKS))))
    first, second = value["results"]
    assert (value["schema"], value["model"], value["passed"]) == ("edgeser.bench/2", "m", False)
    assert first["target"]["name"] == "mps2-an385-m0plus"
    assert (first["passed"], first["parity"]["passed"], first["problem"]) == (True, True, "")
    assert (second["passed"], second["figures"], second["parity"]) == (False, {}, None)
    assert second["problem"] == str(LACKS)
    assert first.keys() == second.keys()


def test_time_that_is_not_known_is_absent(good: BenchReport) -> None:
    unknown = replace(good, figures=replace(good.figures, inference_ms=None, frame_ms=None))
    (found,) = bench_json(Benchmark.of(unknown))["results"]
    assert "inference_instructions" in found["figures"]
    assert not {"inference_ms", "frame_ms"} & found["figures"].keys()
