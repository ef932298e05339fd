"""Hostile names, records full of them, and what shows that a rendering obeyed one.

The records are walked, so that a field that is added is tried as well.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest

from edgeser.evaluation.conditions import ConditionRow
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.metrics import Metrics
from edgeser.report.contents import ReportContents
from quantize.edgetpu.lint import Finding, LintReport, Placement
from quantize.edgetpu.rules import RULES

HOSTILE = {
    "escape": "conv\x1b[31m\x1b]0;owned\x07",
    "newline": "conv\nfully int8: yes\n# heading\n| a | b |\n- item",
    "return": "conv\rpassed",
    "nul": "conv\x00x",
    "rich": "[/red][bold]x[/]:smile:",
    "comment": "*/ int injected; /*",
    "many stars": "**//**/*/",
    "trigraph": "??/",
    "trigraphs": "?????/\"",
    "shell": "$(touch WAS-RUN)",
    "make": "$(shell touch WAS-RUN)",
    "backtick": "`touch WAS-RUN`",
    "html": "</script></pre></title><script>alert(1)</script><img src=x onerror=x>",
    "attribute": "\" onmouseover=\"x' onclick='y",
    "cdata": "]]><!--",
    "pipe": "a | b \\| c \\",
    "link": "[x](javascript:x) @all #1",
    "direction": "abc\u202edef\u2066",
    "line ends": "a\u2028b\u2029c\x85d",
    "surrogate": "half \ud800 pair \udcff",
    "no characters of XML": "\ufffe\uffff\x0b",
    "long": "n" * 10_000,
    "template": "{{ 7 * 7 }}{% x %}{name}%s",
}  # fmt: skip


EVIL = pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE.keys())


OURS = {"dtype", "unit", "interval_kind", "memory", "created", "label_kind"}
"""Fields of text that no file gives."""


def poisoned(value: Any, evil: str) -> Any:
    """Return a copy of a record in which every text that may come from a file is `evil`."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return evil
    if isinstance(value, tuple):
        return tuple(poisoned(item, evil) for item in value)
    if isinstance(value, dict):
        return {poisoned(k, evil): poisoned(item, evil) for k, item in value.items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, ConditionRow) and value.name == "clean":  # by which it is found
        return dataclasses.replace(
            poisoned(dataclasses.replace(value, name=""), evil), name="clean"
        )
    copy = object.__new__(type(value))
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        new = old if field.name in OURS and isinstance(old, str) else poisoned(old, evil)
        object.__setattr__(copy, field.name, new)
    return copy


def lint_report(name: str) -> LintReport:
    findings = (
        Finding(RULES["supported-operator"], 1, name, name, name),
        Finding(RULES["one-input"], None, name, name, name),
    )
    placements = (
        Placement(0, name, 3, name, "edgetpu", name),
        Placement(1, name, 1, name, "cpu", name),
    )
    return LintReport(name, placements, findings)


def scores(
    contents: ReportContents,
) -> tuple[Metrics, Metrics, tuple[GroupScore, ...], GroupVerdict]:
    assert contents.float_metrics and contents.int8_metrics and contents.groups_verdict
    both = contents.float_metrics, contents.int8_metrics
    return (*both, contents.groups, contents.groups_verdict)


def controls(text: str) -> set[str]:
    """Return the characters of `text` that are not shown as they are, but for ends of lines."""
    return {c for c in set(text) - {"\n", "\u00a0"} if not c.isprintable()}


class Page(HTMLParser):
    """Count elements, and collect the names of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {name for name, _ in attrs}


BAR = re.compile(r"(?<!\\)(?:\\\\)*\|")


START = re.compile(r"#* ?-? ?")


def outline(text: str) -> list[str]:
    """Return the form of Markdown: headings, items, and tables by their number of columns."""
    form = []
    for line in text.splitlines():
        if line.startswith("|"):
            form.append(f"{len(BAR.findall(line)) - 1} columns")
        else:
            start = START.match(line)
            form.append((start.group() if start else "") + ("text" if line else ""))
    return form
