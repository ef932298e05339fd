"""Arrays as pictures: perceptually even colour maps and a palette PNG, without a library.

The maps are lines through OKLCH (Björn Ottosson, "A perceptual color space for image processing",
2020): lightness changes evenly from end to end, so equal steps in the data look equal, in grey
print too. Where sRGB cannot show a colour, its chroma is lowered and its lightness kept.
"""

from __future__ import annotations

import base64
import functools
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.string_enum import StrEnum

Floats = NDArray[np.float64]
_LEVELS = 256


class ColourMap(StrEnum):
    """Which colours stand for low and high values."""

    SEQUENTIAL = "sequential"
    """From dark indigo to light yellow: amounts."""
    DIVERGING = "diverging"
    """From blue over near white to brown red: signed values around 0."""
    CYCLIC = "cyclic"
    """Once round the hues at one lightness, the same at both ends: angles from -pi to pi."""
    GREY = "grey"
    """From dark to light grey: what something else is laid over."""
    SIGNED = "signed"
    """Blue below the middle, brown red above: for what is clear in between."""


def png_data_uri(values: Floats, low: float, high: float, colours: ColourMap) -> str:
    """Return ``data:image/png;base64,...`` of `values`, float64 ``[rows, columns]``, top row first.

    Values below `low` or above `high` take the colour at that end.
    """
    steps = (values - low) / (high - low if high > low else 1.0) * (_LEVELS - 1)
    indices = np.clip(np.rint(steps), 0, _LEVELS - 1).astype(np.uint8)
    data = base64.b64encode(palette_png(indices, palette(colours))).decode("ascii")
    return f"data:image/png;base64,{data}"


def overlay_data_uri(values: Floats, most: float) -> str:
    """Return a picture of signed `values` to lay over another: clear at 0, opaque at `most`.

    Brown red stands for positive values, blue for negative ones; float64 ``[rows, columns]``.
    """
    half = (_LEVELS - 1) / 2
    indices = np.rint(half + half * np.clip(values / (most if most > 0 else 1.0), -1, 1))
    strength = np.abs(np.linspace(-1.0, 1.0, _LEVELS))
    alpha = np.asarray(np.rint(235 * strength**0.7), np.uint8)
    png = palette_png(indices.astype(np.uint8), palette(ColourMap.SIGNED), alpha)
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def palette_png(
    indices: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    alpha: NDArray[np.uint8] | None = None,
) -> bytes:
    """Return an 8-bit palette PNG (ISO/IEC 15948) of `indices`, uint8 ``[rows, columns]``.

    `colours` is uint8 ``[at most 256, 3]``, sRGB; `alpha`, uint8 with as many, how opaque each is.
    """
    rows, columns = indices.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    unfiltered = np.zeros((rows, 1), dtype=np.uint8)
    scanlines = np.hstack([unfiltered, indices]).tobytes()
    chunks = (
        (b"IHDR", header),
        (b"PLTE", colours.astype(np.uint8).tobytes()),
        *(() if alpha is None else ((b"tRNS", alpha.tobytes()),)),
        (b"IDAT", zlib.compress(scanlines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


@functools.cache
def palette(colours: ColourMap) -> NDArray[np.uint8]:
    """Return the map's 256 colours, uint8 ``[256, 3]``, sRGB."""
    t = np.linspace(0.0, 1.0, _LEVELS)
    if colours is ColourMap.SEQUENTIAL:
        lightness = 0.18 + 0.77 * t
        hue = np.radians(295.0 - 195.0 * t)
        chroma = np.full_like(t, 0.13)
    elif colours is ColourMap.CYCLIC:
        lightness = np.full_like(t, 0.72)
        hue = 2 * np.pi * t
        chroma = np.full_like(t, 0.11)
    elif colours is ColourMap.GREY:
        lightness, hue, chroma = 0.22 + 0.74 * t, np.zeros_like(t), np.zeros_like(t)
    elif colours is ColourMap.SIGNED:
        lightness = np.full_like(t, 0.58)
        hue = np.radians(np.where(t < 0.5, 250.0, 40.0))
        chroma = np.full_like(t, 0.19)
    else:
        signed = 2 * t - 1
        lightness = 0.96 - 0.56 * np.abs(signed)
        hue = np.radians(np.where(signed < 0, 250.0, 45.0))
        chroma = 0.14 * np.abs(signed)
    return _srgb(lightness, chroma, hue)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _srgb(lightness: Floats, chroma: Floats, hue: Floats) -> NDArray[np.uint8]:
    """Convert OKLCH to sRGB bytes, lowering chroma by bisection until it is in gamut."""
    low, high = np.zeros_like(chroma), chroma.copy()
    for _ in range(20):
        middle = (low + high) / 2
        fits = _in_gamut(_linear_rgb(lightness, middle, hue))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    linear = np.clip(_linear_rgb(lightness, low, hue), 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), dtype=np.uint8)


def _in_gamut(rgb: Floats) -> NDArray[np.bool_]:
    return np.asarray(((rgb >= 0.0) & (rgb <= 1.0)).all(axis=1))


def _linear_rgb(lightness: Floats, chroma: Floats, hue: Floats) -> Floats:
    """OKLCH to linear sRGB, ``[n, 3]``, by the matrices of Ottosson's definition."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    to_lms = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    lms = (np.stack([lightness, a, b], axis=1) @ to_lms.T) ** 3
    return np.asarray(lms @ to_rgb.T)
