"""Pictures of what a frontend got: the samples, their spectrum, and how late they came."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from edgeser.acceptance.faults import AcceptReport
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

_COLUMNS = 340
_LEFT, _RIGHT = 48.0, WIDTH - 14.0
_TOP, _BOTTOM = 22.0, 150.0
_FULL_SCALE = 32768.0
_FRAME_S = 0.25
_TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000)
_FLOOR_DB = -120.0


def samples_chart(report: AcceptReport) -> Markup:
    """Draw highest and lowest sample of each stretch, in percent of full scale."""
    samples = report.samples
    seconds = len(samples) / report.sample_rate
    x = Scale(0.0, seconds, _LEFT, _RIGHT)
    most = max(float(np.abs(samples.astype(np.int32)).max(initial=0)) / _FULL_SCALE, 1e-5)
    low, high = widened([-100 * most, 100 * most])
    y = Scale(low, high, _BOTTOM, _TOP)
    parts = _grid_y(y, low, high)
    lines = []
    edges = np.linspace(0, len(samples), min(_COLUMNS, len(samples)) + 1).astype(int)
    for start, end in pairwise(edges):
        part = samples[start : max(end, start + 1)].astype(np.float64) * 100 / _FULL_SCALE
        at = x((start + end) / 2 / report.sample_rate)
        lines.append(f"M{at:.1f},{y(float(part.max())):.1f}V{y(float(part.min())) + 0.6:.1f}")
    parts.append(element("path", d="".join(lines), class_="wave"))
    return drawing("Samples", _BOTTOM + 40, [*parts, *_seconds(x, seconds, "% of full scale")])


def spectrum_chart(report: AcceptReport) -> Markup:
    """Draw the power by frequency, over all and over the quiet quarter of the time."""
    rate = report.sample_rate
    hz, mean, quiet = _spectra(report.samples, rate)
    low, high = widened([*mean, *quiet])
    x = Scale(np.log10(40.0), np.log10(rate / 2), _LEFT, _RIGHT)
    y = Scale(low, high, _BOTTOM, _TOP)
    parts = _grid_y(y, low, high)
    for at in (at for at in _TICKS_HZ if at < rate / 2):
        place = x(float(np.log10(at)))
        parts.append(line(place, _TOP, place, _BOTTOM, "grid"))
        parts.append(text(f"{at}", place, _BOTTOM + 16, anchor="middle", class_="tick"))
    for values, name in ((quiet, "line float"), (mean, "line")):
        pairs = zip(hz, values, strict=True)
        points = " ".join(f"{x(float(np.log10(f))):.1f},{y(float(v)):.1f}" for f, v in pairs)
        parts.append(element("polyline", points=points, class_=name))
    parts.append(text("dBFS (orange: the quiet quarter)", 0, 12, class_="axis-title"))
    parts.append(text("Hz", _RIGHT, _BOTTOM + 34, anchor="end", class_="axis-title"))
    return drawing("Spectrum", _BOTTOM + 40, parts)


def lag_chart(report: AcceptReport) -> Markup:
    """Draw how late each stretch came, in samples."""
    lags = report.lags
    x = Scale(0.0, float(lags[-1, 0]), _LEFT, _RIGHT)
    low, high = widened([float(lags[:, 1].min()), float(lags[:, 1].max())])
    y = Scale(low, high, _BOTTOM, _TOP)
    points = " ".join(f"{x(float(at)):.1f},{y(float(late)):.1f}" for at, late in lags)
    parts = [*_grid_y(y, low, high), element("polyline", points=points, class_="line")]
    ends = _seconds(x, float(lags[-1, 0]), "samples late")
    return drawing("How late it came", _BOTTOM + 40, [*parts, *ends])


def _grid_y(y: Scale, low: float, high: float) -> list[Markup]:
    parts = []
    marks = ticks(low, high, about=4)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    for value in marks:
        parts.append(line(_LEFT, y(value), _RIGHT, y(value), "grid"))
        label = tick_label(value, step)
        parts.append(text(label, _LEFT - 6, y(value) + 4, anchor="end", class_="tick"))
    return parts


def _seconds(x: Scale, seconds: float, title: str) -> list[Markup]:
    parts = [
        text(f"{at:g}", x(at), _BOTTOM + 16, anchor="middle", class_="tick")
        for at in ticks(0.0, seconds, about=6)
    ]
    parts.append(text(title, 0, 12, class_="axis-title"))
    parts.append(text("s", _RIGHT, _BOTTOM + 34, anchor="end", class_="axis-title"))
    return parts


def _spectra(
    samples: NDArray[np.int16], rate: int
) -> tuple[NDArray[np.float64], list[float], list[float]]:
    """Return frequencies, and the levels in dBFS over all and over the quiet quarter."""
    size = min(round(_FRAME_S * rate), len(samples))
    frames = samples[: len(samples) // size * size].reshape(-1, size) / _FULL_SCALE
    window = np.hanning(size)
    spectrum = np.square(np.abs(np.fft.rfft(window * frames, axis=1))) * 4.0 / window.sum() ** 2
    hz = np.fft.rfftfreq(size, 1.0 / rate)
    chosen = np.unique(np.geomspace(40.0, rate / 2, 240).astype(int) * size // rate)
    chosen = chosen[(chosen > 0) & (chosen < len(hz))]
    power = np.square(frames).mean(axis=1)
    quiet = spectrum[power <= np.percentile(power, 25)]
    levels = [
        np.maximum(10 * np.log10(of.mean(axis=0)[chosen] + 1e-30), _FLOOR_DB).tolist()
        for of in (spectrum, quiet)
    ]
    return hz[chosen], levels[0], levels[1]
