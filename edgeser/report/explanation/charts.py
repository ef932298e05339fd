"""Pictures of an explanation: planes with saliency over them, the waveform with its stretches."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation, HeardCues
from edgeser.explanation.faithfulness import Curve
from edgeser.explanation.finding_records import Finding
from edgeser.explanation.salient import Stretch
from edgeser.report.charts.images import ColourMap, png_data_uri
from edgeser.report.charts.matrices import frequency_axis, heat_map
from edgeser.report.charts.plots import bar_chart
from edgeser.report.charts.svg import (
    WIDTH,
    Scale,
    drawing,
    element,
    line,
    shortened,
    text,
    ticks,
)
from edgeser.report.figures import percent
from edgeser.report.plane_names import PLANE_NAMES

_COLUMNS = 340
_OPAQUE = 99.5
"""Percentile of the saliency's size that is drawn opaque."""


@dataclass(frozen=True, slots=True)
class PlaneMap:
    """One plane with its saliency, and the caption below it."""

    caption: str
    svg: Markup


def plane_maps(found: Explanation) -> tuple[PlaneMap, ...]:
    """Draw each plane in grey with what hiding its patches does in colour."""
    cells = found.saliency.cells
    opaque = float(np.percentile(np.abs(cells), _OPAQUE))
    maps = []
    for number, plane in enumerate(found.planes):
        values = found.features[:, :, number].astype(np.float64)
        name = PLANE_NAMES.get(plane, plane)
        svg = heat_map(
            f"{name}, with the saliency for {found.answer}",
            values,
            limits=(float(values.min()), float(values.max())),
            colours=ColourMap.GREY,
            hop_ms=found.hop_ms,
            band_hz=found.band_hz,
            over=(cells[:, :, number], opaque),
        )
        caption = (
            f"{name}, int8 as the model sees it, light where it is high. "
            f"{percent(found.shares[plane])} of what speaks for the answer."
        )
        maps.append(PlaneMap(caption, svg))
    return tuple(maps)


def waveform(
    samples: NDArray[np.int16], sample_rate: int, stretches: tuple[Stretch, ...]
) -> Markup:
    """Draw a clip's samples, the salient stretches behind them, numbered by strength."""
    left, right, top, bottom = 40.0, WIDTH - 52, 18.0, 104.0
    seconds = len(samples) / sample_rate
    x = Scale(0.0, seconds, left, right)
    most = float(max(np.abs(samples.astype(np.int32)).max(initial=0), 1))
    y = Scale(-most, most, bottom, top)
    parts = []
    for number, stretch in enumerate(stretches, 1):
        start, end = x(stretch.start_s), x(min(stretch.end_s, seconds))
        note = element("title", f"{number}: {stretch.start_s:.2f} to {stretch.end_s:.2f} s")
        box = {"x": start, "y": top, "width": max(end - start, 1.0), "height": bottom - top}
        parts.append(element("rect", note, **box, class_="stretch"))
        middle = (start + end) / 2
        parts.append(text(str(number), middle, top - 5, anchor="middle", class_="tick"))
    edges = np.linspace(0, len(samples), min(_COLUMNS, len(samples)) + 1).astype(int)
    lines = []
    for start, end in pairwise(edges):
        part = samples[start : max(end, start + 1)]
        at = x((start + end) / 2 / sample_rate)
        lines.append(f"M{at:.1f},{y(float(part.max())):.1f}V{y(float(part.min())) + 0.6:.1f}")
    parts.append(element("path", d="".join(lines), class_="wave"))
    for at_s in ticks(0.0, seconds, about=6):
        parts.append(text(f"{at_s:g}", x(at_s), bottom + 15, anchor="middle", class_="tick"))
    parts.append(text("s", right + 16, bottom + 15, class_="axis-title"))
    return drawing("Waveform, with the most salient stretches", bottom + 22, parts)


def curve_chart(title: str, curve: Curve) -> Markup:
    """Draw the answer's probability by share of cells: the map's, and all random ones behind it."""
    left, top, bottom, right = 52.0, 22.0, 182.0, WIDTH - 14.0
    x, y = Scale(0.0, 1.0, left, right), Scale(0.0, 1.0, bottom, top)
    parts = []
    for share in ticks(0.0, 1.0):
        parts.append(line(left, y(share), right, y(share), "grid"))
        parts.append(
            text(f"{100 * share:.0f}", left - 6, y(share) + 4, anchor="end", class_="tick")
        )
        parts.append(
            text(f"{100 * share:.0f}", x(share), bottom + 16, anchor="middle", class_="tick")
        )
    for values in curve.of_random:
        parts.append(element("polyline", points=_points(x, y, curve, values), class_="line random"))
    parts.append(element("polyline", points=_points(x, y, curve, curve.of_map), class_="line"))
    doing = "hidden" if curve.sign > 0 else "shown"
    parts.append(text("probability of the answer, %", 0, 12, class_="axis-title"))
    parts.append(text(f"cells {doing}, %", right, bottom + 34, anchor="end", class_="axis-title"))
    return drawing(title, bottom + 40, parts)


