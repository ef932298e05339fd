"""README, docs/ and examples/: lines that the command takes, links, pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command_lines import Line, lines_in, lines_of, refusal_of

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TEXTS = (
    ROOT / "README.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
)
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def test_a_line_is_found_and_judged() -> None:
    text = (
        "arecord -q | edgeser predict runs/x - --stream  # as it listens\nedgeser lint a \\\n  b\n"
    )
    first, second = lines_in(text, "here")
    assert first == Line(("predict", "runs/x", "-", "--stream"), "here")
    assert not refusal_of(first.words)
    assert refusal_of(second.words) == "left over: ['b']"
    assert refusal_of(("bench", "x", "--divice", "host")).startswith("No such option")
    assert "there is no command lnit" in refusal_of(("lnit", "x"))
    assert refusal_of(("report", "x", "--to")) == "Option '--to' requires an argument."
    assert not refusal_of(("report", "x", "--to"), in_prose=True)
    assert not refusal_of(("export", "x", "--target", "..."))
    assert "'toaster' is not one of" in refusal_of(("export", "x", "--target", "toaster"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_line_of_a_text_is_one_that_the_command_takes(path: Path) -> None:
    refused = [
        f"{line}: {why}"
        for line in lines_of(path)
        if (why := refusal_of(line.words, in_prose=line.in_prose))
    ]
    assert not refused


def test_there_are_many_such_lines() -> None:
    assert sum(1 for path in TEXTS for _ in lines_of(path)) > 150


def anchors_of(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site name them."""
    text = FENCE.sub("", path.read_text("utf-8"))
    found: dict[str, int] = {}
    anchors = set()
    for heading in re.findall(r"^#{1,6} +(.+)$", text, re.MULTILINE):
        said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", said.replace("`", "").strip().lower()))
        number = found.get(slug, 0)
        found[slug] = number + 1
        anchors.add(f"{slug}-{number}" if number else slug)
    return anchors


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text("utf-8"))
    broken = []
    for match in LINK.finditer(text):
        target = match[1] or match[2]
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        to = (path.parent / name).resolve() if name else path
        if not to.exists() or (anchor and to.suffix == ".md" and anchor not in anchors_of(to)):
            broken.append(target)
    assert not broken


def test_the_readme_is_short_and_shows_what_it_speaks_of() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 150
    for picture in ("pipeline.svg", "terminal.svg", "report.png"):
        assert f"(docs/pictures/{picture})" in text
        assert (DOCS / "pictures" / picture).stat().st_size < 200_000


@pytest.mark.parametrize("name", ["pipeline.svg", "terminal.svg"])
def test_drawings_ask_nobody_for_anything(name: str) -> None:
    text = (DOCS / "pictures" / name).read_text("utf-8")
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_workflow_of_the_example_is_the_one_of_the_page() -> None:
    page = DOCS / "ci.md"
    if not page.exists():
        pytest.skip("docs/ci.md is not here")
    (shown,) = re.findall(r"^```yaml\n(name: .*?)^```", page.read_text("utf-8"), re.M | re.S)
    kept = ROOT / "examples" / "ci" / ".github" / "workflows" / "model.yml"
    assert kept.read_text("utf-8") == shown, "copy the workflow of docs/ci.md to examples/ci"
