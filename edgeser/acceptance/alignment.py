"""What was played, found again in what was heard: at which rate, and how late each stretch came.

First the rate, coarsely by loudness over time, which a wrong rate stretches; then finely by the
waveform of some stretches. Then each stretch by itself: where the lag jumps, samples were lost or
doubled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeser.acceptance.faults import Floats, Samples
from edgeser.rerecord.correlation import correlate, without_low
from edgeser.rerecord.fit import fit_of
from edgeser.rerecord.interpolate import values_at

KNOWN_RATES = (8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
"""What microphones are set to."""
LEAST = 0.35
"""Correlation of a stretch that is found; noise of half a second reaches a tenth of it."""
EXACT = 0.95
_SURE = 0.6
_STRETCH_S = 0.4
_STEP_S = 0.2
_ENVELOPE_S = 0.01
_SLOWEST, _FASTEST, _GRID = 0.16, 6.2, 0.005
_CANDIDATES = 6
_AROUND_S = 0.25
_LAG_S = 1.5
_FINE = 0.006
_FINEST = 0.0005
_SOUND = 0.003
"""Of full scale: stretches that are less loud say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Where what was played is in what was heard.

    Parameters
    ----------
    ratio
        Samples heard to one sample played, before what `lags` say.
    lags
        Of each stretch that was found, ``[stretches, 3]``: where it begins in what was played, how
        many samples late it came at that ratio, and its correlation.
    """

    ratio: float
    lags: Floats


def align(samples: Samples, played: Samples, rate: int) -> Alignment | None:
    """Find what was played; `None` where it is not there.

    Parameters
    ----------
    samples, played
        As heard, and as it should have been heard, at `rate`.
    """
    if np.array_equal(samples[: len(played)], played):
        return Alignment(1.0, np.array([[0.0, 0.0, 1.0]]))
    heard, given = samples / 32768.0, played / 32768.0
    stretches = _loudest(given, rate, 4)
    if not stretches:
        return None
    best = (0.0, 1.0, 0.0)
    for same in (True, False):
        for ratio, shift in _coarse(heard, given, rate, same=same):
            best = max(best, _refined(heard, given, rate, stretches, ratio, shift))
            if best[0] >= _SURE:
                break
        if best[0] >= _SURE:
            break
    score, ratio, offset = best
    if score < LEAST:
        return None
    lags = _lags(heard, given, rate, ratio, offset)
    return Alignment(ratio, lags) if len(lags) else None


def _loudest(given: Floats, rate: int, count: int) -> list[int]:
    """Return where the stretches with the fastest movement begin: they are found best."""
    size = round(_STRETCH_S * rate)
    moved = np.abs(np.diff(given, prepend=0.0))
    sums = np.array([moved[i : i + size].sum() for i in range(0, len(given) - size, size)])
    order = np.argsort(-sums, kind="stable")[:count]
    return [int(i) * size for i in order if sums[i] > 0]


def _coarse(heard: Floats, given: Floats, rate: int, *, same: bool) -> list[tuple[float, float]]:
    """Return ratios and shifts in samples, the likeliest first; only ratio 1 where `same`."""
    ours, theirs = _envelope(heard, rate), _envelope(given, rate)
    reach = np.linalg.norm(ours)
    known = [hz / rate for hz in KNOWN_RATES]
    grid = np.exp(np.arange(np.log(_SLOWEST), np.log(_FASTEST), _GRID))
    found = []
    for ratio in [1.0] if same else [*known, *grid]:
        count = int(len(theirs) * ratio)
        if not 4 <= count <= 4 * max(len(ours), len(theirs)):
            continue
        stretched = np.interp(np.arange(count) / ratio, np.arange(len(theirs)), theirs)
        size = 1 << (len(ours) + count).bit_length()
        product = np.fft.irfft(
            np.fft.rfft(ours, size) * np.conj(np.fft.rfft(stretched, size)), size
        )
        at = int(np.argmax(product))
        height = float(product[at] / max(reach * np.linalg.norm(stretched), 1e-12))
        shift = at if at < len(ours) else at - size
        found.append((height + (0.05 if ratio in known else 0.0), float(ratio), shift))
    found.sort(reverse=True)
    chosen: list[tuple[float, float]] = []
    for _, ratio, shift in found:
        if all(abs(np.log(ratio / other)) > 2 * _GRID for other, _ in chosen):
            chosen.append((ratio, shift * _ENVELOPE_S * rate))
        if len(chosen) > _CANDIDATES:
            break
    return chosen


def _envelope(samples: Floats, rate: int) -> Floats:
    """Return the loudness of 10 ms each, its mean taken out."""
    size = round(_ENVELOPE_S * rate)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    loudness = np.sqrt(np.square(frames - frames.mean(axis=1, keepdims=True)).mean(axis=1))
    return np.asarray(loudness - loudness.mean())


def _refined(
    heard: Floats,
    given: Floats,
    rate: int,
    stretches: list[int],
    ratio: float,
    shift: float,
) -> tuple[float, float, float]:
    """Return correlation, ratio and offset where the stretches correlate best."""
    size = round(_STRETCH_S * rate)
    best = (0.0, ratio, shift)
    for fine in (0.0, *np.arange(-_FINE, _FINE + 1e-9, _FINEST * 2)):
        tried = ratio * (1.0 + fine)
        scores, offsets = [], []
        for start in stretches[:3]:
            tone = _stretched(given, start, size, tried)
            place = shift + start * tried
            score, at = _search(heard, tone, place, _AROUND_S * rate, rate)
            scores.append(score)
            offsets.append(at - start * tried)
        middle = float(np.median(scores))
        if middle > best[0]:
            best = (middle, tried, offsets[int(np.argsort(scores)[len(scores) // 2])])
        if middle >= EXACT:
            break
    return best


def _stretched(given: Floats, start: int, size: int, ratio: float) -> Floats:
    """Return a stretch as it would be heard at that ratio."""
    if ratio == 1.0:
        return given[start : start + size]
    return values_at(given, float(start), 1.0 / ratio, max(16, int(size * ratio)))


def _search(
    heard: Floats, tone: Floats, place: float, around: float, rate: int
) -> tuple[float, float]:
    """Return the highest correlation near a place, and where it is."""
    first = max(0, round(place - around))
    part = heard[first : round(place + around) + len(tone)]
    if len(part) < len(tone) or not np.any(tone):
        return 0.0, place
    found = np.abs(correlate(part, without_low(tone, rate), rate))
    at = int(np.argmax(found))
    return float(found[at]), float(first + at)


def _lags(heard: Floats, given: Floats, rate: int, ratio: float, offset: float) -> Floats:
    """Return how late each stretch comes, each looked for near where the last one was."""
    size, step = round(_STRETCH_S * rate), round(_STEP_S * rate)
    now = offset
    rows = []
    for start in range(0, len(given) - size, step):
        part = given[start : start + size]
        if float(np.sqrt(np.mean(np.square(part)))) < _SOUND:
            continue
        tone = _stretched(given, start, size, ratio)
        for around in (0.02, 0.1, _LAG_S):
            place = now + start * ratio
            score, at = _search(heard, tone, place, around * rate, rate)
            if score >= _SURE:
                break
        if score < LEAST:
            continue
        late = _late(heard, tone, round(at), rate)
        late = 0.0 if late is None and score >= EXACT else late
        if late is not None:
            lag = at + late - start * ratio
            rows.append((float(start), lag, score))
            now = lag if score >= _SURE else now
    return np.array(rows).reshape(-1, 3)


def _late(heard: Floats, tone: Floats, at: int, rate: int) -> float | None:
    """Return by how much a stretch comes later than its waveform says: filters shift that.

    By the phases alone; `None` where they do not say.
    """
    part = heard[at : at + len(tone)]
    return fit_of(part, tone, rate).lag if len(part) == len(tone) else None
