"""The page around the firmware: whole in itself, escaped, allowed to run its own scripts alone."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from pathlib import Path

import pytest

from edgeser.bundle import Bundle, load_bundle
from edgeser.pretrained import pretrained_path
from edgeser.report.web_page import MOST_BYTES, WebDevice, render_web_page
from firmware_bridge.certainty import Certainty
from quantize.foundation.measurement import Evidence, Measurement

ROOT = Path(__file__).parents[3]
SCRIPT = re.compile(r'<script(?: id="[\w-]+")?>(.*?)</script>', re.DOTALL)
HOSTILE = '</script><b onclick="x">\u2028{{ 7*7 }}\u202e'


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    path = pretrained_path("pretrained-small")
    assert path
    return load_bundle(path)


def rendered(bundle: Bundle, *, unsure_below: int = 0) -> str:
    arena = Measurement(32_208.0, "bytes", Evidence.MEASURED, "counted")
    certainty = Certainty.of_scale(0.02, unsure_below=unsure_below)
    return render_web_page(
        WebDevice(
            bundle=bundle,
            program=b"\0asm not really",
            certainty=certainty,
            sizes={"arena": arena},
            further=(0.01, -3),
            dimensions=("valence", "arousal", "dominance"),
        )
    )


def facts_of(page: str) -> dict[str, object]:
    text = page.partition('id="facts">')[2].partition("</script>")[0]
    found: dict[str, object] = json.loads(text)
    return found


def test_only_its_own_scripts_may_run(shipped: Bundle) -> None:
    page = rendered(shipped)
    policy = page.partition('Content-Security-Policy" content="')[2].partition('">')[0]
    scripts = SCRIPT.findall(page)
    assert len(scripts) == 2
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy) == digests
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy  # none, by the default
    assert not re.search(r"\bsrc=|\bhref=\"(?!#)|https?://|@import|url\(", page)


def test_it_says_what_it_is(shipped: Bundle) -> None:
    page = rendered(shipped, unsure_below=1 << 14)
    program = hashlib.sha256(b"\0asm not really").hexdigest()
    for said in (
        *(shipped.model_hash, shipped.trained.frontend.hash, program),
        "AI Act",
        "Below a probability of 50\u00a0% it says unsure.",
        "32.2 kB",
    ):
        assert said in page
    assert "It never says &#34;unsure&#34;" in rendered(shipped)
    facts = facts_of(page)
    assert facts["classes"] == list(shipped.trained.classes)
    assert facts["vad"] == {
        "names": ["valence", "arousal", "dominance"],
        "scale": 0.01,
        "zeroPoint": -3,
    }
    assert base64.b64decode(page.partition('id="program">')[2].partition("<")[0])[:4] == b"\0asm"


def test_synthetic_voices_are_said_to_be(shipped: Bundle) -> None:
    corpus = dataclasses.replace(shipped.trained.corpus, synthetic=True)
    made = dataclasses.replace(shipped.trained, corpus=corpus)
    page = rendered(dataclasses.replace(shipped, trained=made))
    assert "<strong>Synthetic voices.</strong> It was trained on them; on people it means" in page
    assert "Trained on acted speech" not in page
    assert "Do not use it to judge people" in page
    assert "Trained on acted speech" in rendered(shipped)


def test_foreign_names_stay_text(shipped: Bundle) -> None:
    trained = shipped.trained
    corpus = dataclasses.replace(trained.corpus, name=HOSTILE, licence=HOSTILE)
    classes = (HOSTILE, *trained.classes[1:])
    hostile = dataclasses.replace(trained, corpus=corpus, classes=classes)
    page = rendered(dataclasses.replace(shipped, trained=hostile))
    assert "<b onclick" not in page
    assert "\u2028" not in page
    assert "\u202e" not in page
    assert len(SCRIPT.findall(page)) == 2
    assert facts_of(page)["classes"] == [
        '</script><b onclick="x">\\u2028{{ 7*7 }}\\u202e',
        *trained.classes[1:],
    ]


def test_the_page_in_the_docs_is_of_the_model_that_ships() -> None:
    """Made by: edgeser export pretrained --target web --out docs/web-demo.html."""
    path = pretrained_path("pretrained")
    assert path
    bundle = load_bundle(path)
    text = (ROOT / "docs" / "web-demo.html").read_text("utf-8")
    assert len(text) < MOST_BYTES
    assert f"<code>{bundle.model_hash}</code>" in text
    assert f"<code>{bundle.trained.frontend.hash}</code>" in text
    assert SCRIPT.findall(text) == SCRIPT.findall(rendered(bundle))
