"""The side of WORLD: functions that run in a child process, since native code can crash.

Pitch by DIO and StoneMask, spectral envelope by CheapTrick, aperiodicity by D4C, every 5 ms.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.debias.extra import INSTALL
from quantize.foundation.errors import ToolMissing

Floats = NDArray[np.float64]
BINS = 128
"""Of the mean envelope and aperiodicity of a voice, from 0 Hz to half the sample rate."""
FEWEST_VOICED = 10
"""Frames of 5 ms that a pitch is told by."""
LEAST_VOICED_SHARE = 0.15
"""Of all frames: DIO takes a tenth of white noise for a voice."""
SHORTEST_SECONDS = 0.1
LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
"""Where a pitch is looked for."""
FIGURES = ("wanted_hz", "heard_hz", "source_db", "heard_db", "clipped_share", "voiced_ratio")
"""Of a conversion, in their order."""
_NOISE_ONLY = 1.0 - 1e-9
_LEAST_NOISE = 1e-4
_FULL_SCALE = 32768.0
_PEAK = 0.999
_TURNED_DOWN = 10.0 ** (-3.0 / 20.0)
"""Rather than let it clip, a clip is made less loud, by 3 dB at most."""


def analyse(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Describe the voices of clips.

    Parameters
    ----------
    arrays
        ``samples``, int16: the clips one after the other; ``lengths``, int64 ``[clips]``.
    options
        ``sample_rate`` in Hz.

    Returns
    -------
    arrays, values
        ``voices``, float32 ``[clips, 1 + 2 * BINS]``: log2 of the median pitch in Hz, the mean
        envelope and the mean aperiodicity of voiced frames in dB; NaN where no voice sounds.
    """
    world, rate = _world(), int(options["sample_rate"])
    rows = []
    for clip in _clips(arrays):
        row = np.full(1 + 2 * BINS, np.nan, np.float32)
        speech = _analysed(world, clip / _FULL_SCALE, rate)
        if speech is not None:
            voiced = speech.f0 > 0
            row[0] = np.log2(np.median(speech.f0[voiced]))
            row[1 : 1 + BINS] = _in_bins(10.0 * np.log10(speech.envelope[voiced]).mean(axis=0))
            row[1 + BINS :] = _in_bins(20.0 * np.log10(speech.noise[voiced]).mean(axis=0))
        rows.append(row)
    return {"voices": np.stack(rows)}, {}


