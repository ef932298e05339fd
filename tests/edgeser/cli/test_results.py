"""Results as files for CI: looked at before the work, written whole after it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest

from edgeser.benchmark.bench_report import Benchmark, BenchReport, Figures
from edgeser.benchmark.budget import NO_LIMITS, Limits, check
from edgeser.benchmark.firmware_cost import Clock
from edgeser.benchmark.target import TargetFacts
from edgeser.benchmark.target_parity import Parity, TargetParity
from edgeser.cli import app
from edgeser.cli.results import ResultFiles
from edgeser.report import junit, markdown
from edgeser.report.bench import bench_junit, budget_cases
from firmware_bridge.boards import MPS2_AN500
from quantize.edgetpu.difference import OutputDifference, Tolerances
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.measurement import Evidence, Measurement

BOARD = TargetFacts("serial", "tcp:x:1", "a board")
SAME = TargetParity(5, "of a test", 100, 0, 30, 0, "")
OTHER = TargetParity(5, "of a test", 100, 2, 30, 1, "clip x|y, frame 3")
TIME = Measurement(2.0, "ms", Evidence.MEASURED, "a clock")


def of(held: TargetParity) -> Parity:
    return Parity(BOARD, against_host=held)


def cases(text: str) -> dict[str, str | None]:
    """Return each case's failure by its name; the counts of the suite agree."""
    (suite,) = ET.fromstring(text.encode())  # noqa: S314  our own
    found = {}
    for case in suite.findall("testcase"):
        failure = case.find("failure")
        found[case.get("name") or ""] = None if failure is None else failure.text
    assert int(suite.get("tests") or 0) == len(found)
    assert int(suite.get("failures") or 0) == sum(text is not None for text in found.values())
    return found


def test_a_device_that_is_the_same_has_two_cases_that_passed() -> None:
    assert cases(junit.parity_junit(of(SAME))) == {
        "features as on the host": None,
        "outputs as on the host": None,
    }
    assert "Device against host: passed" in markdown.parity_markdown(of(SAME))


def test_a_device_that_differs_fails_with_the_first_difference() -> None:
    found = cases(junit.parity_junit(of(OTHER)))
    assert all(text and "clip x|y, frame 3" in text for text in found.values())
    text = markdown.parity_markdown(of(OTHER))
    assert "Device against host: failed" in text
    assert r"clip x\|y" in text


def test_a_comparison_of_nothing_fails() -> None:
    nothing = TargetParity(0, "of a test", 0, 0, 0, 0, "")
    assert cases(junit.parity_junit(of(nothing)))["something was compared"] == "nothing was"


@pytest.mark.parametrize("flips", [0, 1])
def test_an_edge_tpus_tolerances_are_cases(flips: int) -> None:
    found = OutputDifference(10, 60, ((0, 59), (1, 1)), flips, Tolerances(max_flips=0.05))
    held = TargetParity(10, "of a test", 0, 0, 0, 0, "", found)
    failed = cases(junit.parity_junit(of(held)))
    assert failed["an Edge TPU's outputs: steps"] is None
    reason = failed["an Edge TPU's outputs: label flips"]
    assert (reason is None) == (flips == 0)
    assert reason is None or reason.endswith("1 of 10 labels flip; 5.0 % may flip")
    assert ("passed" in markdown.parity_markdown(of(held))) == (flips == 0)


def test_budgets_are_cases_and_nothing_is_held_that_nobody_asked() -> None:
    assert check("latency", NO_LIMITS.latency_ms, TIME) == ()
    assert check("flash", 10, None) == ()
    held = (*check("latency", 1.5, TIME), *check("memory", 3, TIME))
    found = {case.name: case.failure for case in budget_cases(held)}
    assert found == {
        "budget: latency": "latency is 2 ms, the limit 1.5",
        "budget: memory": None,
    }


def test_given_limits_stand_in_for_those_of_a_recipe() -> None:
    limits = Limits(latency_ms=23.0, flash_bytes=1).with_given(latency_ms=None, flash_bytes=2)
    assert limits == Limits(latency_ms=23.0, flash_bytes=2)


