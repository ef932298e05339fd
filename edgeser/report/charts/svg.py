"""What every chart is drawn with: escaped SVG elements, scales and tick marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from edgeser.report.figures import printable

WIDTH = 390.0
"""Width of every chart in its own units: about a column on a desk, a screen on a phone, so that
text of 12 units stays readable on both."""
_CHARACTER = 6.4
"""Mean advance of a character at 12 units."""
_SMALL_CHARACTER = 5.9


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Return one element; text and values are escaped, `Markup` children are kept as they are.

    An attribute's ``_`` becomes ``-``, a trailing one is dropped: ``class_``, ``stroke_width``.
    Numbers are rounded to two decimals.
    """
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    inner = "".join(c if isinstance(c, Markup) else str(escape(printable(c))) for c in children)
    return Markup(f"<{name}{''.join(parts)}>{inner}</{name}>")  # noqa: S704  all parts are escaped


def drawing(title: str, height: float, children: Iterable[Markup]) -> Markup:
    """Return a whole chart, `WIDTH` wide, that scales with its place and names itself."""
    return element(
        "svg",
        element("title", title),
        *children,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        aria_label=printable(title),
        class_="chart",
    )


def text(content: str, x: float, y: float, *, anchor: str = "start", **extra: object) -> Markup:
    """Return one line of text; `anchor` is start, middle or end."""
    return element("text", content, x=x, y=y, text_anchor=anchor, **extra)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def shortened(content: str, room: float) -> str:
    """Return `content`, cut in its middle if it needs more than `room` units."""
    most = max(4, int(room / _CHARACTER))
    if len(content) <= most:
        return content
    tail = (most - 1) // 2
    return f"{content[: most - 1 - tail]}…{content[-tail:]}"


def ending(content: str, room: float) -> str:
    """Return the end of `content`, if all of it needs more than `room` in small type.

    The end is what tells the dotted names of layers from each other.
    """
    most = max(4, int(room / _SMALL_CHARACTER))
    return content if len(content) <= most else f"…{content[1 - most :]}"


def room_for(labels: Iterable[str], *, most: float) -> float:
    """Return the width that the longest label needs, at most `most`."""
    return min(most, _CHARACTER * max((len(label) for label in labels), default=0) + 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from data (`low` to `high`) to units of the drawing (`start` to `end`)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where `value` lies."""
        reach = self.high - self.low
        share = (value - self.low) / reach if reach else 0.5
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return round values from `low` to `high`, in steps of 1, 2 or 5 times a power of ten."""
    step = _round_step((high - low) / max(about, 1))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def widened(values: Sequence[float], *, about: int = 5) -> tuple[float, float]:
    """Return round limits that hold all `values`; never of zero width."""
    low, high = min(values), max(values)
    reach = max(abs(low), abs(high))
    if high - low <= 1e-9 * max(reach, 1e-9):  # equal, but for rounding
        margin = 0.1 * reach if reach > 1e-9 else 0.1
        low, high = low - margin, high + margin
    step = _round_step((high - low) / about)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def tick_label(value: float, step: float) -> str:
    """Return `value` with the decimals that tell it from its neighbours, `step` away."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    label = f"{value:,.{min(decimals, 6)}f}"
    return label.removeprefix("-") if float(label.replace(",", "")) == 0 else label


def _round_step(rough: float) -> float:
    if not (math.isfinite(rough) and rough > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1.0, 2.0, 5.0, 10.0) if power * m >= rough * (1 - 1e-9))
