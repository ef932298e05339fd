"""Results as files for CI: looked at before the work, written whole after it."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from edgeser.benchmark.budget import NO_LIMITS, Limits, check
from edgeser.benchmark.records import DeviceParity
from edgeser.cli.results import ResultFiles
from edgeser.report import edge_tpu, junit, markdown
from quantize.edgetpu.difference import OutputDifference, Tolerances
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement

SAME = DeviceParity(5, "of a test", 100, 0, 30, 0, "")
OTHER = DeviceParity(5, "of a test", 100, 2, 30, 1, "clip x|y, frame 3")
TIME = Measurement(2.0, "ms", Evidence.MEASURED, "a clock")


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
    assert cases(junit.device_parity_junit(SAME)) == {
        "features as on the host": None,
        "outputs as on the host": None,
    }
    assert "Device against host: passed" in markdown.device_parity_markdown(SAME)


def test_a_device_that_differs_fails_with_the_first_difference() -> None:
    found = cases(junit.device_parity_junit(OTHER))
    assert all(text and "clip x|y, frame 3" in text for text in found.values())
    text = markdown.device_parity_markdown(OTHER)
    assert "Device against host: failed" in text
    assert r"clip x\|y" in text


def test_a_comparison_of_nothing_fails() -> None:
    nothing = DeviceParity(0, "of a test", 0, 0, 0, 0, "")
    assert cases(junit.device_parity_junit(nothing))["something was compared"] == "nothing was"


@pytest.mark.parametrize("flips", [0, 1])
def test_an_edge_tpus_tolerances_are_cases(flips: int) -> None:
    found = OutputDifference(10, 60, ((0, 59), (1, 1)), flips, Tolerances(max_flips=0.05))
    failed = cases(edge_tpu.parity_junit(found))
    assert failed["largest difference in steps"] is None
    assert (failed["label flips"] is None) == (flips == 0)
    assert ("passed" in edge_tpu.parity_markdown(found)) == (flips == 0)


def test_budgets_are_cases_and_nothing_is_held_that_nobody_asked() -> None:
    assert check("latency", NO_LIMITS.latency_ms, TIME) == ()
    assert check("flash", 10, None) == ()
    held = (*check("latency", 1.5, TIME), *check("memory", 3, TIME))
    found = {case.name: case.failure for case in junit.budget_cases(held)}
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
    files.write(junit=lambda: "<x/>", markdown=lambda: "text\n")
    assert (tmp_path / "deep" / "x.xml").read_text() == "<x/>"
    assert (tmp_path / "deep" / "x.md").read_text() == "text\n"
    assert summary.read_text() == "before\ntext\n"


def test_nothing_is_rendered_that_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def wrong() -> str:
        raise AssertionError

    ResultFiles(None, None).write(junit=wrong, markdown=wrong)


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
