"""What reaches a frontend, shown: names steer nothing, every format says the same."""

from __future__ import annotations

import json
import re
from io import StringIO
from types import ModuleType
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from rich.console import Console

from edgeser.acceptance.diagnose import diagnose
from edgeser.acceptance.faults import CHECKED, AcceptReport, Fault, Finding
from edgeser.report.accepted import accept_junit, accept_markdown, accept_tables, render_accept
from edgeser.report.schemas.accepted import accept_json
from edgeser.report.schemas.form import dump_json
from tests.edgeser.report.hostile import EVIL, Page, controls, outline, poisoned

RATE = 16_000


@pytest.fixture
def report(example: ModuleType) -> AcceptReport:
    """Lost samples and an offset, one check not judged, drift beside it."""
    noise = np.random.default_rng(0).normal(0, 1500, 3 * RATE)
    played = np.convolve(noise, np.ones(6) / 3)[: len(noise)].astype(np.int16)
    samples = np.concatenate([played[:20_000], played[20_512:]]) + np.int16(700)
    found = diagnose(samples, RATE, played=played, played_level=True)
    assert found.faults == (Fault.DC, Fault.LOST)
    return AcceptReport(
        device="serial:/dev/ttyACM0",
        road="over the wire",
        source="play-001.wav",
        samples=samples,
        sample_rate=RATE,
        findings=found.findings,
        unjudged={**found.unjudged, Fault.UNLIKE: "mend that first"},
        limits={Fault.GAIN: "0.7 times what was sent"},
        lags=found.lags,
        feature_values=100,
        feature_differences=0,
        clipped_features=0.01,
        drift=example.drift(),
        caveats=("its microphone was not judged",),
    )


def terminal(report: AcceptReport) -> str:
    out = StringIO()
    Console(file=out, width=80, highlight=False).print(accept_tables(report))
    return out.getvalue()


def test_every_format_names_each_fault_and_what_to_change(report: AcceptReport) -> None:
    html = re.sub(r"\s+", " ", render_accept(report).replace("\u00a0", " "))
    whole = re.sub(r"\s+", " ", terminal(report))
    for finding in report.findings:
        assert finding.sentence in whole and finding.change in whole
        assert finding.change.split(":")[0] in html.replace("&#39;", "'")
    told = "0.7 times what was sent"
    assert f"passed, the gain is not off by a shift of bits: {told}" in whole
    assert told in html and told in accept_markdown(report)
    assert [c["limit"] for c in accept_json(report)["checks"] if c["limit"]] == [told]
    assert html.count("<svg") == 3
    table = json.loads(dump_json(accept_json(report)))
    assert [found["fault"] for found in table["findings"]] == ["offset", "lost samples"]
    assert {check["fault"]: check["passed"] for check in table["checks"]} == {
        fault.value: None if fault is Fault.UNLIKE else fault not in (Fault.DC, Fault.LOST)
        for fault in CHECKED
    }
    assert table["findings"][1]["figures"]["samples"]["value"] == 512
    suite = ET.fromstring(accept_junit(report))[0]  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("13", "2", "1")
    assert accept_markdown(report).count("| failed |") == 2


@EVIL
def test_no_name_steers_what_is_shown(evil: str, report: AcceptReport) -> None:
    bad, plain = (poisoned(report, name) for name in (evil, "name"))
    assert not controls(terminal(bad))
    found, same = Page(render_accept(bad)), Page(render_accept(plain))
    assert found.elements == same.elements and found.attributes == same.attributes
    assert not controls(render_accept(bad))
    assert outline(accept_markdown(bad)) == outline(accept_markdown(plain))
    assert not controls(accept_markdown(bad))
    trees = (ET.fromstring(accept_junit(r).encode()) for r in (bad, plain))  # noqa: S314
    tags = [[element.tag for element in tree.iter()] for tree in trees]
    assert tags[0] == tags[1]
    assert json.loads(dump_json(accept_json(bad)))["source"] == evil


def test_sound_samples_pass_in_every_format(report: AcceptReport) -> None:
    from dataclasses import replace

    sound = replace(report, findings=(), unjudged={}, lags=np.empty((0, 2)), drift=None)
    assert sound.passed and "as it should be" in terminal(sound)
    assert 'failures="0"' in accept_junit(sound)
    assert "failed" not in accept_markdown(sound)
    assert render_accept(sound).count("<svg") == 2
    features = Finding(Fault.FEATURES, "x", "y")
    assert not replace(sound, findings=(features,)).passed
