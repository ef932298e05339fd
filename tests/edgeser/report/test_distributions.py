"""Scores against listeners' votes are in every form of the report, and only where there are any."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from edgeser.evaluation.metrics import Metrics
from edgeser.report import terminal
from edgeser.report.contents import ReportContents
from edgeser.report.figures import figure
from edgeser.report.html import render_html
from edgeser.report.markdown import report_markdown
from edgeser.report.schemas.evaluate import evaluate_json
from edgeser.report.schemas.run_report import report_json

NAME = "KL divergence"


def shown(contents: ReportContents) -> str:
    out = StringIO()
    Console(file=out, width=80, highlight=False).print(terminal.run_summary(contents))
    return out.getvalue()


def without_votes(contents: ReportContents) -> ReportContents:
    def bare(metrics: Metrics) -> Metrics:
        return replace(metrics, distributions=None)

    assert contents.parity and contents.float_metrics and contents.int8_metrics
    parity = replace(
        contents.parity,
        float_metrics=bare(contents.parity.float_metrics),
        int8_metrics=bare(contents.parity.int8_metrics),
    )
    return replace(
        contents,
        parity=parity,
        float_metrics=bare(contents.float_metrics),
        int8_metrics=bare(contents.int8_metrics),
    )


def test_every_form_shows_float_and_int8_with_intervals(whole: ReportContents) -> None:
    assert whole.float_metrics and whole.int8_metrics
    of_float, of_int8 = whole.float_metrics.distributions, whole.int8_metrics.distributions
    assert of_float and of_int8
    markdown, terminal_text = report_markdown(whole), shown(whole)
    html = render_html(whole).replace("\u00a0", " ")
    for text in (markdown, terminal_text, html):
        assert NAME in text
        for scores in (of_float, of_int8):
            assert figure(scores.kl) in text
            assert figure(scores.clark) in text
    assert figure(of_float.kl, interval=True) in markdown
    assert f"{of_float.clips} clips" in terminal_text


def test_machines_are_given_figures(whole: ReportContents) -> None:
    assert whole.float_metrics and whole.float_metrics.distributions
    for found in (report_json(whole), evaluate_json(whole.float_metrics)):
        scores = found["float"]["distributions"]
        assert scores["kl"] == whole.float_metrics.distributions.kl.to_json()
        assert scores["kl"]["unit"] == "nats"
        assert len(scores["kl"]["interval"]) == 2
        assert scores["clips"] == 576


def test_where_nobody_voted_nothing_is_shown(whole: ReportContents) -> None:
    bare = without_votes(whole)
    for text in (report_markdown(bare), shown(bare), render_html(bare)):
        assert NAME not in text
        assert "listeners" not in text
    assert report_json(bare)["float"]["distributions"] is None
