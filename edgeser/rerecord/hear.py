"""Finds the markers in a recording: read piece by piece, of any length, gain and rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import Excerpt, open_audio, read_recording
from edgeser.progress import Progress
from edgeser.rerecord.correlation import correlate
from edgeser.rerecord.interpolate import values_at
from edgeser.rerecord.markers import (
    BIT_S,
    SECONDS,
    SWEEP_S,
    Kind,
    Marker,
    bit_starts,
    marker_of,
    sweep,
)
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Floats = NDArray[np.float64]

LEAST_CORRELATION = 0.2
"""Of a sweep with what was recorded: below it there is none. Speech reaches about half of it."""
LOWEST_RATE = 8_000
_SURELY_A_SWEEP = 0.5
_KINDS: tuple[Kind, ...] = ("before", "after")
_PIECE_S = 20.0
_APART_S = SWEEP_S
_BIT_SLACK_S = 0.002
_FINE = 32
"""Fractions of a sample on which the highest correlation is looked for."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One marker in a recording.

    Parameters
    ----------
    marker
        Which.
    position
        Where its sweep begins, in samples of the recording, fractional.
    correlation
        Of the sweep with what was recorded, 0 to 1.
    """

    marker: Marker
    position: float
    correlation: float


@dataclass(frozen=True, slots=True)
class Listened:
    """A recording and the markers that were heard in it, in their order."""

    path: Path
    sample_rate: int
    samples: int
    heard: tuple[Heard, ...]
    others: int
    """Sweeps whose bits are of no marker of this play list."""


def listen(path: Path, list_id: str, *, progress: Progress | None = None) -> Listened:
    """Find all markers of a play list in a recording.

    Raises
    ------
    BadInput
        When it cannot be read as audio, or its rate is below 8 kHz.
    """
    with open_audio(path) as audio:
        rate = audio.sample_rate
        if rate < LOWEST_RATE:
            raise BadInput(
                f"cannot use {path}: at {rate} Hz it cannot hold the chirps",
                hint=f"record at {LOWEST_RATE} Hz or more, best at the rate of the model",
            )
        total = audio.frames
        hop = round(_PIECE_S * rate)
        overlap = math.ceil((SECONDS + _APART_S) * rate)
        heard: list[Heard] = []
        others = done = 0
        for start, piece in _pieces(audio.blocks(), hop, overlap):
            for kind in _KINDS:
                found, no_marker = _in_piece(piece, rate, kind, list_id, hop)
                heard += [replace(h, position=h.position + start) for h in found]
                others += no_marker
            done = start + len(piece)
            if progress is not None:
                progress(min(done, total), total)
    ordered = sorted(heard, key=lambda h: h.position)
    return Listened(path, rate, done, tuple(ordered), others)


def refined(listened: Listened, heard: Heard, ratio: float) -> Heard:
    """Return a marker's position again, by a sweep with the clock of the recording.

    Parameters
    ----------
    ratio
        Samples of the recording to one second of what was played.
    """
    rate = listened.sample_rate
    slack = round(0.004 * rate)
    tone = sweep(ratio, SWEEP_S, up=heard.marker.kind == "before")
    first = max(0, math.floor(heard.position) - slack)
    count = min(len(tone) + 2 * slack, listened.samples - first)
    if count < len(tone):
        return heard
    part = scaled(read_stretch(listened.path, rate, first, count))
    position, correlation = _highest(part, tone, rate)
    return replace(heard, position=first + position, correlation=correlation)


def read_stretch(path: Path, rate: int, first: int, count: int) -> NDArray[Any]:
    """Read `count` samples from sample `first` on, as mono: int16, or floats of full scale 1."""
    piece = Excerpt(path, first / rate, count / rate)
    return read_recording(piece, max_seconds=math.inf).samples


def scaled(samples: NDArray[Any]) -> Floats:
    """Return samples as floats with full scale 1.0."""
    if samples.dtype == np.int16:
        return samples / 32768.0
    return samples.astype(np.float64)


def require_heard(found: Iterable[Listened]) -> None:
    """Refuse recordings in which no marker of the play list was heard.

    Raises
    ------
    BadInput
        Naming the first, and what may be the reason.
    """
    recordings = list(found)
    if any(listened.heard for listened in recordings):
        return
    others = sum(listened.others for listened in recordings)
    names = printable(recordings[0].path.name) + (" and the others" if recordings[1:] else "")
    if others:
        raise BadInput(
            f"no chirp of this play list was heard in {names}, but {others} that may be of another",
            hint="give the folder of the play list that was played",
        )
    raise BadInput(
        f"no chirp was heard in {names}",
        hint="play the list louder or nearer, without noise reduction or echo cancelling",
    )


def _pieces(blocks: Iterator[NDArray[Any]], hop: int, overlap: int) -> Iterator[tuple[int, Floats]]:
    """Yield where each piece begins, and ``hop + overlap`` samples; of the last what is left."""
    start = held = 0
    kept: list[Floats] = []
    for block in blocks:
        kept.append(scaled(block))
        held += len(block)
        while held >= hop + overlap:
            joined = np.concatenate(kept)
            yield start, joined[: hop + overlap]
            kept, held, start = [joined[hop:]], held - hop, start + hop
    if held:
        yield start, np.concatenate(kept)


def _in_piece(
    piece: Floats, rate: int, kind: Kind, list_id: str, hop: int
) -> tuple[list[Heard], int]:
    """Return the markers of a kind that begin within `hop` samples, and how many were none."""
    tone = sweep(rate, SWEEP_S, up=kind == "before")
    if len(piece) < len(tone):
        return [], 0
    correlation = np.abs(correlate(piece, tone, rate))
    heard, others = [], 0
    apart = round(_APART_S * rate)
    for at in _peaks(correlation, apart):
        if at >= hop:
            continue
        bits = _bits_at(piece, at, rate)
        marker = None if bits is None else marker_of(kind, bits, list_id)
        if marker is None:
            others += bits is not None and correlation[at] >= _SURELY_A_SWEEP
            continue
        first = max(0, at - 32)
        position, height = _highest(piece[first : at + len(tone) + 32], tone, rate)
        heard.append(Heard(marker, first + position, height))
    return heard, others


def _peaks(correlation: Floats, apart: int) -> list[int]:
    """Return where it is above the threshold and highest within `apart` samples on each side."""
    found: list[int] = []
    above = np.flatnonzero(correlation >= LEAST_CORRELATION)
    for at in above[np.argsort(-correlation[above], kind="stable")]:
        if all(abs(int(at) - other) >= apart for other in found):
            found.append(int(at))
    return sorted(found)


def _bits_at(piece: Floats, at: int, rate: int) -> tuple[bool, ...] | None:
    """Return the bits after a sweep; `None` where the piece ends before they do."""
    slack = max(1, round(_BIT_SLACK_S * rate))
    tones = [sweep(rate, BIT_S, up=up) for up in (False, True)]
    bits = []
    for start in bit_starts():
        first = at + round(start * rate) - slack
        part = piece[max(0, first) : first + len(tones[0]) + 2 * slack]
        if len(part) < len(tones[0]) + slack:
            return None
        down, up = (float(np.abs(correlate(part, tone, rate)).max()) for tone in tones)
        bits.append(up > down)
    return tuple(bits)


def _highest(part: Floats, tone: Floats, rate: float) -> tuple[float, float]:
    """Return where the correlation's magnitude is highest, to a part of a sample, and how high."""
    correlation = correlate(part, tone, rate)
    at = int(np.argmax(np.abs(correlation)))
    sign = np.sign(correlation[at]) or 1.0
    around = values_at(sign * correlation, at - 1.0, 1.0 / _FINE, 2 * _FINE + 1)
    best = int(np.argmax(around))
    shift = 0.0
    if 0 < best < len(around) - 1:
        left, middle, right = around[best - 1 : best + 2]
        bend = left - 2.0 * middle + right
        shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    return at - 1.0 + (best + shift) / _FINE, float(min(1.0, around[best]))
