"""Recording conditions in the waveform domain: level, floor, tilt, band, room, noise.

Every function is pure: int16 samples in, int16 samples of the same length out (`change_speed`
alone changes the length), and whatever is random comes from the generator that is passed in. The
same functions make the training variants and the conditions of the evaluation.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Signal = NDArray[np.floating[Any]]
Response = Callable[[Signal], NDArray[np.complex128] | Signal]

TILT_BAND_HZ = (125.0, 7500.0)
"""Over which a tilt of n dB rises by n dB; the gain is flat outside."""
_FLOOR_FRAME_S = 0.020
_FLOOR_QUANTILE = 0.1
_FLOOR_MINIMUM = 1.0 / 12.0
"""Power of the rounding noise of int16: no recording's floor is taken for less."""
_GATE_MARGIN_DB = 6.0
_FILTER_TAIL_S = 0.064


def to_samples(signal: Signal) -> Samples:
    """Round to int16 and clip, as a converter does."""
    return np.clip(np.rint(signal), -32768, 32767).astype(np.int16)


def power(samples: Samples | Signal) -> float:
    """Return the mean square, in squared steps of int16."""
    signal = np.asarray(samples, dtype=np.float64)
    return float(np.mean(signal * signal)) if signal.size else 0.0


def scale_level(samples: Samples, decibels: float) -> Samples:
    """Change the level; what no longer fits int16 clips."""
    return to_samples(samples.astype(np.float64) * 10.0 ** (decibels / 20.0))


def tilt_spectrum(samples: Samples, decibels: float, *, sample_rate: int = 16000) -> Samples:
    """Tilt the spectrum so that it rises by `decibels` from 125 Hz to 7.5 kHz.

    The gain is linear in octaves and 0 dB in the middle of the band (about 970 Hz); a negative
    value makes a voice darker.
    """
    low, high = TILT_BAND_HZ
    middle = math.sqrt(low * high)
    octaves = math.log2(high / low)

    def gain(hertz: Signal) -> Signal:
        position = np.log2(np.clip(hertz, low, high) / middle) / octaves
        return np.asarray(10.0 ** (decibels * position / 20.0))

    return to_samples(_filtered(samples, gain, sample_rate))


def high_pass(samples: Samples, hertz: float, *, sample_rate: int = 16000) -> Samples:
    """Apply a first-order high-pass (-3 dB at `hertz`), like a PDM microphone's DC remover."""
    return to_samples(first_order_high_pass(samples, hertz, sample_rate=sample_rate))


def first_order_high_pass(samples: Samples, hertz: float, *, sample_rate: int) -> Signal:
    """Do what `high_pass` does, without rounding and clipping."""

    def response(frequency: Signal) -> NDArray[np.complex128]:
        ratio = 1j * frequency / hertz
        return np.asarray(ratio / (1.0 + ratio))

    return _filtered(samples, response, sample_rate)


def limit_band(
    samples: Samples, lower_hz: float, upper_hz: float, *, sample_rate: int = 16000
) -> Samples:
    """Keep a band: fourth-order Butterworth magnitudes at both edges, zero phase."""

    def gain(hertz: Signal) -> Signal:
        below = 1.0 / np.sqrt(1.0 + (hertz / upper_hz) ** 8)
        above = 1.0 / np.sqrt(1.0 + (lower_hz / np.maximum(hertz, 1e-3)) ** 8)
        return np.asarray(below * above)

    return to_samples(_filtered(samples, gain, sample_rate))


