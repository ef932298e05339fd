"""Lines, dots with intervals, bars and histograms, as SVG without script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from edgeser.report.charts.svg import (
    WIDTH,
    Scale,
    drawing,
    element,
    ending,
    line,
    room_for,
    shortened,
    text,
    tick_label,
    ticks,
    widened,
)
from edgeser.report.figures import size

_RIGHT = 14.0
_ROW = 21.0
_MOST_LABEL = 152.0
_MOST_NAME = 178.0


@dataclass(frozen=True, slots=True)
class Dot:
    """One value with its interval, of series ``"float"`` or ``"int8"``; `note` shows on hover."""

    series: str
    value: float
    interval: tuple[float, float] | None
    note: str


@dataclass(frozen=True, slots=True)
class DotRow:
    """One row of a dot chart; a row without dots is a heading."""

    label: str
    dots: tuple[Dot, ...] = ()


def line_chart(
    title: str,
    points: Sequence[tuple[float, float]],
    *,
    x_label: str,
    y_label: str,
    marked: float | None = None,
    mark_label: str = "",
) -> Markup:
    """Draw ``(x, y)`` points joined by a line; `marked` is an x to point out."""
    height, left, top, bottom = 220.0, 52.0, 26.0, 182.0
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x = Scale(min(xs), max(xs), left, WIDTH - _RIGHT)
    y = Scale(*widened(ys), bottom, top)
    parts = [*_rows_grid(y, left), *_x_axis(x, bottom), text(y_label, 0, 12, class_="axis-title")]
    parts.append(text(x_label, WIDTH - _RIGHT, height - 6, anchor="end", class_="axis-title"))
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    if marked is not None:
        at = next((b for a, b in points if a == marked), ys[-1])
        anchor = "end" if x(marked) > WIDTH * 0.6 else "start"
        shift = -6 if anchor == "end" else 6
        parts.append(line(x(marked), top, x(marked), bottom, "mark"))
        label = text(mark_label, x(marked) + shift, top + 2, anchor=anchor, class_="mark-label")
        parts += [label, element("circle", cx=x(marked), cy=y(at), r=4.0, class_="dot int8")]
    parts.append(element("polyline", points=path, class_="line"))
    return drawing(title, height, parts)


def dot_chart(
    title: str,
    rows: Sequence[DotRow],
    *,
    x_label: str,
    reference: tuple[str, float] | None = None,
) -> Markup:
    """Draw one row a label with a dot and a whisker for each series; `reference` is a thin line.

    Values are ratios, shown in percent.
    """
    left = room_for((row.label for row in rows), most=_MOST_LABEL)
    values = [v for row in rows for dot in row.dots for v in (dot.value, *(dot.interval or ()))]
    if reference is not None:
        values.append(reference[1])
    top = 24.0
    bottom = top + _ROW * len(rows) + 4
    x = Scale(*widened([100 * value for value in values]), left, WIDTH - _RIGHT)
    parts = _columns_grid(x, top, bottom)
    if reference is not None:
        name, at = reference[0], x(100 * reference[1])
        parts += [line(at, top, at, bottom, "mark"), _over(name, at, 12)]
    for index, row in enumerate(rows):
        centre = top + _ROW * (index + 0.5) + 2
        class_ = "row-label" if row.dots else "row-heading"
        parts.append(text(shortened(row.label, left - 8), 0, centre + 4, class_=class_))
        parts += _dots(row, x, centre)
    parts.append(text(x_label, WIDTH - _RIGHT, bottom + 32, anchor="end", class_="axis-title"))
    return drawing(title, bottom + 38, parts)


def bar_chart(
    title: str,
    rows: Sequence[tuple[str, float]],
    *,
    x_label: str,
    unit: str,
    worst: int | None = None,
) -> Markup:
    """Draw horizontal bars from 0, one a row; the row `worst` stands out."""
    left = room_for((label for label, _ in rows), most=_MOST_NAME)
    values = [value for _, value in rows]
    top, row_height = 6.0, 17.0 if len(rows) <= 30 else 14.0
    bottom = top + row_height * len(rows) + 4
    x = Scale(*widened([0.0, *values]), left, WIDTH - _RIGHT)
    parts = _columns_grid(x, top, bottom)
    for index, (label, value) in enumerate(rows):
        y = top + row_height * index + 3
        class_ = "bar worst" if index == worst else "bar"
        note = element("title", f"{label}: {value:.1f} {unit}")
        width = abs(x(value) - x(0.0))
        start = min(x(value), x(0.0))
        parts.append(element("rect", note, x=start, y=y, width=width, height=11.0, class_=class_))
        parts.append(text(ending(label, left - 8), 0, y + 10, class_="row-label narrow"))
    parts.append(text(x_label, WIDTH - _RIGHT, bottom + 32, anchor="end", class_="axis-title"))
    return drawing(title, bottom + 38, parts)


def histogram(
    title: str,
    values: Sequence[float],
    *,
    x_label: str,
    unit: str,
    marks: Sequence[tuple[str, float]] = (),
    bins: int = 36,
) -> Markup:
    """Draw how often values occur; the few far above the rest share the last bin, as it says."""
    data = np.asarray(values, dtype=np.float64)
    low, high = float(data.min()), max([float(np.percentile(data, 99.5)), *(at for _, at in marks)])
    most = float(np.percentile(data, 90))
    if high > 2.5 * most:
        high = 1.5 * most
    if high - low <= 1e-9 * abs(high):  # equal, but for rounding
        high = low + (abs(low) or 1.0) * 0.05
    counts, edges = np.histogram(np.clip(data, low, high), bins=bins, range=(low, high))
    height, left, top, bottom = 236.0, 40.0, 44.0, 196.0
    x = Scale(low, high, left, WIDTH - _RIGHT)
    y = Scale(0, float(counts.max()), bottom, top)
    parts = [*_rows_grid(y, left, whole=True), *_x_axis(x, bottom)]
    for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
        hover = element("title", f"{a:.3g} to {b:.3g} {unit}: {count}")
        width = max(0.5, x(float(b)) - x(float(a)) - 1)
        shape = {"x": x(float(a)), "y": y(float(count)), "width": width}
        parts.append(element("rect", hover, **shape, height=bottom - y(float(count)), class_="bar"))
    for rank, (name, at) in enumerate(marks):
        label, label_y = f"{name} {at:.3g}", 12.0 + 13 * (rank % 3)
        if at > high:
            label = f"{label} {unit}, beyond the axis"
        else:
            parts.append(line(x(at), label_y + 3, x(at), bottom, "mark"))
        parts.append(_over(label, x(min(at, high)), label_y))
    beyond = int(np.count_nonzero(data > high))
    note = f"{x_label}; {beyond} above {high:.3g} {unit} in the last bar" if beyond else x_label
    parts.append(text(note, WIDTH - _RIGHT, height - 6, anchor="end", class_="axis-title"))
    return drawing(title, height, parts)


def count_chart(title: str, counts: Sequence[tuple[int, int]], *, x_label: str) -> Markup:
    """Draw a bar for each whole number that occurs, with its share; 0 in the middle stands out."""
    steps = [step for step, _ in counts]
    total = sum(count for _, count in counts)
    low, high = min([*steps, -1]), max([*steps, 1])
    height, left, top, bottom = 220.0, 10.0, 22.0, 182.0
    x = Scale(low - 0.5, high + 0.5, left, WIDTH - _RIGHT)
    y = Scale(0, max(count for _, count in counts), bottom, top)
    step_width = x(1.0) - x(0.0)
    parts = [line(left, bottom, WIDTH - _RIGHT, bottom, "base")]
    for step, count in counts:
        note = element("title", f"{step:+d} LSB: {count:,} values, {100 * count / total:.2f} %")
        bar = {"x": x(step - 0.5) + 0.5, "y": y(count), "width": max(0.8, step_width - 1)}
        class_ = "bar" if step else "bar zero"
        parts.append(element("rect", note, **bar, height=bottom - y(count), class_=class_))
        if step_width > 34 and count:
            label = f"{100 * count / total:.1f}"
            parts.append(text(label, x(step), y(count) - 5, anchor="middle", class_="tick"))
    every = max(1, round(30 / step_width))
    for step in range(low, high + 1):
        if step % every == 0:
            parts.append(
                text(
                    f"{step:+d}" if step else "0",
                    x(step),
                    bottom + 16,
                    anchor="middle",
                    class_="tick",
                )
            )
    parts.append(text(x_label, WIDTH - _RIGHT, height - 6, anchor="end", class_="axis-title"))
    return drawing(title, height, parts)


def memory_chart(title: str, parts: Sequence[tuple[str, float]], limit: float | None) -> Markup:
    """Draw stacked bytes as one bar, against the budget's frame when there is one."""
    total = sum(value for _, value in parts)
    x = Scale(0.0, max(total, limit or 0.0) * 1.02, 1.0, WIDTH - 1)
    drawn = []
    if limit is not None:
        drawn.append(element("rect", x=1.0, y=24.0, width=x(limit) - 1, height=34.0, class_="room"))
    at = 0.0
    for index, (label, value) in enumerate(parts):
        note = element("title", f"{label}: {size(value)}")
        width = max(0.5, x(at + value) - x(at))
        shape = {"x": x(at), "y": 24.0, "width": width, "height": 34.0}
        drawn.append(element("rect", note, **shape, class_=f"part part{index % 4}"))
        at += value
    used = f"{size(total)} used"
    drawn.append(text(used, 1, 15, class_="row-heading"))
    if limit is not None:
        share = f"{100 * total / limit:.0f} % of" if limit > 0 else "more than"
        share += f" the {size(limit)} budget"
        drawn.append(text(share, WIDTH - 1, 15, anchor="end", class_="tick"))
        drawn.append(line(x(limit), 20, x(limit), 62, "limit"))
    for index, (label, value) in enumerate(parts):
        y = 82.0 + 19 * index
        swatch = {"x": 1.0, "y": y - 10, "width": 12.0, "height": 12.0}
        drawn.append(element("rect", **swatch, class_=f"part part{index % 4}"))
        drawn.append(text(label, 20, y, class_="row-label"))
        drawn.append(text(size(value), WIDTH - 1, y, anchor="end", class_="row-label"))
    return drawing(title, 82.0 + 19 * len(parts), drawn)


