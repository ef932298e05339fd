from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from edgeser.benchmark.comparison import BenchComparison, compare_benchmarks
from edgeser.benchmark.growth import growth_limit
from edgeser.pipeline.saved_benchmark import read_benchmark
from edgeser.report.bench_comparison import (
    comparison_junit,
    comparison_markdown,
    comparison_tables,
)
from edgeser.report.schemas.bench_comparison import comparison_json
from tests.edgeser.benchmark.saved import FIGURES, benchmark, operator, result, saved
from tests.edgeser.report.test_json_format import documented, paths

HOST = {
    "inference_p90_ms": 1.25, "inferences_per_s": 812.0, "features_ms_per_audio_s": 12.5,
    "arena_non_persistent_bytes": 123_456_789, "worst_frame_instructions": 12_345_678,
}  # fmt: skip


def compared(folder: Path, old: Any, new: Any, **limits: str) -> BenchComparison:
    files = [saved(folder, name, table) for name, table in (("old.json", old), ("new.json", new))]
    before, after = map(read_benchmark, files)
    return compare_benchmarks(before, after, [growth_limit(*item) for item in limits.items()])


@pytest.fixture
def grown(tmp_path: Path) -> BenchComparison:
    old = benchmark(result(FIGURES | HOST, operators=(operator(0, 100_000),)))
    more = FIGURES | HOST | {"inference_instructions": 1_020_000.0, "ram_bytes": 20_001.0}
    new = benchmark(result(more, operators=(operator(0, 120_000),)), model="k|s <b>")
    return compared(tmp_path, old, new, instructions="+1%", ram="+2%", stack="4kB")


def shown(found: BenchComparison) -> str:
    console = Console(width=80, record=True)
    with console.capture() as capture:
        console.print(comparison_tables(found))
    return capture.get()


def test_the_table_fits_80_columns_and_marks_what_does_not_hold(grown: BenchComparison) -> None:
    text = shown(grown)
    assert max(map(len, text.splitlines())) <= 80
    row = next(line for line in text.splitlines() if "inference_instructions" in line)
    assert re.split(r" {2,}", row.strip()) == [
        "inference_instructions", "1,000,000", "1,020,000", "+2.00 %", "+1% NO", "emulated"
    ]  # fmt: skip
    assert "20,001 +<0.01 %" in re.sub(" +", " ", text)
    assert "+20,000" in text
    assert "2 of what was checked do not hold." in text


def test_markdown_starts_no_markup(grown: BenchComparison) -> None:
    text = comparison_markdown(grown)
    assert text.startswith("## Benchmark against the baseline: failed\n")
    assert "k\\|s \\<b\\> on emulator mps2-an500" in text
    assert (
        "| inference\\_instructions | 1,000,000 | 1,020,000 | +2.00 % | +1% NO | emulated |" in text
    )
    assert "- stack\\_used\\_bytes cannot be held to 4kB: not in" in text


def test_junit_has_a_case_for_each_limit(grown: BenchComparison) -> None:
    suite = ET.fromstring(comparison_junit(grown))[0]  # noqa: S314  our own
    cases = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    board = "emulator mps2-an500"
    assert cases.pop("it runs") is None
    assert {name: failure is not None for name, failure in cases.items()} == {
        f"{board}: inference_instructions within +1%": True,
        f"{board}: ram_bytes within +2%": False,
        f"{board}: stack_used_bytes within 4kB": True,
    }
    assert suite.get("failures") == "2"


def test_every_key_of_the_json_is_documented(grown: BenchComparison) -> None:
    table = comparison_json(grown)
    assert table["passed"] is False
    assert set(paths(table)) == documented()["edgeser.compare-bench/1"]
