"""A hostile name in every field that comes from outside: no document has an element more."""

from __future__ import annotations

import dataclasses
import json
import re
from io import StringIO
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from edgeser.benchmark.bench_report import Benchmark
from edgeser.benchmark.target_parity import Parity
from edgeser.report import bench, junit, markdown, model_card
from edgeser.report.contents import ReportContents
from edgeser.report.drift import drift_tables
from edgeser.report.html import render_html
from edgeser.report.lint import lint_markdown, lint_sarif
from edgeser.report.schemas.drift import drift_json
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.parity import float_parity
from edgeser.report.schemas.run_report import report_json
from quantize.foundation.measurement import Measurement
from tests.edgeser.report.hostile import (
    EVIL,
    Page,
    controls,
    lint_report,
    outline,
    poisoned,
    scores,
)


def markdowns(contents: ReportContents, name: str) -> dict[str, str]:
    assert contents.parity and contents.verdict and contents.bench and contents.device
    assert contents.device.parity
    return {
        "parity": markdown.float_parity_markdown(contents.parity, contents.verdict),
        "bench": bench.bench_markdown(contents.bench),
        "device": bench.bench_markdown(contents.device),
        "device parity": markdown.parity_markdown(held(contents)),
        "report": markdown.report_markdown(contents),
        "groups": markdown.groups_markdown(*scores(contents)),
        "lint": lint_markdown(lint_report(name)),
    }


def held(contents: ReportContents) -> Parity:
    assert contents.device and contents.device.parity
    return Parity(contents.device.target, against_host=contents.device.parity)


def junits(contents: ReportContents) -> dict[str, str]:
    assert contents.parity and contents.verdict and contents.bench and contents.device
    assert contents.device.parity
    return {
        "parity": junit.parity_junit(float_parity(contents.parity, contents.verdict)),
        "device parity": junit.parity_junit(held(contents)),
        "bench": bench.bench_junit(Benchmark.of(contents.bench)),
        "device": bench.bench_junit(Benchmark.of(contents.device)),
        "groups": junit.groups_junit(*scores(contents)),
    }


@EVIL
def test_drift_shows_names_harmlessly(evil: str, example: ModuleType) -> None:
    report = poisoned(example.drift(), evil)
    plain = poisoned(example.drift(), "name")
    out = StringIO()
    Console(file=out, width=80, highlight=False).print(drift_tables(report))
    assert not controls(out.getvalue())
    assert outline(markdown.drift_markdown(report)) == outline(markdown.drift_markdown(plain))
    assert not controls(markdown.drift_markdown(report))
    texts = (junit.drift_junit(report), junit.drift_junit(plain))
    found, same = (ET.fromstring(text) for text in texts)  # noqa: S314 - our own
    assert [element.tag for element in found.iter()] == [element.tag for element in same.iter()]
    assert json.loads(json.dumps(drift_json(report)))["planes"][0]["plane"] == evil


@pytest.fixture(scope="module")
def benign(failing: ReportContents) -> ReportContents:
    return poisoned(failing, "name")


@pytest.fixture(scope="module")
def benign_page(benign: ReportContents) -> Page:
    return Page(render_html(benign))


@pytest.fixture(scope="module")
def benign_markdowns(benign: ReportContents) -> dict[str, str]:
    return markdowns(benign, "name")


@pytest.fixture(scope="module")
def benign_junits(benign: ReportContents) -> dict[str, str]:
    return junits(benign)


@EVIL
def test_html_has_no_element_or_attribute_more(
    failing: ReportContents, benign_page: Page, evil: str
) -> None:
    html = render_html(poisoned(failing, evil))
    html.encode("utf-8")
    plain, found = benign_page, Page(html)
    # Drawings leave out what has no room; none has an element that a plain name does not give.
    assert set(found.elements) == set(plain.elements)
    for tag in ("script", "img", "title", "pre", "table", "h1", "h2", "section", "a", "tr", "td"):
        assert found.elements[tag] == plain.elements[tag], tag
    assert found.attributes == plain.attributes
    assert not controls(html)


@EVIL
def test_markdown_keeps_its_outline(
    failing: ReportContents, benign_markdowns: dict[str, str], evil: str
) -> None:
    for name, text in markdowns(poisoned(failing, evil), evil).items():
        text.encode("utf-8")
        assert outline(text) == outline(benign_markdowns[name]), name
        assert not controls(text), name
        raw = re.sub(r"\\.", "", text).replace("<sub>", "").replace("</sub>", "")
        assert not set(raw) & set("<>[]@~"), name


@EVIL
def test_junit_has_the_same_elements(
    failing: ReportContents, benign_junits: dict[str, str], evil: str
) -> None:
    for name, text in junits(poisoned(failing, evil)).items():
        found = ET.fromstring(text.encode("utf-8"))  # noqa: S314
        plain = ET.fromstring(benign_junits[name])  # noqa: S314
        assert [e.tag for e in found.iter()] == [e.tag for e in plain.iter()], name
        assert not controls(text), name


@EVIL
def test_json_gives_the_names_back(failing: ReportContents, evil: str) -> None:
    bad = poisoned(failing, evil)
    text = dump_json(report_json(bad))
    text.encode("ascii")
    assert not controls(text)
    assert json.loads(text)["title"] == evil
    sarif = json.dumps(lint_sarif(lint_report(evil), uri="m\udcff\n.tflite", version="1"))
    assert json.loads(sarif)["version"] == "2.1.0"
    assert "m%FF%0A.tflite" in sarif


@EVIL
def test_the_model_card_forges_no_line(evil: str, failing: ReportContents) -> None:
    assert failing.bench is not None
    figures = {evil: dataclasses.replace(failing.bench.inference, source=evil)}
    lines = model_card._figures(figures)
    assert outline("\n".join(lines)) == ["4 columns"] * 3
    assert all(isinstance(figure, Measurement) for figure in figures.values())