def add_room(
    samples: Samples,
    *,
    decay_s: float,
    direct_to_reverberant_db: float,
    rng: np.random.Generator,
    sample_rate: int = 16000,
) -> Samples:
    """Add a room: the direct sound and a tail of exponentially decaying noise.

    Parameters
    ----------
    samples
        int16, any length.
    decay_s
        RT60, the time in which the tail falls by 60 dB.
    direct_to_reverberant_db
        Energy of the direct sound over that of the tail.
    rng
        Draws the tail.
    sample_rate
        Of the samples, in Hz.

    Notes
    -----
    Polack's model of late reverberation: white noise times ``10^(-3 t / RT60)``.
    """
    length = max(2, round(decay_s * sample_rate))
    times = np.arange(1, length) / sample_rate
    tail = rng.standard_normal(length - 1) * 10.0 ** (-3.0 * times / decay_s)
    tail *= math.sqrt(10.0 ** (-direct_to_reverberant_db / 10.0) / float(np.sum(tail * tail)))
    impulse = np.concatenate(([1.0], tail))
    signal = samples.astype(np.float64)
    size = _fast_length(signal.size + length)
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(impulse, size), size)
    wet = wet[: signal.size]
    wet_power = power(wet)
    return to_samples(wet * math.sqrt(power(signal) / wet_power) if wet_power > 0.0 else wet)


def noise_floor(samples: Samples, *, sample_rate: int = 16000) -> float:
    """Return the power of a recording's noise floor: that of its tenth quietest 20 ms frame.

    Never less than the rounding noise of int16 (1/12).
    """
    frames = _frames(samples, sample_rate)
    if frames.shape[0] == 0:
        return _FLOOR_MINIMUM
    powers = np.mean(frames * frames, axis=1)
    return max(float(np.quantile(powers, _FLOOR_QUANTILE)), _FLOOR_MINIMUM)


def raise_noise_floor(
    samples: Samples, decibels: float, *, rng: np.random.Generator, sample_rate: int = 16000
) -> Samples:
    """Raise a recording's noise floor by `decibels`, with noise of the floor's own spectrum."""
    frames = _frames(samples, sample_rate)
    if frames.shape[0] == 0:
        return samples.copy()
    powers = np.mean(frames * frames, axis=1)
    quiet = frames[powers <= np.quantile(powers, _FLOOR_QUANTILE)]
    window = np.hanning(frames.shape[1])
    spectrum = np.mean(np.abs(np.fft.rfft(quiet * window, axis=1)) ** 2, axis=0) + 1e-9
    grid = np.linspace(0.0, sample_rate / 2, spectrum.size)

    def gain(hertz: Signal) -> Signal:
        return np.asarray(np.sqrt(np.interp(hertz, grid, spectrum)), dtype=np.float64)

    noise = _shaped_noise(samples.size, gain, rng, sample_rate)
    target = noise_floor(samples, sample_rate=sample_rate) * (10.0 ** (decibels / 10.0) - 1.0)
    return to_samples(samples.astype(np.float64) + noise * math.sqrt(max(target, 0.0)))


def gate_noise_floor(samples: Samples, decibels: float, *, sample_rate: int = 16000) -> Samples:
    """Turn down by `decibels` whatever lies within 6 dB of the noise floor, as a gate does."""
    frames = _frames(samples, sample_rate)
    if frames.shape[0] == 0:
        return samples.copy()
    powers = np.mean(frames * frames, axis=1)
    threshold = noise_floor(samples, sample_rate=sample_rate) * 10.0 ** (_GATE_MARGIN_DB / 10.0)
    gains = np.where(powers > threshold, 1.0, 10.0 ** (-decibels / 20.0))
    centres = (np.arange(gains.size) + 0.5) * frames.shape[1]
    smooth = np.interp(np.arange(samples.size), centres, gains)
    return to_samples(samples * smooth)


def add_noise(samples: Samples, noise: Signal, snr_db: float) -> Samples:
    """Add `noise` (same length) at a ratio of the two signals' mean powers, in dB."""
    noise_power = power(noise)
    if noise_power <= 0.0:
        return samples.copy()
    wanted = power(samples) * 10.0 ** (-snr_db / 10.0)
    return to_samples(samples + noise * math.sqrt(wanted / noise_power))


def add_white_noise(samples: Samples, snr_db: float, *, rng: np.random.Generator) -> Samples:
    """Add white Gaussian noise at `snr_db`."""
    return add_noise(samples, rng.standard_normal(samples.size), snr_db)


