"""Parity as JUnit XML, for the test panes of CI servers."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from edgeser.evaluation.parity import ParityReport
from edgeser.evaluation.verdict import Verdict
from edgeser.report.figures import evidence, figure, loss, printable, span

_SUITE = "edgeser.parity"


def parity_junit(report: ParityReport, verdict: Verdict) -> str:
    """Return one test suite: a case for each check of the verdict, the facts as properties."""
    root = ET.Element("testsuites", name="edgeser")
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_SUITE,
        tests=str(len(verdict.checks)),
        failures=str(len(verdict.failures)),
        errors="0",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _facts(report):
        ET.SubElement(properties, "property", name=name, value=printable(value))
    for check in verdict.checks:
        case = ET.SubElement(suite, "testcase", classname=_SUITE, name=printable(check.name))
        if check.failure is not None:
            text = printable(check.failure)
            ET.SubElement(case, "failure", message=text, type="parity").text = text
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _facts(report: ParityReport) -> list[tuple[str, str]]:
    drop = report.uar_drop
    facts = [
        ("clips", str(report.clips)),
        ("float.uar", figure(report.float_metrics.uar, interval=True)),
        ("int8.uar", figure(report.int8_metrics.uar, interval=True)),
        (
            "uar_drop, points",
            f"{loss(drop.value)} ({span(drop)})" if drop.interval else loss(drop.value),
        ),
        ("label_flip_rate", figure(report.label_flip_rate)),
        ("cosine.worst", figure(report.cosine_worst)),
        ("max_lsb", str(report.max_lsb)),
        ("evidence", evidence(report.int8_metrics.uar)),
    ]
    for runtime in report.runtimes:
        text = (
            f"{runtime.mismatches} of {runtime.values} values differ from {runtime.oracle.label}, "
            f"at most {runtime.max_lsb} LSB; {runtime.label_flips} label flips"
        )
        facts.append((f"runtime {runtime.runtime.label}", text))
    facts += [
        (f"worst clip {rank}", f"{clip.clip_id} ({clip.max_lsb} LSB)")
        for rank, clip in enumerate(report.worst_clips, 1)
    ]
    return facts