def test_files_and_summary_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files = ResultFiles(tmp_path / "deep" / "x.xml", tmp_path / "deep" / "x.md")
    with files.writing(junit=lambda: "<x/>", markdown=lambda: "text\n"):
        pass
    assert (tmp_path / "deep" / "x.xml").read_text() == "<x/>"
    assert (tmp_path / "deep" / "x.md").read_text() == "text\n"
    assert summary.read_text() == "before\ntext\n"


def test_nothing_is_rendered_that_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def wrong() -> str:
        raise AssertionError

    shown = []
    with ResultFiles(None, None).writing(junit=wrong, markdown=wrong):
        shown.append("figures")
    assert shown


def test_a_place_that_cannot_be_written_is_named_before_any_work(
    unwritable_folder: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").touch()
    for path in (unwritable_folder / "x.xml", tmp_path / "fifo", tmp_path / "file" / "x.xml"):
        with pytest.raises(BadInput, match="cannot write") as caught:
            ResultFiles(path, None)
        assert str(path) in caught.value.message
        with pytest.raises(BadInput, match="cannot write"):
            ResultFiles(None, path)


def test_a_summary_that_cannot_be_appended_to_is_named_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (tmp_path, tmp_path / "none" / "summary.md"):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place))
        with pytest.raises(BadInput, match=f"cannot append to {place}"):
            ResultFiles(None, None)


def test_one_file_is_not_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(click.UsageError, match="the same file"):
        ResultFiles(tmp_path / "x", tmp_path / "y" / ".." / "x")
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with ResultFiles(None, summary).writing(junit=str, markdown=lambda: "text\n"):
        pass
    assert summary.read_text() == "before\ntext\n"
    with pytest.raises(click.UsageError, match="the same file"):
        ResultFiles(summary, None)


def test_what_cannot_be_written_costs_neither_the_other_files_nor_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    files = ResultFiles(tmp_path / "a" / "x.xml", tmp_path / "b" / "x.md")
    (tmp_path / "a").touch()  # in the meantime
    shown = []

    def measured() -> int:
        with files.writing(junit=lambda: "<x/>", markdown=lambda: "text"):
            shown.append("figures")
            return 0

    with pytest.raises(BadInput, match=r"x\.xml"):
        measured()
    assert shown == ["figures"]
    assert (tmp_path / "b" / "x.md").read_text() == "text"


def test_a_check_that_ends_the_work_is_a_failed_case(tmp_path: Path) -> None:
    files = ResultFiles(tmp_path / "x.xml", tmp_path / "x.md")
    with pytest.raises(CheckFailed), files.also_when_it_fails("edgeser.bench"):
        raise CheckFailed("the firmware does not fit mps2-an500: by 9 bytes")
    found = cases((tmp_path / "x.xml").read_text())
    assert list(found) == ["it runs"]
    assert "does not fit mps2-an500: by 9 bytes" in str(found["it runs"])
    assert "does not fit" in (tmp_path / "x.md").read_text()


def test_a_benchmark_without_a_budget_has_a_case() -> None:
    ran = BenchReport("m", BOARD, Figures(inference_ms=TIME), (2.0,))
    assert cases(bench_junit(Benchmark.of(ran))) == {"it runs": None}
    held = replace(ran, budgets=check("latency", 1.0, TIME))
    assert list(cases(bench_junit(Benchmark.of(held)))) == ["it runs", "budget: latency"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("calibrate", "none", "--out"),
        ("lint", "none.tflite", "--sarif"),
        ("lint", "none.tflite", "--markdown"),
        ("bench", "none.tflite", "--junit"),
        ("parity", "none", "--device", "emulator", "--markdown"),
    ],
)
def test_every_command_looks_at_its_file_before_the_work_and_replaces_no_device(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert app._run([*arguments, str(fifo)]) == 2
    assert "is not a regular file" in capsys.readouterr().err
    assert fifo.is_fifo()


def test_a_board_is_held_to_the_slow_end_an_emulator_to_the_middle() -> None:
    ticks = (1000, 1000, 1000, 1000, 9000)
    held = Clock(None, 1_000_000, 800.0, BOARD).held_to_budget(ticks)
    assert (held.value, held.evidence) == (pytest.approx(5.8), Evidence.MEASURED)
    assert "90th percentile of 5" in held.source
    emulated = Clock(MPS2_AN500, 25_000_000, 800.0, BOARD)
    assert emulated.held_to_budget(ticks) == emulated.milliseconds(emulated.cost(ticks))