def _dots(row: DotRow, x: Scale, centre: float) -> list[Markup]:
    parts = []
    for index, dot in enumerate(row.dots):
        y = centre + (index - (len(row.dots) - 1) / 2) * 7
        inside = []
        if dot.interval is not None:
            low, high = (x(100 * end) for end in dot.interval)
            inside.append(line(low, y, high, y, f"whisker {dot.series}"))
        circle = element("circle", cx=x(100 * dot.value), cy=y, r=3.6, class_=f"dot {dot.series}")
        parts.append(element("g", element("title", dot.note), *inside, circle))
    return parts


def _over(label: str, at: float, y: float) -> Markup:
    anchor = "end" if at > WIDTH - 60 else "start"
    shift = -4 if anchor == "end" else 4
    return text(label, at + shift, y, anchor=anchor, class_="mark-label")


def _rows_grid(y: Scale, left: float, *, whole: bool = False) -> list[Markup]:
    values = ticks(y.low, y.high)
    if whole:
        values = [value for value in values if value == round(value)]
    step = values[1] - values[0] if len(values) > 1 else 1.0
    parts = []
    for value in values:
        parts.append(line(left, y(value), WIDTH - _RIGHT, y(value), "grid"))
        label = tick_label(value, step)
        parts.append(text(label, left - 6, y(value) + 4, anchor="end", class_="tick"))
    return parts


def _x_axis(x: Scale, bottom: float) -> list[Markup]:
    values = ticks(x.low, x.high, about=6)
    step = values[1] - values[0] if len(values) > 1 else 1.0
    parts = [line(x.start, bottom, x.end, bottom, "base")]
    for value in values:
        label = tick_label(value, step)
        parts.append(text(label, x(value), bottom + 16, anchor="middle", class_="tick"))
    return parts


def _columns_grid(x: Scale, top: float, bottom: float) -> list[Markup]:
    values = ticks(x.low, x.high)
    step = values[1] - values[0] if len(values) > 1 else 1.0
    parts = []
    for value in values:
        parts.append(line(x(value), top, x(value), bottom, "grid"))
        label = tick_label(value, step)
        parts.append(text(label, x(value), bottom + 15, anchor="middle", class_="tick"))
    return parts
