"""Pictures of an explanation: planes with saliency over them, the waveform with its stretches."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from edgeser.explanation.records import Explanation
from edgeser.explanation.salient import Stretch
from edgeser.report.images import ColourMap
from edgeser.report.matrices import heat_map
from edgeser.report.plane_names import PLANE_NAMES
from edgeser.report.svg import WIDTH, Scale, drawing, element, text, ticks

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
            f"{found.shares[plane]:.0%} of what speaks for the answer."
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
    parts.append(text("s", right + 4, bottom + 15, class_="axis-title"))
    return drawing("Waveform, with the most salient stretches", bottom + 22, parts)