def _points(x: Scale, y: Scale, curve: Curve, values: NDArray[np.float64]) -> str:
    pairs = zip(curve.shares, values, strict=True)
    return " ".join(f"{x(share):.1f},{y(float(value)):.1f}" for share, value in pairs)


def cue_chart(cues: HeardCues) -> Markup | None:
    """Draw the mean standard score of each cue over the stretches; `None` where none is known."""
    rows = []
    for number, cue in enumerate(CUES):
        for against in ("speaker", "corpus", "clip"):
            found = [s.scores[against][number] for s in cues.stretches if against in s.scores]
            known = [float(score) for score in found if np.isfinite(score)]
            if known:
                rows.append((f"{cue.name}, {against}", float(np.mean(known))))
    if not rows:
        return None
    label = "standard deviations above the mean"
    return bar_chart("Cues in the salient stretches", rows, x_label=label, unit="deviations")


def channel_chart(finding: Finding, plane: int, band_hz: tuple[float, float]) -> Markup:
    """Draw, for each answer a column, in which channels of a plane what speaks for it lies."""
    left, top, bottom, right = 40.0, 8.0, 168.0, WIDTH - 8.0
    values = np.stack([emotion.channels[plane] for emotion in finding.emotions])
    picture = values.T[::-1].astype(np.float64)
    box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    uri = png_data_uri(picture, 0.0, float(picture.max()), ColourMap.SEQUENTIAL)
    parts = [element("image", **box, href=uri, preserveAspectRatio="none", class_="pixels")]
    width = (right - left) / len(finding.emotions)
    for number, emotion in enumerate(finding.emotions):
        label = shortened(emotion.answer, width + 8)
        at = left + width * (number + 0.5)
        parts.append(text(label, at, bottom + 15, anchor="middle", class_="tick narrow"))
    parts += frequency_axis(left, top, bottom, band_hz)
    parts.append(text("Hz", 0, bottom + 15, class_="axis-title"))
    return drawing("Channels that speak for each answer", bottom + 24, parts)


def signed(value: float, decimals: int) -> str:
    """Return a figure with its sign; what is rounded to 0 has none."""
    text = f"{value:+.{decimals}f}"
    return text if float(text) else text[1:]


def cue_matrix(finding: Finding) -> Markup:
    """Draw the mean standard score of each cue where the model listened, a row for each answer."""
    left, top, height = 76.0, 22.0, 26.0
    width = (WIDTH - left - 2) / len(CUES)
    scores = [[cue.value if cue else np.nan for cue in e.cues] for e in finding.emotions]
    most = max(float(np.nanmax(np.abs(np.append(np.ravel(scores), 0.0)))), 1e-9)
    parts = []
    for column, cue in enumerate(CUES):
        name = shortened(cue.name.split(" ")[0], width)
        middle = left + width * (column + 0.5)
        parts.append(text(name, middle, top - 7, anchor="middle", class_="tick narrow"))
    for row, (emotion, values) in enumerate(zip(finding.emotions, scores, strict=True)):
        y = top + height * row
        name = shortened(emotion.answer, left - 6)
        parts.append(text(name, left - 6, y + 17, anchor="end", class_="tick"))
        for column, score in enumerate(values):
            x = left + width * column
            if np.isnan(score):
                parts.append(text("-", x + width / 2, y + 17, anchor="middle", class_="tick"))
                continue
            box = {"x": x + 1, "y": y + 1, "width": width - 2, "height": height - 2}
            side = "more" if score > 0 else "less"
            strength = f"{0.75 * abs(score) / most:.2f}"
            parts.append(element("rect", **box, class_=f"score {side}", fill_opacity=strength))
            said = text(signed(score, 1), x + width / 2, y + 17, anchor="middle", class_="tick")
            parts.append(said)
    title = "Cues where the model listened, by answer"
    return drawing(title, top + height * len(finding.emotions) + 4, parts)
