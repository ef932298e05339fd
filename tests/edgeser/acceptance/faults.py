"""Faults of a microphone's road, put into samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt

from edgeser.acceptance.faults import Fault

Samples = NDArray[np.int16]
RATE = 16_000


def saturated(values: NDArray[np.generic]) -> Samples:
    return np.clip(np.round(values), -32768, 32767).astype(np.int16)


def high_passed(samples: Samples, hz: float, order: int = 2) -> Samples:
    return saturated(sosfilt(butter(order, hz, "highpass", fs=RATE, output="sos"), samples))


def humming(samples: Samples, mains: float, level: float) -> Samples:
    time = np.arange(len(samples)) / RATE
    hum = np.sin(2 * np.pi * mains * time) + 0.4 * np.sin(2 * np.pi * 3 * mains * time + 1.0)
    noise = np.random.default_rng(0).normal(0.0, 1.0, len(samples))  # a converter's own
    return saturated(samples + 32768 * level * hum + noise)


def louder(samples: Samples, db: float) -> Samples:
    """Return samples so loud that the loudest percent of them is `db` above full scale."""
    return saturated(samples * (32768 * 10 ** (db / 20) / np.percentile(np.abs(samples), 99)))


def at_rate(samples: Samples, rate: int) -> Samples:
    """Return what a converter of that rate gives, which somebody takes for 16 kHz."""
    common = np.gcd(rate, RATE)
    return saturated(resample_poly(samples.astype(float), rate // common, RATE // common))


def lost(samples: Samples, *places: float, size: int = 320) -> Samples:
    """Return samples without a block at each of some places, as shares of the whole."""
    kept = np.ones(len(samples), bool)
    for place in places:
        at = int(place * len(samples))
        kept[at : at + size] = False
    return samples[kept]


def doubled(samples: Samples, *places: float, size: int = 320, times: int = 2) -> Samples:
    out = samples
    for place in sorted(places, reverse=True):
        at = int(place * len(samples))
        out = np.concatenate([out[:at], *times * [out[at : at + size]], out[at + size :]])
    return out


def stale(samples: Samples, place: float, size: int = 256) -> Samples:
    """Return samples with a block's place taken by the one before it, as a late reader gets."""
    out = samples.copy()
    at = int(place * len(out))
    out[at + size : at + 2 * size] = samples[at : at + size]
    return out


def in_turn(left: Samples, right: Samples) -> Samples:
    """Return two channels as frames, taken for one channel."""
    return np.stack([left, right], axis=1).reshape(-1)


def beside(samples: Samples, gain: float = 0.9) -> Samples:
    """Return what a second microphone hears, 20 mm further away."""
    late = np.concatenate([samples[:1], samples[:-1]])
    noise = np.random.default_rng(1).normal(0.0, 4.0, len(samples))
    return saturated(gain * late + noise)


INJECTED: dict[str, tuple[Callable[[Samples], Samples], Fault]] = {
    "8 bits too quiet": (lambda x: x >> 8, Fault.GAIN),
    "16 bits too quiet": (lambda x: (x.astype(np.int32) >> 16).astype(np.int16), Fault.GAIN),
    "1 bit too quiet": (lambda x: x >> 1, Fault.GAIN),
    "7 bits too quiet": (lambda x: x >> 7, Fault.GAIN),
    "12 bits too quiet": (lambda x: x >> 12, Fault.GAIN),
    "4 bits too loud, wrapped": (lambda x: x << 4, Fault.GAIN),
    "4 bits too loud, saturated": (lambda x: saturated(x.astype(np.int64) << 4), Fault.GAIN),
    "8 bits too loud, wrapped": (lambda x: x << 8, Fault.GAIN),
    "8 bits too loud, saturated": (lambda x: saturated(x.astype(np.int64) << 8), Fault.GAIN),
    "16 bits too loud, saturated": (lambda x: saturated(x.astype(np.int64) << 16), Fault.GAIN),
    "bytes swapped": (lambda x: x.byteswap(), Fault.BYTE_ORDER),
    "the same twice": (lambda x: in_turn(x, x), Fault.CHANNELS),
    "one channel silent": (lambda x: in_turn(np.zeros_like(x), x), Fault.CHANNELS),
    "another microphone": (lambda x: in_turn(x, beside(x)), Fault.CHANNELS),
    "another microphone, quiet": (lambda x: in_turn(beside(x, 0.4), x), Fault.CHANNELS),
    "offset": (lambda x: saturated(x.astype(np.int32) + 900), Fault.DC),
    "negative offset": (lambda x: saturated(x.astype(np.int32) - 3000), Fault.DC),
    "clipped": (lambda x: louder(x, 6.0), Fault.CLIPPING),
    "ten times as loud, clipped": (lambda x: saturated(10.0 * x), Fault.CLIPPING),
    "clipped, then made quieter": (
        lambda x: saturated(0.4 * louder(x, 6.0).astype(float)),
        Fault.CLIPPING,
    ),
    "8 kHz": (lambda x: at_rate(x, 8_000), Fault.RATE),
    "15.625 kHz": (lambda x: at_rate(x, 15_625), Fault.RATE),
    "22.05 kHz": (lambda x: at_rate(x, 22_050), Fault.RATE),
    "44.1 kHz": (lambda x: at_rate(x, 44_100), Fault.RATE),
    "48 kHz": (lambda x: at_rate(x, 48_000), Fault.RATE),
    "a sample lost": (lambda x: lost(x, 0.4, size=1), Fault.LOST),
    "a sample doubled": (lambda x: doubled(x, 0.4, size=1), Fault.DOUBLED),
    "a block lost": (lambda x: lost(x, 0.4), Fault.LOST),
    "many blocks lost": (lambda x: lost(x, 0.2, 0.45, 0.7, size=160), Fault.LOST),
    "a block doubled": (lambda x: doubled(x, 0.5), Fault.DOUBLED),
    "a large block doubled": (lambda x: doubled(x, 0.6, size=1024), Fault.DOUBLED),
    "a small block doubled": (lambda x: doubled(x, 0.5, size=64), Fault.DOUBLED),
    "a block three times": (lambda x: doubled(x, 0.5, size=441, times=3), Fault.DOUBLED),
    "a block of old samples": (lambda x: stale(x, 0.5), Fault.DOUBLED),
    "hum of 50 Hz": (lambda x: humming(x, 50, 0.01), Fault.HUM),
    "hum of 60 Hz": (lambda x: humming(x, 60, 0.02), Fault.HUM),
    "high-pass at 300 Hz": (lambda x: high_passed(x, 300), Fault.HIGH_PASS),
    "high-pass at 400 Hz": (lambda x: high_passed(x, 400, order=4), Fault.HIGH_PASS),
}