def convert(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Say clips again in other voices, as long and as loud, or a little less where they would clip.

    Parameters
    ----------
    arrays
        ``samples`` and ``lengths`` as of `analyse`; ``changes``, float64 ``[clips, 3]``: pitch in
        semitones, factor of the formants, aperiodicity in dB.
    options
        ``sample_rate`` in Hz.

    Returns
    -------
    arrays, values
        ``samples``, int16, of the same lengths; ``figures``, float64 ``[clips, FIGURES]``; all NaN
        where the clip has no voice, and its samples are then 0.
    """
    world, rate = _world(), int(options["sample_rate"])
    said, figures = [], []
    for clip, change in zip(_clips(arrays), arrays["changes"], strict=True):
        samples, row = _converted(world, clip, change, rate)
        said.append(samples)
        figures.append(row)
    return {"samples": np.concatenate(said), "figures": np.stack(figures)}, {}


@dataclass(frozen=True, slots=True, eq=False)
class _Speech:
    """Pitch in Hz ``[frames]``, 0 where unvoiced; power envelope and aperiodicity ``[frames, n]``.

    `times` are those of the frames, in seconds.
    """

    f0: Floats
    times: Floats
    envelope: Floats
    noise: Floats


def _converted(
    world: Any, clip: NDArray[np.int16], change: Floats, rate: int
) -> tuple[NDArray[np.int16], Floats]:
    semitones, formants, breath_db = (float(value) for value in change)
    source = clip / _FULL_SCALE
    speech = _analysed(world, source, rate)
    if speech is None:
        return np.zeros_like(clip), np.full(len(FIGURES), np.nan)
    voiced = speech.f0 > 0
    f0 = speech.f0 * 2.0 ** (semitones / 12.0)
    noise = _warped(speech.noise, formants)
    noise[voiced] = noise[voiced] * 10.0 ** (breath_db / 20.0)
    heard = world.synthesize(
        f0,
        np.exp(_warped(np.log(speech.envelope), formants)),
        np.clip(noise, _LEAST_NOISE, _NOISE_ONLY),
        rate,
    )
    heard = np.pad(heard, (0, max(0, len(source) - len(heard))))[: len(source)]
    heard *= np.sqrt(np.mean(source**2) / max(np.mean(heard**2), 1e-20))
    heard *= np.clip(_PEAK / max(np.max(np.abs(heard)), 1e-20), _TURNED_DOWN, 1.0)
    samples = np.clip(np.rint(heard * _FULL_SCALE), -32768, 32767).astype(np.int16)
    pitch = _pitch(world, samples / _FULL_SCALE, rate)[0]
    again = pitch > 0
    figures = [
        float(np.median(f0[voiced])),
        float(np.median(pitch[again])) if again.sum() >= FEWEST_VOICED else float("nan"),
        _level_db(source),
        _level_db(samples / _FULL_SCALE),
        float(np.mean(np.abs(samples.astype(np.int32)) >= 32767)),
        float(again.sum() / voiced.sum()),
    ]
    return samples, np.array(figures)


def _analysed(world: Any, signal: Floats, rate: int) -> _Speech | None:
    """Return what WORLD finds; `None` where no voice sounds."""
    if len(signal) < SHORTEST_SECONDS * rate:
        return None
    f0, times = _pitch(world, signal, rate)
    if (f0 > 0).sum() < max(FEWEST_VOICED, LEAST_VOICED_SHARE * len(f0)):
        return None
    envelope = world.cheaptrick(signal, f0, times, rate)
    noise = world.d4c(signal, f0, times, rate)
    return _Speech(f0, times, np.maximum(envelope, 1e-16), np.maximum(noise, _LEAST_NOISE))


def _pitch(world: Any, signal: Floats, rate: int) -> tuple[Floats, Floats]:
    rough, times = world.dio(signal, rate, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ)
    return np.asarray(world.stonemask(signal, rough, times, rate)), np.asarray(times)


def _warped(rows: Floats, factor: float) -> Floats:
    """Return rows over frequency with everything moved up by a factor; the ends are held."""
    places = np.arange(rows.shape[1]) / factor
    low = np.minimum(places.astype(np.int64), rows.shape[1] - 1)
    high = np.minimum(low + 1, rows.shape[1] - 1)
    part = np.clip(places - low, 0.0, 1.0)
    return np.ascontiguousarray(rows[:, low] * (1.0 - part) + rows[:, high] * part)


def _in_bins(row: Floats) -> Floats:
    places = np.linspace(0, len(row) - 1, BINS)
    return np.asarray(np.interp(places, np.arange(float(len(row))), row))


def _level_db(signal: Floats) -> float:
    return float(10.0 * np.log10(max(float(np.mean(signal**2)), 1e-12)))


def _clips(arrays: dict[str, NDArray[Any]]) -> Iterator[NDArray[np.int16]]:
    yield from np.split(arrays["samples"], np.cumsum(arrays["lengths"])[:-1])


def _world() -> Any:
    """Return pyworld's compiled part: the package's own ``__init__`` asks for `pkg_resources`.

    Setuptools has that no more.
    """
    spec = importlib.util.find_spec("pyworld")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder) / f"pyworld{suffix}"
            if path.is_file():
                return _loaded(path)
    raise ToolMissing("pyworld is not installed", hint=INSTALL)


def _loaded(path: Path) -> Any:
    loader = importlib.machinery.ExtensionFileLoader("pyworld.pyworld", str(path))
    spec = importlib.util.spec_from_file_location("pyworld.pyworld", path, loader=loader)
    assert spec is not None  # noqa: S101  there is a loader
    try:
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    except (ImportError, OSError, ValueError) as error:  # ValueError: built for another NumPy
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ToolMissing(f"pyworld cannot be loaded: {reason}", hint=INSTALL) from error
    return module
