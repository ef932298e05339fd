"""Mains hum: lines at 50 or 60 Hz and their multiples that are there in the quiet as well."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.faults import Fault, Finding, Floats, Samples, dbfs, measured

_WINDOW_S = 0.5
_QUIET = 25.0
"""Percentile over time that a line must reach: speech moves, hum stays."""
_MULTIPLES = (1, 2, 3, 4, 5, 6)
_CLEAR_DB = 15.0
_LEAST_DBFS = -66.0
_BELOW_SOUND_DB = 45.0


def find_hum(samples: Samples, rate: int) -> Finding | None:
    """Name hum of one of the two mains frequencies."""
    quiet, whole = _spectra(samples.astype(np.float64), rate)
    if quiet is None:
        return None
    found = [(mains, *_hum(quiet, mains)) for mains in (50, 60)]
    mains, power, lines = max(found, key=lambda item: item[1])
    level = dbfs(float(np.sqrt(power)))
    if not lines or level < max(_LEAST_DBFS, dbfs(float(np.sqrt(whole))) - _BELOW_SOUND_DB):
        return None
    named = ", ".join(f"{line} Hz" for line in lines)
    return Finding(
        Fault.HUM,
        f"there is mains hum of {level:.0f} dBFS, at {named}",
        "part the microphone's supply and ground from the mains (a battery shows whether it is "
        "that), shorten or shield its lines, or take a microphone with digital output",
        {"hum": measured(level, "dBFS"), "mains": measured(mains, "Hz")},
    )


def _spectra(samples: Floats, rate: int) -> tuple[Floats | None, float]:
    """Return the quiet power by bin of 2 Hz, ``[bins]``, and the power of all."""
    size = round(_WINDOW_S * rate)
    starts = range(0, len(samples) - size + 1, size // 4)
    if len(starts) < 4:
        return None, 0.0
    window = np.blackman(size)
    rows = []
    for start in starts:
        part = samples[start : start + size]
        rows.append(np.square(np.abs(np.fft.rfft(window * (part - part.mean())))))
    scale = 2.0 / (size * np.square(window).sum())
    power = np.array(rows) * scale
    return np.percentile(power, _QUIET, axis=0), float(power.sum(axis=1).mean())


def _hum(quiet: Floats, mains: int) -> tuple[float, list[int]]:
    """Return the power of the lines that stand out, and which they are."""
    step = 1.0 / _WINDOW_S
    power, lines = 0.0, []
    for multiple in _MULTIPLES:
        centre = round(mains * multiple / step)
        line = quiet[centre - 2 : centre + 3]
        beside = np.concatenate([quiet[centre - 9 : centre - 4], quiet[centre + 5 : centre + 10]])
        if line.max() > 10 ** (_CLEAR_DB / 10.0) * max(float(np.median(beside)), 1e-9):
            power += float(line.sum())
            lines.append(mains * multiple)
    # One line further up may be a fan; two of them are mains whose lowest lines a filter took.
    first = {mains, 2 * mains}
    return (power, lines) if first & set(lines) or len(lines) > 1 else (0.0, [])
