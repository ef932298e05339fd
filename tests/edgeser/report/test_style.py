"""The page's colours keep the contrast that WCAG 2.2 asks of text (4.5 to 1), light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import edgeser.report

CSS = (Path(edgeser.report.__file__).parent / "templates" / "report.css").read_text("utf-8")
SCHEMES = re.findall(r":root \{([^}]*--page[^}]*)\}", CSS)
TEXT = [
    (ink, back)
    for ink in ("ink", "muted", "accent", "measured", "emulated", "predicted", "good", "bad")
    for back in ("card", "page")
] + [("ink", "good-back"), ("ink", "bad-back"), ("ink", "note-back"), ("note", "note-back")]
FULL_CELL = 0.62


def colours(scheme: int) -> dict[str, tuple[float, float, float]]:
    found = re.findall(r"--([\w-]+): #([0-9a-f]{6});", SCHEMES[scheme])
    return {
        name: (int(h[:2], 16) / 255, int(h[2:4], 16) / 255, int(h[4:], 16) / 255)
        for name, h in found
    }


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    def luminance(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_there_are_two_schemes() -> None:
    assert len(SCHEMES) == 2
    assert colours(0).keys() == colours(1).keys()


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(("ink", "back"), TEXT)
def test_text_stands_out(scheme: int, ink: str, back: str) -> None:
    found = colours(scheme)
    assert contrast(found[ink], found[back]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1])
def test_numbers_stand_out_on_full_cells(scheme: int) -> None:
    found = colours(scheme)
    full = tuple(
        FULL_CELL * cell + (1 - FULL_CELL) * back
        for cell, back in zip(found["cell"], found["page"], strict=True)
    )
    assert contrast(found["ink"], full) >= 4.5
