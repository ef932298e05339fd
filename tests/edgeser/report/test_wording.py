"""Reports say "label" where labels are no emotions, and of whom nobody knows beside every score."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from edgeser.report import terminal
from edgeser.report.contents import ReportContents
from edgeser.report.html import render_html
from edgeser.report.markdown import report_markdown

WORDS = ("down", "go", "left", "no", "silence", "unknown")
Render = Callable[[ReportContents], str]


def on_terminal(contents: ReportContents) -> str:
    out = StringIO()
    Console(file=out, width=200, highlight=False).print(terminal.run_summary(contents))
    return out.getvalue()


RENDERERS = pytest.mark.parametrize("render", [render_html, report_markdown, on_terminal])


def emotional(contents: ReportContents) -> ReportContents:
    """Return a report with a title of its own kind."""
    assert contents.corpus is not None
    title = f"example: {contents.corpus.words.title.format(corpus='made-up corpus')}"
    return replace(contents, title=title, statement=f"Measured. {contents.words.limits}")


@pytest.fixture
def of_labels(whole: ReportContents) -> ReportContents:
    assert whole.corpus and whole.float_metrics and whole.int8_metrics
    corpus = replace(
        whole.corpus,
        label_kind="any",
        class_counts=tuple((name, 681) for name in WORDS),
        anonymous=(45, 10, 15),
        anonymous_names=(45, 10, 15),
    )
    return emotional(
        replace(
            whole,
            corpus=corpus,
            float_metrics=replace(whole.float_metrics, anonymous=15),
            int8_metrics=replace(whole.int8_metrics, anonymous=15),
        )
    )


@RENDERERS
def test_a_report_on_other_labels_never_says_emotion(
    render: Render, of_labels: ReportContents
) -> None:
    assert "emotion" not in render(of_labels).lower()


@RENDERERS
def test_a_report_on_emotions_says_so(render: Render, whole: ReportContents) -> None:
    assert "emotion" in render(emotional(whole)).lower()


def test_the_table_of_classes_is_headed_by_their_kind(
    whole: ReportContents, of_labels: ReportContents
) -> None:
    assert '<th scope="col">emotion</th>' in render_html(whole)
    assert '<th scope="col">label</th>' in render_html(of_labels)


def test_every_section_with_scores_says_of_whom_nobody_knows(of_labels: ReportContents) -> None:
    html = render_html(of_labels)
    for section in ("recognition", "groups", "conditions", "training"):
        found = re.search(rf'<section id="{section}".*?</section>', html, re.DOTALL)
        assert found is not None, section
        text = found[0].replace("\u00a0", " ")
        assert "clips the speaker is not known" in text, section
    text = report_markdown(of_labels)
    for heading in ("## By group", "## By recording condition"):
        assert "clips the speaker is not known" in text.split(heading)[1].split("\n## ")[0]
    assert "clips the speaker is not known" in on_terminal(of_labels)
    assert "Divided by speaker where the speaker is known" in html


def test_nothing_of_that_is_said_where_all_speakers_are_known(whole: ReportContents) -> None:
    for text in (render_html(whole), report_markdown(whole), on_terminal(whole)):
        assert "the speaker is not known" not in text
