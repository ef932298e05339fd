"""Parity and budgets as JUnit XML, for the test panes of CI servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from edgeser.benchmark.target_parity import Parity
from edgeser.evaluation.drift import DriftReport
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.metrics import Metrics
from edgeser.report.figures import (
    evidence,
    figure,
    loss,
    printable,
    span,
)
from edgeser.report.groups import worst_line


@dataclass(frozen=True, slots=True)
class Case:
    """A check: its name, and why it failed, or could not be made, where that is so."""

    name: str
    failure: str | None = None
    skipped: str | None = None

    @classmethod
    def held(cls, name: str, passed: bool, what: str) -> Case:
        """Return the case of a check that passed, or failed with `what` for a reason."""
        return cls(name, None if passed else what)


RAN = Case("it runs")
"""Of a benchmark that came to its end: without a budget there is no other case, and CI servers
take a suite without cases for a mistake."""


def parity_junit(parity: Parity) -> str:
    """Return one test suite: a case for each check, the facts as properties."""
    cases = [Case(check.name, check.failure) for check in parity.checks]
    held = parity.against_host
    facts = [("target", parity.target.description)]
    if held is not None:
        facts.append(("inputs", held.source))
    elif parity.report is not None:
        facts = _facts(parity.report)
    return suite_xml("edgeser.parity", cases, facts)


def groups_junit(
    of_float: Metrics,
    of_int8: Metrics,
    groups: Sequence[GroupScore],
    verdict: GroupVerdict,
    further: Sequence[Case] = (),
) -> str:
    """Return one test suite: a case for each gap that was judged, the facts as properties.

    `further` are cases of what else was judged of the same clips.
    """
    cases = [RAN, *(Case(check.name, check.failure) for check in verdict.checks)]
    cases += [*(Case(name, skipped=why) for name, why in verdict.skipped), *further]
    facts = [
        ("clips", str(of_float.clips)),
        ("float.uar", figure(of_float.uar, interval=True)),
        ("int8.uar", figure(of_int8.uar, interval=True)),
        ("worst speaker", worst_line(groups)),
    ]
    return suite_xml("edgeser.evaluate", cases, facts)


def drift_cases(report: DriftReport) -> list[Case]:
    """Return a case for each plane's index and clipping, and for the level."""
    return [Case(check.name, check.failure) for check in report.checks]


def drift_junit(report: DriftReport) -> str:
    """Return one test suite: what was judged of recordings, the indices as properties."""
    facts = [(f"PSI of {plane.plane}", f"{plane.psi.value:.4f}") for plane in report.planes]
    facts += [("recordings", report.source), ("against", report.reference_source)]
    return suite_xml("edgeser.drift", drift_cases(report), facts)


def suite_xml(suite_name: str, cases: Sequence[Case], facts: Iterable[tuple[str, str]]) -> str:
    """Return a document with one suite; the facts are its properties."""
    root = ET.Element("testsuites", name="edgeser")
    failures = sum(case.failure is not None for case in cases)
    skipped = sum(case.skipped is not None for case in cases)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=suite_name,
        tests=str(len(cases)),
        failures=str(failures),
        errors="0",
        skipped=str(skipped),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in facts:
        ET.SubElement(properties, "property", name=printable(name), value=printable(value))
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=suite_name, name=printable(case.name))
        if case.failure is not None:
            text = printable(case.failure)
            kind = suite_name.partition(".")[2]
            ET.SubElement(element, "failure", message=text, type=kind).text = text
        elif case.skipped is not None:
            ET.SubElement(element, "skipped", message=printable(case.skipped))
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
