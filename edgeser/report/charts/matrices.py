"""Confusion matrices and pictures of features, as SVG without script."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from edgeser.report.charts.images import ColourMap, overlay_data_uri, png_data_uri
from edgeser.report.charts.svg import (
    WIDTH,
    Scale,
    drawing,
    element,
    line,
    room_for,
    shortened,
    text,
    ticks,
)

_TICKS_HZ = (125, 250, 500, 1000, 2000, 4000, 8000, 16000)
STRONGEST = 0.62
"""Opacity of a full cell: low enough that the ink on it keeps its contrast."""


def confusion_chart(title: str, confusion: NDArray[np.int64], classes: tuple[str, ...]) -> Markup:
    """Draw int64 ``[classes, classes]``: share of each true class (row) and clips in each cell."""
    count = len(classes)
    left = room_for(classes, most=92)
    top = 40.0
    cell = (WIDTH - left - 2) / count
    height = min(cell, 52.0)
    parts = [
        text("called", left, 12, class_="axis-title"),
        text("truth", 0, top - 8, class_="axis-title"),
    ]
    support = confusion.sum(axis=1)
    for j, name in enumerate(classes):
        centre = left + cell * (j + 0.5)
        label = shortened(name, cell + 12)
        parts.append(text(label, centre, top - 8, anchor="middle", class_="tick narrow"))
    for i, truth in enumerate(classes):
        middle = top + height * (i + 0.5)
        parts.append(text(shortened(truth, left - 6), 0, middle + 4, class_="row-label"))
        for j, called in enumerate(classes):
            clips, of = int(confusion[i, j]), int(support[i])
            share = clips / of if of else 0.0
            note = element(
                "title", f"{truth} called {called}: {clips} of {of} clips, {100 * share:.1f} %"
            )
            box = {"x": left + cell * j + 1, "y": top + height * i + 1}
            shape = {"width": cell - 2, "height": height - 2, "rx": 3.0}
            opacity = round(STRONGEST * share, 3)
            cells = [element("rect", **box, **shape, class_="cell-back")]
            cells.append(element("rect", **box, **shape, class_="cell", fill_opacity=opacity))
            x = left + cell * (j + 0.5)
            percent = f"{100 * share:.0f}" if of else "-"
            weight = "cell-value own" if i == j else "cell-value"
            cells.append(text(percent, x, middle + 1, anchor="middle", class_=weight))
            cells.append(text(str(clips), x, middle + 14, anchor="middle", class_="cell-count"))
            parts.append(element("g", note, *cells))
    return drawing(title, top + height * count + 2, parts)


def heat_map(
    title: str,
    values: NDArray[np.float64],
    *,
    limits: tuple[float, float],
    colours: ColourMap,
    hop_ms: float,
    band_hz: tuple[float, float],
    over: tuple[NDArray[np.float64], float] | None = None,
) -> Markup:
    """Draw float64 ``[frames, channels]``: time to the right, frequency (mel) upwards.

    Parameters
    ----------
    limits
        The values at the ends of the colour map.
    hop_ms, band_hz
        Milliseconds a frame, and the band that the channels cover.
    over
        Signed values of the same shape to lay over them, and which of them is opaque.
    """
    left, top, bottom, bar = 40.0, 6.0, 150.0, 12.0
    right = WIDTH - 52
    seconds = values.shape[0] * hop_ms / 1000
    uri = png_data_uri(values.T[::-1], *limits, colours)
    box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    parts = [element("image", **box, href=uri, preserveAspectRatio="none", class_="pixels")]
    if over is not None:
        laid = overlay_data_uri(over[0].T[::-1], over[1])
        parts.append(
            element("image", **box, href=laid, preserveAspectRatio="none", class_="pixels")
        )
    x = Scale(0.0, seconds, left, right)
    for at in ticks(0.0, seconds, about=6):
        parts.append(text(f"{at:g}", x(at), bottom + 15, anchor="middle", class_="tick"))
    parts.append(text("s", right + 4, bottom + 15, class_="axis-title"))
    parts += frequency_axis(left, top, bottom, band_hz)
    parts.append(text("Hz", 0, bottom + 15, class_="axis-title"))
    ramp = np.linspace(1.0, 0.0, 64)[:, np.newaxis]
    scale = {"x": right + 10, "y": top, "width": bar, "height": bottom - top}
    parts.append(
        element(
            "image", **scale, href=png_data_uri(ramp, 0, 1, colours), preserveAspectRatio="none"
        )
    )
    for share, value in ((0.0, limits[0]), (1.0, limits[1])):
        height = bottom - share * (bottom - top - 10)
        parts.append(text(f"{value:.4g}", right + 26, height, class_="tick"))
    return drawing(title, bottom + 22, parts)


def frequency_axis(
    left: float, top: float, bottom: float, band_hz: tuple[float, float]
) -> list[Markup]:
    """Draw marks of round frequencies left of a picture whose rows are evenly spaced in mel."""
    y = Scale(_mel(band_hz[0]), _mel(band_hz[1]), bottom, top)
    parts = []
    for hertz in _TICKS_HZ:
        if band_hz[0] < hertz < band_hz[1]:
            label = f"{hertz // 1000}k" if hertz >= 1000 else str(hertz)
            height = y(_mel(hertz))
            parts.append(line(left - 4, height, left, height, "base"))
            parts.append(text(label, left - 7, height + 4, anchor="end", class_="tick"))
    return parts


def _mel(hertz: float) -> float:
    """Return mel as the MicroFrontend has it: ``1127 ln(1 + f / 700)``."""
    return 1127.0 * math.log1p(hertz / 700.0)
