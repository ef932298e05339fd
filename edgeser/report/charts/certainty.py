"""The reliability diagram and risk against coverage, as SVG without script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from edgeser.evaluation.certainty import CertaintyScores
from edgeser.report.charts.svg import (
    WIDTH,
    Scale,
    drawing,
    element,
    line,
    text,
    tick_label,
    ticks,
    widened,
)

_LEFT, _RIGHT = 44.0, 14.0
_TOP, _BOTTOM = 26.0, 236.0
_HEIGHT = 276.0
Series = Sequence[tuple[str, CertaintyScores]]
"""``"float"`` or ``"int8"``, and its scores."""


def reliability_diagram(title: str, series: Series) -> Markup:
    """Draw the share of right answers against their mean probability, a dot for each bin.

    On the thin line a probability is as often right as it says; below it the model is too sure.
    """
    x = Scale(0.0, 100.0, _LEFT, WIDTH - _RIGHT)
    y = Scale(0.0, 100.0, _BOTTOM, _TOP)
    parts = _frame(x, y, "mean probability, %", "right, %")
    parts.append(line(x(0.0), y(0.0), x(100.0), y(100.0), "mark"))
    parts.append(text("as stated", x(100.0), y(84.0) + 10, anchor="end", class_="mark-label"))
    for name, scores in series:
        at = [(x(100 * b.confidence), y(100 * b.accuracy)) for b in scores.bins]
        parts.append(_path(at, name))
        for (left, top), b in zip(at, scores.bins, strict=True):
            note = (
                f"{name}: of {b.clips} clips at {100 * b.confidence:.1f} % in the mean "
                f"{100 * b.accuracy:.1f} % are right"
            )
            dot = element("circle", cx=left, cy=top, r=3.6, class_=f"dot {name}")
            parts.append(element("g", element("title", note), dot))
    return drawing(title, _HEIGHT, parts)


def risk_chart(title: str, series: Series) -> Markup:
    """Draw the share of wrong answers against the share of clips that is answered."""
    risks = [100 * point.risk for _, scores in series for point in scores.curve]
    x = Scale(0.0, 100.0, _LEFT, WIDTH - _RIGHT)
    y = Scale(*widened([0.0, *risks]), _BOTTOM, _TOP)
    parts = _frame(x, y, "answered, %", "wrong of these, %")
    for name, scores in series:
        at = [(x(100 * p.coverage), y(100 * p.risk)) for p in scores.curve]
        parts.append(_path(at, name))
        if scores.answered is not None and scores.risk is not None:
            note = (
                f"{name}: the threshold answers {100 * scores.answered.value:.1f} %, "
                f"{100 * scores.risk.value:.1f} % of these wrong"
            )
            place = {"cx": x(100 * scores.answered.value), "cy": y(100 * scores.risk.value)}
            dot = element("circle", **place, r=4.4, class_=f"dot {name}")
            parts.append(element("g", element("title", note), dot))
    return drawing(title, _HEIGHT, parts)


def _frame(x: Scale, y: Scale, x_label: str, y_label: str) -> list[Markup]:
    parts = [line(x.start, _BOTTOM, x.end, _BOTTOM, "base")]
    across, up = ticks(x.low, x.high), ticks(y.low, y.high)
    for value in up:
        parts.append(line(_LEFT, y(value), WIDTH - _RIGHT, y(value), "grid"))
        label = tick_label(value, up[1] - up[0])
        parts.append(text(label, _LEFT - 6, y(value) + 4, anchor="end", class_="tick"))
    for value in across:
        label = tick_label(value, across[1] - across[0])
        parts.append(text(label, x(value), _BOTTOM + 16, anchor="middle", class_="tick"))
    parts.append(text(y_label, 0, 12, class_="axis-title"))
    parts.append(text(x_label, WIDTH - _RIGHT, _HEIGHT - 6, anchor="end", class_="axis-title"))
    return parts


def _path(at: Sequence[tuple[float, float]], name: str) -> Markup:
    joined = " ".join(f"{left:.1f},{top:.1f}" for left, top in at)
    return element("polyline", points=joined, class_=f"line {name}")
