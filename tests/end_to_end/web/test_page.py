"""A page as a whole: what it says, whom it obeys, how it looks; and the command that writes it."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import Bundle
from edgeser.pipeline.exports.web import export_web
from tests.end_to_end.chromium import Page
from tests.end_to_end.web.pages import Exported, hear, opened

VECTORS = Path(__file__).parents[2] / "vectors"
Edgeser = Callable[..., Any]
HOSTILE = '</script><img src=x onerror="document.title=1">\u2028{{ 7*7 }}\u202e'


def test_a_page_says_what_it_is_and_asks_nothing_of_a_network(
    browser: Page, shipped_page: Exported, phases_page: Exported
) -> None:
    loaded, path = shipped_page.bundle, shipped_page.path
    browser.requests.clear()
    page = opened(browser, path)
    text = page.evaluate("document.body.innerText")
    for said in (
        loaded.model_hash,
        loaded.trained.frontend.hash,
        "passed: constants ok, model ok, canaries ok",
        "AI Act, Article 5(1)(f)",
        "an AudioWorklet of this page resamples it to 16,000 Hz",
        "it does not know what a person feels",
    ):
        assert said in text.replace("\u00a0", " ")
    assert [url for url in page.requests if not url.startswith("file:")] == []
    assert len(page.requests) == 1
    assert path.stat().st_size < 2_000_000
    names = page.evaluate("[...document.querySelectorAll('figure.plane')].map((f) => f.innerText)")
    assert names == ["amplitude"]
    page = opened(browser, phases_page.path)
    names = page.evaluate("[...document.querySelectorAll('figure.plane')].map((f) => f.innerText)")
    assert names == ["amplitude", "instantaneous frequency, real part", "group delay, modulus"]


def test_names_from_a_model_are_shown_and_never_obeyed(
    shipped: Bundle, tmp_path: Path, browser: Page, recordings: dict[str, Path]
) -> None:
    trained = shipped.trained
    corpus = dataclasses.replace(trained.corpus, name=HOSTILE, licence=HOSTILE)
    classes = (f"a{HOSTILE}", "`${x}`", *trained.classes[2:])
    hostile = dataclasses.replace(trained, corpus=corpus, classes=classes)
    path = tmp_path / "hostile.html"
    export_web(dataclasses.replace(shipped, trained=hostile), path)
    page = opened(browser, path)
    hear(page, recordings["speech"])
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.evaluate("document.title").endswith("in a browser")
    names = page.evaluate("[...document.querySelectorAll('#bars .name')].map((n) => n.textContent)")
    assert names[1] == "`${x}`"
    assert names[0].startswith('a</script><img src=x onerror="document.title=1">\\u2028')
    assert "\u202e" not in page.evaluate("document.documentElement.outerHTML")
    assert not page.complaints


# The command.


def test_the_command_writes_one_page(edgeser: Edgeser, tools: None, tmp_path: Path) -> None:
    path = tmp_path / "a page.html"
    ran = edgeser("export", "pretrained-small", "--target", "web", "--out", path, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["schema"] == "edgeser.export-web/1"
    assert found["page_bytes"] == path.stat().st_size < 2_000_000
    assert found["model_sha256"] in path.read_text()
    again = edgeser("export", "pretrained-small", "--target", "web", "--out", path)
    assert again.code == 0
    assert "needs no network" in again.out
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_command_refuses_in_one_line(edgeser: Edgeser, tools: None, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes((VECTORS / "amplitude_phase_int8.tflite").read_bytes())
    for words, code, said in (
        (("--out", tmp_path), 2, "is a folder, where a file is to be written"),
        (("--board", "mps2-an500"), 2, "--board is for"),
        (("--name", "x"), 2, "--name is for --target firmware"),
    ):
        ran = edgeser("export", "pretrained-small", "--target", "web", *words)
        assert ran.code == code, ran.err
        assert said in ran.err
    ran = edgeser("export", model, "--target", "web", "--out", tmp_path / "page.html")
    assert ran.code == 2
    assert "is a model alone: a page takes sound" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_without_the_compiler_the_exit_code_is_3(edgeser: Edgeser, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    words = ("export", "pretrained-small", "--target", "web", "--out", tmp_path / "page.html")
    ran = edgeser(*words, PATH=str(empty))
    assert ran.code == 3
    assert "apt-get install --no-install-recommends clang-19 lld-19" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (400, True)])
def test_it_fits_its_width(
    browser: Page,
    phases_page: Exported,
    recordings: dict[str, Path],
    tmp_path: Path,
    width: int,
    dark: bool,
) -> None:
    page = opened(browser, phases_page.path)
    hear(page, recordings["speech"])
    page.screenshot(tmp_path / "page.png", width=width, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_keys_alone_reach_everything(browser: Page, shipped_page: Exported) -> None:
    page = opened(browser, shipped_page.path)
    reached = []
    for _ in range(5):
        for kind in ("rawKeyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
        time.sleep(0.02)
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    assert reached[:3] == ["skip", "listen", "open"]
