"""Valence, arousal and dominance wherever a report shows them; nothing of them without."""

from __future__ import annotations

import dataclasses

from edgeser.report.contents import ReportContents
from edgeser.report.figures import figure
from edgeser.report.html import render_html
from edgeser.report.markdown import report_markdown
from edgeser.report.schemas.run_report import report_json
from edgeser.report.vad import vad_facts, vad_rows

CALLED = "derived for 320 of 576 clips, else rated"


def test_rows_say_what_the_values_are(failing: ReportContents) -> None:
    assert failing.parity and failing.parity.vad and failing.parity.vad.scores
    scores = failing.parity.vad.scores
    rows = vad_rows(scores)
    assert [row[0] for row in rows] == [
        f"{name} ({CALLED})" for name in ("valence", "arousal", "dominance")
    ]
    low, high = scores.scores[0].of_int8.interval or (0.0, 0.0)
    value = scores.scores[0].of_int8.value
    assert rows[0][2] == f"{value:.3f} ({low:.3f} to {high:.3f})"
    assert low < value < high
    assert "576 that have values of " in scores.scores[0].of_int8.source
    assert "576 clips of 8 speakers" in vad_facts(failing.parity.vad)


def test_reports_have_them_and_the_coordinates_source(
    failing: ReportContents, whole: ReportContents
) -> None:
    for text in (render_html(failing), report_markdown(failing)):
        assert "Valence, arousal, dominance" in text
        assert CALLED in text
        assert "made-up coordinates" in text
        assert "derived from votes, not rated, for 320 of 576 clips" in text
    assert "Valence" not in render_html(whole)
    assert "vad" not in report_json(whole)["parity"]["float_against_int8"]
    assert report_json(failing)["corpus"]["vad"]["derived"] == (1323, 228, 320)
    assert report_json(failing)["training"]["epochs"][-1]["development_ccc"] == 0.4


def test_a_page_sets_intervals_apart_so_that_a_phone_shows_float_and_int8(
    failing: ReportContents,
) -> None:
    assert failing.parity and failing.parity.vad and failing.parity.vad.scores
    score = failing.parity.vad.scores.scores[0]
    html = render_html(failing)
    for measured in (score.of_float, score.of_int8, score.drop):
        low, high = measured.interval or (0.0, 0.0)
        assert f'{figure(measured)}</span> <span class="range">' in html
        assert f"{low:.3f}" in html and f"{high:.3f}" in html
    assert f"Concordance of int8: valence {figure(score.of_int8)}" in html
    assert f"(values {CALLED})" in html


def test_nothing_lost_has_no_sign(failing: ReportContents) -> None:
    assert failing.parity and failing.parity.vad and failing.parity.vad.scores
    drop = dataclasses.replace(failing.parity.vad.scores.scores[0].drop, value=-0.0004)
    assert figure(drop) == "0.000"
    assert figure(dataclasses.replace(drop, value=-0.0006)) == "-0.001"
