"""Whether the gain is off by a shift of 8 or 16 bits: by the bits that are left, by the level."""

from __future__ import annotations

import math

import numpy as np

from edgeser.acceptance.faults import Fault, Finding, Samples, dbfs, measured
from edgeser.acceptance.frames import rms_of_loud

_BYTE_DB = 8 * 20 * math.log10(2.0)
_NEAR_DB = 6.0
"""How near a gain must be to a whole shift, where what was played is known."""
_FAR_DB = 30.0
"""So far below the least loud of the training no microphone is by its place alone."""
_UNHEARD_DBFS = -66.0
"""The same where nothing is known: about what a byte lost leaves of speech."""
_ENDS = (-32768, 32767)
_SATURATED = 0.2
_FEW_BITS = 160
"""Of the int16 range a peak below this is no sound that anybody spoke at a microphone."""
_EMPTY = 0.999
_RIGHT = (
    "take the right bits of the microphone's word: a 24-bit sample in a 32-bit word is shifted "
    "right by 16 bits, not by {more}"
)


def find_gain(
    samples: Samples, rate: int, *, played: Samples | None, quietest_dbfs: float | None
) -> Finding | None:
    """Name a gain that is off by one byte or two.

    Parameters
    ----------
    samples
        As the frontend got them.
    rate
        Their rate.
    played
        What should have come, at the level at which it should; `None` where that is not known.
    quietest_dbfs
        What 95 % of the training's clips are louder than; `None` where that is not known.
    """
    if played is not None and not np.any(played):
        return None
    return _of_bits(samples) or _of_level(samples, rate, played, quietest_dbfs)


def _of_bits(samples: Samples) -> Finding | None:
    values = np.unique(samples[:: max(1, len(samples) // 200_000)])
    at_ends = float(np.isin(samples, _ENDS).mean())
    nothing = bool(np.isin(values, (0, -1)).all())
    if nothing:
        left = "0 and -1, the sign alone" if -1 in values and 0 in values else f"{values[0]}"
        return _finding(
            -16,
            f"nothing but {left} is left of the samples: they are shifted right by 16 bits too "
            "far, or no microphone is heard",
            _RIGHT.format(more="32") + "; see that the microphone is started and its data pin is "
            "the right one",
        )
    if at_ends > _SATURATED and np.isin(values, (*_ENDS, 0, -1)).all():
        return _finding(
            16,
            f"{100 * at_ends:.0f} % of the samples are at full scale and all others are 0: the "
            "gain is 16 bits too high",
            _RIGHT.format(more="0") + "; do not saturate the whole word",
            at_ends,
        )
    inside = samples[~np.isin(samples, (*_ENDS, 0))]
    if len(inside) > 100 and float((inside & 255 == 0).mean()) > _EMPTY:
        return _finding(
            8,
            "the low 8 bits of the samples are always 0: they are shifted left by 8 bits too far"
            + (f", and {100 * at_ends:.0f} % are at full scale" if at_ends > 0.001 else ""),
            _RIGHT.format(more="8"),
            at_ends,
        )
    return None


def _of_level(
    samples: Samples, rate: int, played: Samples | None, quietest_dbfs: float | None
) -> Finding | None:
    level = dbfs(rms_of_loud(samples.astype(np.float64), rate))
    if played is not None:
        below = dbfs(rms_of_loud(played.astype(np.float64), rate)) - level
        bits = round(below / _BYTE_DB) * 8
        if bits == 0 or abs(below - bits / 8 * _BYTE_DB) > _NEAR_DB:
            return None
    else:
        least = _UNHEARD_DBFS if quietest_dbfs is None else quietest_dbfs - _FAR_DB
        peak = int(np.abs(samples.astype(np.int32)).max())
        if level >= min(least, -60.0) and peak > _FEW_BITS:
            return None
        return _finding(
            -8,
            f"the level is {level:.0f} dBFS and the highest sample {peak}: 8 bits are left of "
            "each, so the samples are shifted right by about 8 bits too far",
            _RIGHT.format(more="24"),
            level=level,
        )
    way = "low" if bits > 0 else "high"
    return _finding(
        -bits,
        f"the level is {level:.0f} dBFS, {abs(below):.0f} dB too {way}: "
        f"about {abs(bits)} bits ({abs(bits) / 8 * _BYTE_DB:.0f} dB), so the samples are shifted "
        f"{'right' if bits > 0 else 'left'} by {abs(bits)} bits too far",
        _RIGHT.format(more=str(16 + bits)),
        level=level,
    )


def _finding(
    shift: int, sentence: str, change: str, at_ends: float | None = None, level: float | None = None
) -> Finding:
    figures = {"shift_bits": measured(shift, "count")}
    if at_ends is not None:
        figures["at_full_scale"] = measured(at_ends, "ratio")
    if level is not None:
        figures["level"] = measured(level, "dBFS")
    return Finding(Fault.GAIN, sentence, change, figures)
