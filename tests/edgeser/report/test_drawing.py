from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeser.report.charts import plots, svg
from edgeser.report.charts.images import ColourMap, palette, palette_png, png_data_uri
from edgeser.report.charts.matrices import confusion_chart, heat_map
from edgeser.report.figures import loss, number, points, printable, size

REAL = st.floats(-1e9, 1e9, allow_nan=False)


def decoded(png: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read a palette PNG by its specification: indices and palette; every CRC is checked."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + length
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour, rest) == (8, 3, [0, 0, 0])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


@given(arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_png_reads_back(indices: NDArray[np.uint8]) -> None:
    found, colours = decoded(palette_png(indices, palette(ColourMap.SEQUENTIAL)))
    assert np.array_equal(found, indices)
    assert np.array_equal(colours, palette(ColourMap.SEQUENTIAL))


def luminance(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    c = colours / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def test_sequential_map_grows_evenly_lighter() -> None:
    lightness = np.cbrt(luminance(palette(ColourMap.SEQUENTIAL)))
    steps = np.diff(lightness[::5])
    assert (steps > 0).all()
    assert steps.max() < 3 * steps.mean()


def test_diverging_map_is_lightest_in_the_middle_and_even_at_the_ends() -> None:
    light = luminance(palette(ColourMap.DIVERGING))
    assert 126 <= int(light.argmax()) <= 129
    assert light[0] == pytest.approx(light[-1], abs=0.05)


def test_cyclic_map_ends_where_it_begins_and_is_as_light_everywhere() -> None:
    colours = palette(ColourMap.CYCLIC).astype(int)
    steps = np.abs(np.diff(colours, axis=0)).max(axis=1)
    assert np.abs(colours[0] - colours[-1]).max() <= steps.max() <= 12
    lightness = np.cbrt(luminance(palette(ColourMap.CYCLIC)))
    assert lightness.max() - lightness.min() < 0.06
    # No other two far apart look alike.
    assert np.abs(colours[:128] - colours[128:]).max(axis=1).min() > 40


def test_values_beyond_the_limits_take_the_end_colours() -> None:
    inside = png_data_uri(np.array([[0.0, 1.0]]), 0.0, 1.0, ColourMap.SEQUENTIAL)
    beyond = png_data_uri(np.array([[-9.0, 9.0]]), 0.0, 1.0, ColourMap.SEQUENTIAL)
    assert inside == beyond


@given(REAL, REAL)
def test_ticks_lie_inside_and_are_few(a: float, b: float) -> None:
    low, high = svg.widened([a, b])
    assert low < high
    slack = 1e-6 * (high - low)
    assert low <= min(a, b) + slack and high >= max(a, b) - slack
    found = svg.ticks(low, high)
    assert all(low - slack <= tick <= high + slack for tick in found)
    assert 2 <= len(found) <= 12


@given(st.text(max_size=200), st.floats(10, 300))
def test_shortened_labels_keep_both_ends(label: str, room: float) -> None:
    short = svg.shortened(label, room)
    assert len(short) <= max(4, int(room / 6.4), 0) or short == label
    assert not label or (short[0] == label[0] and short[-1] == label[-1])


@given(st.text(max_size=60))
def test_any_label_gives_well_formed_svg(label: str) -> None:
    drawn = plots.dot_chart(
        label,
        [plots.DotRow(label, (plots.Dot("float", 0.5, (0.4, 0.6), label),))],
        x_label="UAR, %",
    )
    root = ET.fromstring(str(drawn))  # noqa: S314
    assert root.attrib["role"] == "img"
    assert root.findtext("title") == printable(label)


@given(st.lists(st.floats(0.001, 1e4), min_size=1, max_size=50), st.floats(0.001, 1e4))
def test_histogram_counts_every_value(values: list[float], mark: float) -> None:
    drawn = plots.histogram("t", values, x_label="ms", unit="ms", marks=[("p50", mark)])
    bars = ET.fromstring(str(drawn)).findall("rect/title")  # noqa: S314
    counted = sum(int((bar.text or "").rsplit(" ", 1)[1]) for bar in bars)
    assert counted == len(values)


def test_extreme_charts_are_drawn() -> None:
    ET.fromstring(str(plots.count_chart("t", [(0, 7)], x_label="LSB")))  # noqa: S314
    ET.fromstring(str(plots.count_chart("t", [(-900, 1), (700, 2)], x_label="LSB")))  # noqa: S314
    ET.fromstring(str(plots.memory_chart("t", [("a", 5.0)], None)))  # noqa: S314
    over = str(plots.memory_chart("t", [("a", 300.0), ("b", 100.0)], 200.0))
    assert "200 % of the 200 B budget" in over
    assert "more than the 0 B budget" in str(plots.memory_chart("t", [("a", 5.0)], 0.0))
    one = plots.line_chart("t", [(1.0, 0.5)], x_label="epoch", y_label="loss", marked=1.0)
    assert "nan" not in str(one)
    negative = plots.bar_chart("t", [("a", -3.0), ("b", 5.0)], x_label="dB", unit="dB", worst=0)
    widths = [float(e.attrib["width"]) for e in ET.fromstring(str(negative)).iter("rect")]  # noqa: S314
    assert all(width >= 0 for width in widths)


def test_confusion_chart_shows_shares_and_empty_rows() -> None:
    confusion = np.array([[3, 1], [0, 0]], dtype=np.int64)
    root = ET.fromstring(str(confusion_chart("t", confusion, ("a", "b"))))  # noqa: S314
    notes = [note.text or "" for note in root.findall("g/title")]
    assert notes[0] == "a called a: 3 of 4 clips, 75.0 %"
    texts = [element.text for element in root.iter("text")]
    assert texts.count("-") == 2


def test_heat_map_turns_low_frequencies_down() -> None:
    values = np.zeros((3, 2))
    values[:, 0] = 1.0  # the lowest channel is loud
    drawn = heat_map(
        "t", values, limits=(0, 1), colours=ColourMap.SEQUENTIAL, hop_ms=10, band_hz=(125, 7500)
    )
    expected = png_data_uri(np.array([[0.0] * 3, [1.0] * 3]), 0, 1, ColourMap.SEQUENTIAL)
    assert expected in str(drawn)


def test_figures_as_text() -> None:
    assert (number(0.6124, "ratio"), number(3.4149, "ms")) == ("61.2 %", "3.41 ms")
    assert (size(742), size(312_480), size(1_800_000)) == ("742 B", "312.5 kB", "1.80 MB")
    assert (points(0.0123), points(-0.004), points(0.00001)) == ("+1.2", "-0.4", "0.0")
    assert (loss(0.0123), loss(-0.0123)) == ("1.2", "-1.2")
    assert printable("a\x1b[31m\n") == "a\\x1b[31m\\x0a"
