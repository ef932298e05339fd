"""The report as one HTML file: no script, no network, readable on a desk, a phone and paper."""

from __future__ import annotations

import functools
import re

import jinja2

from edgeser.report import figures
from edgeser.report.certainty import certainty_part
from edgeser.report.charts.report import charts_of
from edgeser.report.contents import ReportContents
from edgeser.report.distributions import DISTRIBUTION_NOTE, distribution_rows
from edgeser.report.drift import DRIFT_HEAD, DRIFT_NOTE, drift_rows, level_line
from edgeser.report.groups import groups_part
from edgeser.report.hearing import HEARING_TITLE, hearing_head, hearing_note, hearing_rows
from edgeser.report.levels import LEVEL_HEAD, LEVEL_NOTE, level_rows
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.run_report import report_json
from edgeser.report.summary import key_figures, noisiest_layers, readings
from edgeser.report.vad import VAD_HEAD, vad_facts, vad_rows

_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|B|kB|MB|dB|LSB|points)\b|%)")
_WHAT = (
    "{model} made small enough for a microcontroller: how well it recognises, how close its int8 "
    "form is to the float model it came from, and what it costs to run."
)


def render_html(contents: ReportContents) -> str:
    """Return the whole report as one HTML document.

    Raises
    ------
    CheckFailed
        When a figure that it would show is NaN or infinite; the message says which.
    """
    vad = None if contents.parity is None else contents.parity.vad
    dump_json(report_json(contents))  # the one walk through every figure: refuses NaN
    return page("report.html.j2").render(
        contents=contents,
        what=_WHAT.format(model=contents.words.model),
        keys=key_figures(contents),
        readings=readings(contents),
        charts=charts_of(contents),
        noisiest=noisiest_layers(contents),
        distributions=distribution_rows(contents.float_metrics, contents.int8_metrics),
        distribution_note=DISTRIBUTION_NOTE,
        level_head=LEVEL_HEAD,
        level_rows=[] if contents.corpus is None else level_rows(contents.corpus),
        level_note=LEVEL_NOTE,
        sure=None if contents.certainty is None else certainty_part(contents.certainty),
        people=groups_part(contents.groups, contents.groups_verdict),
        drift_head=DRIFT_HEAD,
        drift_rows=[] if contents.drift is None else drift_rows(contents.drift),
        drift_level="" if contents.drift is None else level_line(contents.drift),
        drift_note=DRIFT_NOTE,
        vad_head=VAD_HEAD,
        vad_rows=vad_rows(vad.scores) if vad is not None and vad.scores is not None else [],
        hearing_title=HEARING_TITLE,
        hearing_head=() if contents.hearing is None else hearing_head(contents.hearing),
        hearing_rows=[] if contents.hearing is None else hearing_rows(contents.hearing),
        hearing_note="" if contents.hearing is None else hearing_note(contents.hearing),
        vad_facts="" if vad is None else vad_facts(vad),
    )


def _prose(text: str) -> str:
    """Return one line of text in which a number keeps its unit beside it."""
    return _UNIT.sub("\u00a0", figures.printable(text))


def _block(text: str) -> str:
    """Return text of many lines without any other control character."""
    return "\n".join(figures.printable(line) for line in text.splitlines())


@functools.cache
def page(name: str) -> jinja2.Template:
    """Return a template of ours, with the figures' filters."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("edgeser.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        figure=figures.figure,
        span=figures.span,
        evidence=figures.evidence,
        points=figures.points,
        point_span=figures.point_span,
        loss=figures.loss,
        printable=figures.printable,
        prose=_prose,
        block=_block,
        origin=figures.origin,
    )
    environment.globals.update(
        number=figures.number,
        percent_span=figures.percent_span,
        bench_remarks=figures.bench_remarks,
        bench_rows=figures.bench_rows,
        costs_by_kind=figures.costs_by_kind,
        count=figures.count,
    )
    return environment.get_template(name)
