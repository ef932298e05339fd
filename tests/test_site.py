"""The site from docs/: it builds without a warning, holds every page, and asks no other host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("material", reason="the site is built by mkdocs-material (make docs)")
pytest.importorskip("mkdocstrings", reason="its API pages are made by mkdocstrings")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stderr
    return folder


class Requests(HTMLParser):
    """What a browser fetches as it opens a page, and the page's headings."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.ids.add(named.get("id", ""))
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.asked.append(named.get("src", ""))
        if tag == "link" and named.get("rel") not in ("canonical", "next", "prev", "alternate"):
            self.asked.append(named.get("href", ""))


def test_the_site_holds_every_page_of_docs(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in
             (ROOT / "docs").rglob("*.md")}  # fmt: skip
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}
    listed = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    for path in (ROOT / "docs").rglob("*.md"):
        name = path.relative_to(ROOT / "docs").as_posix()
        assert listed.count(f": {name}\n") == 1, f"list docs/{name} once in mkdocs.yml"


def test_a_page_asks_no_other_host(site: Path) -> None:
    found = []
    for path in site.rglob("*.html"):
        page = Requests()
        page.feed(path.read_text("utf-8"))
        found += [(path.name, url) for url in page.asked if re.match(r"(https?:)?//", url)]
    for path in site.rglob("*.css"):
        urls = re.findall(r"url\([\"']?((?:https?:)?//[^)\"']+)|@import", path.read_text("utf-8"))
        found += [(path.name, url) for url in urls]
    assert not found


def test_what_lies_outside_docs_is_named_and_not_linked(site: Path) -> None:
    text = (site / "index.html").read_text("utf-8")
    assert "<code>examples/</code> of the repository" in text
    assert "../examples" not in text


def test_api_pages_have_what_docstrings_say(site: Path) -> None:
    for name, said in (
        ("edgeser", "plan_run"),
        ("quantize", "read_model"),
        ("firmware-bridge", "compute_features"),
    ):
        text = (site / "api" / f"{name}.html").read_text("utf-8")
        assert said in text
        assert "Parameters:" in text