def add_pink_noise(
    samples: Samples, snr_db: float, *, rng: np.random.Generator, sample_rate: int = 16000
) -> Samples:
    """Add noise whose power falls by 3 dB an octave above 50 Hz, at `snr_db`."""

    def gain(hertz: Signal) -> Signal:
        return 1.0 / np.sqrt(np.maximum(hertz, 50.0))

    return add_noise(samples, _shaped_noise(samples.size, gain, rng, sample_rate), snr_db)


def add_babble(
    samples: Samples, snr_db: float, *, babble: Samples, rng: np.random.Generator
) -> Samples:
    """Add a random stretch of `babble` (see `make_babble`; wrapped around) at `snr_db`."""
    if babble.size == 0:
        return samples.copy()
    start = int(rng.integers(babble.size))
    stretch = np.take(babble, np.arange(start, start + samples.size), mode="wrap")
    return add_noise(samples, stretch.astype(np.float64), snr_db)


def make_babble(
    recordings: Sequence[Samples],
    *,
    seed: int,
    voices: int = 8,
    seconds: float = 60.0,
    sample_rate: int = 16000,
) -> Samples:
    """Mix `voices` streams of recordings, each recording brought to one level, into babble.

    Returns
    -------
    Samples
        int16, `seconds` long, peaks at half of full scale; empty when no recording has sound.
    """
    rng = np.random.default_rng(seed)
    powers = [(recording, power(recording)) for recording in recordings]
    loud = [(recording, math.sqrt(its)) for recording, its in powers if its > 1.0]
    length = round(seconds * sample_rate)
    if not loud:
        return np.zeros(0, dtype=np.int16)

    @functools.cache
    def at_one_level(number: int) -> Signal:
        recording, root = loud[number]
        return np.asarray(recording / root)

    total = np.zeros(length)
    for _ in range(voices):
        filled = 0
        while filled < length:
            part = at_one_level(int(rng.integers(len(loud))))[: length - filled]
            total[filled : filled + part.size] += part
            filled += part.size
    return to_samples(total * (16384.0 / float(np.max(np.abs(total)))))


def change_speed(samples: Samples, factor: float) -> Samples:
    """Play `factor` times as fast by linear interpolation: tempo, pitch and formants move."""
    if samples.size == 0:
        return samples.copy()
    length = max(1, round(samples.size / factor))
    positions = np.arange(length) * factor
    return to_samples(np.interp(positions, np.arange(samples.size), samples.astype(np.float64)))


def _filtered(samples: Samples, response: Response, sample_rate: int) -> Signal:
    size = _fast_length(samples.size + round(_FILTER_TAIL_S * sample_rate))
    hertz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    spectrum = np.fft.rfft(samples.astype(np.float64), size) * response(hertz)
    return np.asarray(np.fft.irfft(spectrum, size)[: samples.size])


def _shaped_noise(
    length: int, gain: Callable[[Signal], Signal], rng: np.random.Generator, sample_rate: int
) -> Signal:
    """Return Gaussian noise of unit power whose spectrum follows `gain` (an amplitude)."""
    size = _fast_length(max(length, 2))
    hertz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    white = np.fft.rfft(rng.standard_normal(size))
    noise = np.fft.irfft(white * gain(hertz), size)[:length]
    level = power(noise)
    return np.asarray(noise / math.sqrt(level) if level > 0.0 else noise)


def _frames(samples: Samples, sample_rate: int) -> Signal:
    length = round(_FLOOR_FRAME_S * sample_rate)
    count = samples.size // length
    return samples[: count * length].astype(np.float64).reshape(count, length)


def _fast_length(size: int) -> int:
    """Return the least 2^a 3^b 5^c that is at least `size`; an FFT of that length is fast."""
    best = 1 << max(size - 1, 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            quotient = -(-size // three)
            candidate = three << max(quotient - 1, 0).bit_length()
            best = min(best, candidate) if candidate >= size else best
            three *= 3
        five *= 5
    return best
