"""Sync chirps: a sweep that is found to a part of a sample, and bits that say which one it is.

A marker is a sweep, upwards before a block of clips and downwards after it, and twenty short
sweeps, one a bit: the block's number and a check of eight that also covers the play list. All
of it is a formula of time, so that a detector writes it at the rate, and with the clock, of
whatever recorded it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["before", "after"]

LOW_HZ, HIGH_HZ = 500.0, 6500.0
SWEEP_S = 0.25
BIT_S = 0.05
GAP_S = 0.05
"""Silence between the sweep and its bits, and after each bit a fifth of it."""
NUMBER_BITS, CHECK_BITS = 12, 8
MOST_BLOCKS = 1 << NUMBER_BITS
LEVEL = 0.5
"""Amplitude of a marker; 1.0 is full scale."""
_TAPER_S = 0.008
_NYQUIST_SHARE = 0.45
_BIT_SPACE_S = BIT_S + GAP_S / 5
SECONDS = SWEEP_S + GAP_S + (NUMBER_BITS + CHECK_BITS) * _BIT_SPACE_S
"""Of a whole marker."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Which marker it is: before or after which block, counted from 0."""

    kind: Kind
    block: int


def sweep(rate: float, seconds: float, *, up: bool) -> Floats:
    """Return one sweep, ``[samples]`` of amplitude 1, at `rate` samples a second of its own time.

    What a recording of a low rate cannot hold (above 0.45 of it) is left out.
    """
    time = np.arange(math.ceil(seconds * rate)) / rate
    time = time[time < seconds]
    start, end = (LOW_HZ, HIGH_HZ) if up else (HIGH_HZ, LOW_HZ)
    slope = (end - start) / seconds
    edge = np.clip(np.minimum(time, seconds - time) / _TAPER_S, 0.0, 1.0)
    window = 0.5 - 0.5 * np.cos(np.pi * edge)
    window *= start + slope * time < _NYQUIST_SHARE * rate
    wave: Floats = window * np.sin(2.0 * np.pi * (start * time + 0.5 * slope * time * time))
    return wave


def bits_of(marker: Marker, list_id: str) -> tuple[bool, ...]:
    """Return the bits of a marker, the highest of the number first, then the check."""
    number = [bool(marker.block >> place & 1) for place in reversed(range(NUMBER_BITS))]
    check = _check(marker, list_id)
    return (*number, *(bool(check >> place & 1) for place in reversed(range(CHECK_BITS))))


def marker_of(kind: Kind, bits: tuple[bool, ...], list_id: str) -> Marker | None:
    """Return the marker whose bits these are; `None` where they are no marker's of this list."""
    block = sum(1 << place for place, bit in enumerate(reversed(bits[:NUMBER_BITS])) if bit)
    marker = Marker(kind, block)
    return marker if bits_of(marker, list_id) == tuple(bits) else None


def bit_starts() -> Iterator[float]:
    """Yield when each bit begins, in seconds after the sweep does."""
    for place in range(NUMBER_BITS + CHECK_BITS):
        yield SWEEP_S + GAP_S + place * _BIT_SPACE_S


def marker_samples(marker: Marker, list_id: str, rate: int) -> Floats:
    """Return a whole marker, ``[samples]`` with full scale 1.0."""
    out = np.zeros(math.ceil(SECONDS * rate))
    tone = sweep(rate, SWEEP_S, up=marker.kind == "before")
    out[: len(tone)] = tone
    for start, bit in zip(bit_starts(), bits_of(marker, list_id), strict=True):
        first = round(start * rate)
        tone = sweep(rate, BIT_S, up=bit)
        out[first : first + len(tone)] += tone
    return LEVEL * out


def _check(marker: Marker, list_id: str) -> int:
    text = f"{marker.kind} {marker.block} {list_id}"
    return zlib.crc32(text.encode()) & ((1 << CHECK_BITS) - 1)
