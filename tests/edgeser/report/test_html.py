from __future__ import annotations

import re
from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from edgeser.benchmark.bench_report import Figures
from edgeser.report.charts.images import ColourMap, png_data_uri
from edgeser.report.contents import ReportContents
from edgeser.report.html import render_html
from edgeser.report.markdown import report_markdown
from quantize.foundation.errors import BadInput, CheckFailed, InternalError

VOID = {"meta", "br", "link", "img", "hr", "input"}
FORBIDDEN = {"script", "iframe", "object", "embed", "link", "base", "form", "foreignobject"}


class Page(HTMLParser):
    """Collects what the tests ask for, and checks that tags nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module", params=["whole", "failing", "bare", "hostile"])
def html(request: pytest.FixtureRequest) -> str:
    return render_html(request.getfixturevalue(request.param))


def test_loads_nothing_and_runs_nothing(html: str) -> None:
    page = parsed(html)
    assert {tag for tag, _ in page.tags} & FORBIDDEN == set()
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name in {"href", "src", "xlink:href", "srcset", "action"}:
                assert value is not None
                assert value.startswith(("#", "data:image/png;base64,")), f"<{tag} {name}={value}>"
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    csp = next(a for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert str(csp["content"]).startswith("default-src 'none'")


def test_is_accessible(html: str) -> None:
    page = parsed(html)
    tags = page.tags
    assert next(a for t, a in tags if t == "html")["lang"] == "en"
    assert sum(t == "h1" for t, _ in tags) == 1
    assert sum(t == "main" for t, _ in tags) == 1
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in tags:
        if tag == "svg":
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"
        if tag == "th":
            assert attributes.get("scope") in {"col", "row"}
        for name in ("aria-labelledby",):
            assert name not in attributes or attributes[name] in ids
        if tag == "a":
            assert str(attributes["href"]).removeprefix("#") in ids


def test_every_table_and_figure_names_its_evidence(whole: ReportContents) -> None:
    html = render_html(whole)
    for figure in re.findall(r"<figure>.*?</figure>", html, re.DOTALL):
        assert "<figcaption>" in figure
    for identity in (
        "recognition",
        "groups",
        "hearing",
        "conditions",
        "certainty",
        "ablation",
        "parity",
        "cost",
    ):
        section = re.search(rf'<section id="{identity}".*?</section>', html, re.DOTALL)
        assert section is not None
        for table in re.findall(r"<table.*?</table>", section.group(), re.DOTALL):
            assert 'class="badge measured"' in table
    assert html.count('class="key"') == 5


def test_hostile_names_stay_text(hostile: ReportContents) -> None:
    html = render_html(hostile)
    assert "<script" not in html.lower()
    assert "alert(1)" in "".join(parsed(html).text)
    for character in ("\x1b", "\x00", "\ufffe"):
        assert character not in html


def test_shows_only_what_there_is(bare: ReportContents, whole: ReportContents) -> None:
    assert "<section" not in render_html(bare)
    without = render_html(
        replace(whole, conditions=None, certainty=None, ablation=None, features=None, hearing=None)
    )
    assert 'id="certainty"' not in without and 'id="hearing"' not in without
    assert 'id="conditions"' not in without and 'id="ablation"' not in without
    assert 'id="features"' not in without and 'id="parity"' in without
    for name in ("parity", "bench", "corpus", "training", "recipe", "environment"):
        gone = {name: None} | ({"verdict": None} if name == "parity" else {})
        parsed(render_html(replace(whole, **gone)))
    for name in ("float_metrics", "int8_metrics"):
        parsed(render_html(replace(whole, **{name: None})))


@pytest.mark.parametrize("part", ["bench", "device"])
def test_any_figure_of_a_benchmark_may_be_absent(part: str, whole: ReportContents) -> None:
    report = getattr(whole, part)
    names = [field.name for field in fields(Figures)]
    alone = Figures(inference_ms=report.inference)
    for figures in (alone, *(replace(report.figures, **{name: None}) for name in names)):
        if figures.inference_instructions or figures.inference_ms or figures.inference_p50_ms:
            contents = replace(whole, **{part: replace(report, figures=figures)})
            parsed(render_html(contents))
            assert report_markdown(contents)
    parsed(render_html(replace(whole, **{part: replace(report, samples_ms=())})))
    with pytest.raises(BadInput, match="what one inference costs"):
        replace(report, figures=Figures())


def test_draws_angles_and_the_difference_as_what_they_are(whole: ReportContents) -> None:
    assert whole.features is not None
    planes = ("amplitude_delta", "if_angle", "gd_angle", "if_mod", "if_re")
    phase = whole.features.phase.copy()
    phase[:, :, 0] = np.resize([-7, 5], phase.shape[:2])
    shown = replace(whole.features, phase=phase, phase_planes=planes)
    plain = render_html(replace(whole, features=shown))
    weighted = render_html(replace(whole, features=replace(shown, angle_weight="modulus")))
    assert "if_angle: instantaneous frequency, angle of the coherence, in parts of pi." in plain
    assert "gd_angle: group delay, angle of the coherence, times its modulus" in weighted
    assert "amplitude_delta: the amplitude&#39;s difference to the frame before (int16)." in plain
    parsed(plain)
    assert ">-7<" in plain and ">7<" in plain
    assert plain.count(colour_bar(ColourMap.CYCLIC)) == 2
    assert weighted.count(colour_bar(ColourMap.CYCLIC)) == 0


def colour_bar(colours: ColourMap) -> str:
    """Return the picture beside a plane that says which colour is which value."""
    return png_data_uri(np.linspace(1.0, 0.0, 64)[:, np.newaxis], 0, 1, colours)


def test_says_what_failed_and_that_voices_are_synthetic(failing: ReportContents) -> None:
    text = " ".join("".join(parsed(render_html(failing)).text).split())
    assert "Failed:" in text and "a budget is broken" in text
    assert "Synthetic voices." in text
    assert failing.verdict is not None
    assert len(failing.verdict.failures) == 2


def test_synthetic_without_saying_so_is_refused(whole: ReportContents) -> None:
    with pytest.raises(BadInput, match="synthetic"):
        replace(whole, synthetic=True, statement="All is well.")


def test_parity_needs_its_verdict(whole: ReportContents) -> None:
    with pytest.raises(InternalError, match="verdict"):
        replace(whole, verdict=None)


def test_nan_is_not_drawn(whole: ReportContents) -> None:
    assert whole.bench is not None
    broken = replace(whole.bench, samples_ms=(1.0, float("nan")))
    with pytest.raises(CheckFailed, match=r"bench\.results\[0\]\.samples_ms\[1\]"):
        render_html(replace(whole, bench=broken))
