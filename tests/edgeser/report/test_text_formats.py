from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console, RenderableType

from edgeser.report import terminal
from edgeser.report.bench import bench_markdown, bench_tables
from edgeser.report.contents import ReportContents
from edgeser.report.junit import parity_junit
from edgeser.report.markdown import float_parity_markdown, report_markdown
from edgeser.report.schemas.parity import float_parity


def shown(renderable: RenderableType, *, width: int = 80) -> str:
    out = StringIO()
    Console(file=out, width=width, highlight=False).print(renderable)
    return out.getvalue()


@pytest.fixture(params=["whole", "failing", "hostile"])
def contents(request: pytest.FixtureRequest) -> ReportContents:
    value = request.getfixturevalue(request.param)
    assert isinstance(value, ReportContents)
    return value


def test_terminal_fits_80_columns_and_steers_nothing(contents: ReportContents) -> None:
    assert contents.parity and contents.verdict and contents.bench
    assert contents.conditions and contents.ablation and contents.certainty and contents.hearing
    for renderable in (
        terminal.parity_tables(contents.parity, contents.verdict),
        bench_tables(contents.bench),
        terminal.condition_table(contents.conditions),
        terminal.hearing_table(contents.hearing),
        terminal.certainty_tables(contents.certainty),
        terminal.ablation_table(contents.ablation),
        terminal.run_summary(contents),
    ):
        text = shown(renderable)
        assert max(map(len, text.splitlines())) <= 80
        assert "\x1b" not in text and "\x00" not in text


def test_titles_of_conditions_stay_on_two_lines_in_the_widest_table(whole: ReportContents) -> None:
    assert whole.certainty
    text = shown(terminal.certainty_tables(whole.certainty))
    assert "gain: points of accuracy at 70 % coverage" in " ".join(text.split())
    row = replace(
        whole.certainty.rows[0], kind="condition", description="6 dB louder, clipped at full scale"
    )
    table = shown(terminal.certainty_tables(replace(whole.certainty, rows=(row,))))
    lines = table[table.index("6 dB") :].splitlines()
    assert lines[0].startswith("6 dB louder, clipped at ")
    assert lines[1].split() == ["full", "scale"]


def test_terminal_keeps_brackets_of_names(hostile: ReportContents) -> None:
    assert hostile.parity and hostile.verdict
    assert "[red]" in shown(terminal.parity_tables(hostile.parity, hostile.verdict), width=400)


def test_terminal_shows_the_figures(whole: ReportContents, bare: ReportContents) -> None:
    assert whole.parity and whole.verdict and whole.bench
    text = shown(terminal.parity_tables(whole.parity, whole.verdict))
    assert "parity passed" in text and f"{100 * whole.parity.int8_metrics.uar.value:.1f} %" in text
    assert "291.3 kB" in shown(bench_tables(whole.bench))
    assert "Nothing measured." in shown(terminal.run_summary(bare))


def test_junit_counts_what_it_holds(contents: ReportContents) -> None:
    assert contents.parity and contents.verdict
    root = ET.fromstring(parity_junit(float_parity(contents.parity, contents.verdict)))  # noqa: S314
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    failures = suite.findall("testcase/failure")
    assert int(suite.attrib["tests"]) == len(cases) == len(contents.verdict.checks)
    assert int(suite.attrib["failures"]) == len(failures) == len(contents.verdict.failures)
    assert (not failures) == contents.verdict.passed
    names = {p.attrib["name"] for p in suite.iter("property")}
    assert {"float.uar", "int8.uar", "max_lsb", "worst clip 1"} <= names


def test_markdown_tables_keep_their_columns(contents: ReportContents) -> None:
    text = report_markdown(contents)
    columns = 0
    for row in text.splitlines():
        if not row.startswith("|"):
            columns = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", row))
        assert columns in (0, cells), row
        columns = cells
    assert columns == 0 or text.endswith("|\n")


def test_markdown_escapes_names(hostile: ReportContents) -> None:
    text = report_markdown(hostile)
    assert "<script>" not in text.replace(r"\<", "")
    assert "[x](" not in text
    assert "\x1b" not in text


def test_markdown_shows_verdict_and_budgets(
    whole: ReportContents, failing: ReportContents, example: ModuleType
) -> None:
    assert whole.parity and whole.verdict and failing.parity and failing.verdict and failing.bench
    assert float_parity_markdown(whole.parity, whole.verdict).startswith(
        "## Float against int8: passed"
    )
    failed = float_parity_markdown(failing.parity, failing.verdict)
    assert failed.startswith("## Float against int8: failed")
    assert failed.count("\n- ") == 2
    assert "**BROKEN**" in bench_markdown(failing.bench)
    assert "BROKEN" not in bench_markdown(example.bench())
