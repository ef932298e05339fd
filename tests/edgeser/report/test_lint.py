"""The lint's formats, and the page of the rules."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from edgeser.report.lint import lint_junit, lint_markdown, lint_sarif, rules_page
from edgeser.report.schemas.lint import LINT_SCHEMA, lint_json
from quantize.edgetpu.failures import FAILURES
from quantize.edgetpu.lint import Finding, LintReport, Placement
from quantize.edgetpu.rules import RULES

DOCS = Path(__file__).resolve().parents[3] / "docs"
HOSTILE = "a|b\n<img>\x1b[31m@all"


@pytest.fixture
def failing() -> LintReport:
    rule = RULES["supported-operator"]
    findings = (
        Finding(rule, 1, HOSTILE, "GELU is not on it", "use RELU6"),
        Finding(RULES["one-input"], None, "the model", "there are 2", "concatenate"),
    )
    placements = (
        Placement(0, "CONV_2D", 3, "operator 0", "edgetpu", ""),
        Placement(1, "GELU", 1, HOSTILE, "cpu", "not on it"),
    )
    return LintReport("models/x y.tflite", placements, findings)


def test_the_page_of_the_rules_is_in_step() -> None:
    written = (DOCS / "edgetpu-rules.md").read_text("utf-8")
    assert written == rules_page(), "run: edgeser lint --rules > docs/edgetpu-rules.md"


def test_every_rule_and_operator_is_on_the_page() -> None:
    page = rules_page().replace("\\", "")
    for rule in RULES.values():
        assert f"### `{rule.id}`\n\n{rule.text}\n" in page
        assert rule.fix in page
        assert rule.source in page
    assert "| CONV_2D | 1 to 3 | from 5 on | all |" in page
    for failure in FAILURES:
        assert " ".join(failure.example.split()) in " ".join(page.split())
        assert failure.meaning in page


def test_junit_has_a_case_for_each_operator(failing: LintReport) -> None:
    (suite,) = ET.fromstring(lint_junit(failing))  # noqa: S314  our own
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    (failed,) = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed.get("name") == "operator 1, GELU, maps to the Edge TPU"
    failure = failed.find("failure")
    assert failure is not None and "runs on the CPU: not on it" in str(failure.text)
    (empty,) = ET.fromstring(lint_junit(LintReport("x", (), ())))  # noqa: S314  our own
    assert empty.get("failures") == "1"


def test_sarif_names_rules_places_and_files(failing: LintReport) -> None:
    sarif = lint_sarif(failing, uri="models/x y.tflite", version="1.2")
    (run,) = sarif["runs"]
    driver = run["tool"]["driver"]
    assert sarif["version"] == "2.1.0"
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    first, second = run["results"]
    assert driver["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "supported-operator"
    assert (first["level"], second["level"]) == ("error", "warning")
    artifact = first["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "models/x%20y.tflite", "uriBaseId": "%SRCROOT%"}
    assert "\n" not in first["locations"][0]["logicalLocations"][0]["name"]
    assert "logicalLocations" not in second["locations"][0]
    assert first["partialFingerprints"] != second["partialFingerprints"]
    json.dumps(sarif, allow_nan=False)


def test_markdown_escapes_names(failing: LintReport) -> None:
    text = lint_markdown(failing)
    assert text.startswith("## Edge TPU lint: failed\n")
    assert "<img>" not in text
    assert "\x1b" not in text
    assert "1 of 2 operators map" in text
    assert "| error | supported-operator |" in text


def test_json_says_what_it_is(failing: LintReport) -> None:
    value = lint_json(failing)
    assert value["schema"] == LINT_SCHEMA
    assert (value["passed"], value["mapped"], value["operators"]) == (False, 1, 2)
    row = next(
        line
        for line in (DOCS / "command-json.md").read_text("utf-8").splitlines()
        if line.startswith(f"| `{LINT_SCHEMA}` |")
    )
    nested = {key for part in ("placements", "findings") for key in value[part][0]}
    for key in {*value, *nested} - {"schema"}:
        assert f"`{key}`" in row or f"`{key}[]`" in row, key
