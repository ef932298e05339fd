"""Whether the gain is off by a shift of bits: by the bits that are left, by what was played."""

from __future__ import annotations

import math

import numpy as np

from edgeser.acceptance.alignment import LEAST, align
from edgeser.acceptance.faults import Fault, Finding, Floats, Samples, dbfs, measured
from edgeser.acceptance.frames import rms_of_loud
from edgeser.corpora.audio.sound import CLIPPED_SHARE

_BIT_DB = 20 * math.log10(2.0)
_EVEN_DB = 1.0
"""A level that is nearer than this to that of what was sent is not asked further."""
_SHIFT_DB = 0.25
"""How near a factor must be to a power of two, where it is known sample by sample."""
_COARSE_DB = 1.5
"""The same where few bits are left, whose rounding is part of it."""
_SAME = 0.9
"""Share of a stretch's power that is what was played times a factor."""
_STRETCH_S = 0.4
_FAR_DB = 30.0
"""So far below the least loud of the training no microphone is by its place alone."""
_UNHEARD_DBFS = -66.0
"""The same where nothing is known: about what a byte lost leaves of speech."""
_NOMINAL_DBFS = -26.0
"""Of speech, by ITU-T P.56, where that of the training is not known."""
_WEAK_DB = 15.0
_ENDS = (-32768, 32767)
_SATURATED = 0.2
_FEW_BITS = 160
"""Of the int16 range a peak below this is no sound that anybody spoke at a microphone."""
_EMPTY = 0.999
_WRAPPED = 32768
"""From one sample to the next: what went over one end came in at the other."""
_FEWEST = 100
_RIGHT = (
    "take the right bits of the microphone's word: a 24-bit sample in a 32-bit word is shifted "
    "right by 16 bits, not by {more}"
)


def find_gain(
    samples: Samples,
    rate: int,
    *,
    played: Samples | None,
    same_level: bool,
    trained_dbfs: tuple[float, float, float] | None,
) -> tuple[Finding | None, str]:
    """Name a gain that is off by a shift; else say what of it cannot be told.

    Parameters
    ----------
    samples
        As the frontend got them.
    rate
        Their rate.
    played
        What should have come; `None` where that is not known.
    same_level
        Whether it should have come at that very level, as over a wire.
    trained_dbfs
        The least, the middle and the highest level of the training's clips; `None` where that is
        not known.
    """
    if played is not None and not np.any(played):
        return None, ""
    found = _of_bits(samples)
    if found is not None:
        return found, ""
    if played is not None and same_level:
        return _of_factor(samples, rate, played)
    found, untold = _of_level(samples, rate, trained_dbfs)
    if untold and played is not None:
        by = _level(samples, rate) - _level(played, rate)
        untold += (
            f"; against the file that is played it is {by:+.1f} dB, {abs(by) / _BIT_DB:.1f} bits, "
            "with what loudspeaker and room add"
        )
    return found, untold


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
    return _of_low_bits(samples, at_ends)


def _of_low_bits(samples: Samples, at_ends: float) -> Finding | None:
    """Name a shift left by the bits that it left 0, where a byte is, or something went over."""
    bits = _bits_always_0(samples)
    # The highest value is odd: where it is, what was too high was saturated.
    saturated = bool((samples == _ENDS[1]).any())
    jumps = np.abs(np.diff(samples.astype(np.int32)))
    over = 0.0 if saturated else float((jumps > _WRAPPED).mean())
    if not bits or (bits < 8 and max(over, at_ends) <= CLIPPED_SHARE):
        return None
    so = f", and {100 * at_ends:.2g} % are at full scale" if at_ends > CLIPPED_SHARE else ""
    if over > CLIPPED_SHARE:
        so = ", and what is too high for 16 bits comes in at the other end"
    low = "lowest bit" if bits == 1 else f"low {bits} bits"
    return _finding(
        bits,
        f"the {low} of the samples {'is' if bits == 1 else 'are'} always 0: they are shifted left "
        f"by {_bits(bits)} ({bits * _BIT_DB:.0f} dB) too far{so}",
        _RIGHT.format(more=f"{max(0, 16 - bits)}"),
        at_ends,
    )


def _bits_always_0(samples: Samples) -> int:
    """Return how many low bits a shift left 0 in all samples but those that were saturated.

    A gain of 10 leaves the lowest bit 0 too: what is left must have no other factor in common.
    """
    inside = samples[~np.isin(samples, (*_ENDS, 0))]
    if len(inside) <= _FEWEST:
        return 0
    shares = [float((inside & ((1 << bits) - 1) == 0).mean()) for bits in range(1, 16)]
    bits = sum(share > _EMPTY for share in shares)
    whole = inside[inside & ((1 << bits) - 1) == 0].astype(np.int64)
    return bits if int(np.gcd.reduce(whole)) == 1 << bits else 0


def _of_factor(samples: Samples, rate: int, played: Samples) -> tuple[Finding | None, str]:
    """Hold the samples to what was sent."""
    level = _level(samples, rate)
    by_level = level - _level(played, rate)
    if abs(by_level) < _EVEN_DB:
        return None, ""
    factor = _factor(samples, rate, played)
    peak = _peak(samples)
    if factor is None:
        if peak > _FEW_BITS or by_level > -_BIT_DB:
            return None, ""
        told = (
            f"the highest sample is {peak} and the level {level:.0f} dBFS, {by_level:+.0f} dB of "
            "what was sent"
        )
        return _shifted(round(by_level / _BIT_DB), told, level), ""
    gain = 20.0 * math.log10(factor)
    bits = round(gain / _BIT_DB)
    told = f"the samples are {factor:.3g} times what was sent ({gain:+.1f} dB)"
    near = _SHIFT_DB if peak > _FEW_BITS else _COARSE_DB
    # A shift to the left leaves its bits 0; a gain as large, before the converter, does not.
    apart = abs(gain - bits * _BIT_DB) > near or _bits_always_0(samples) < bits
    if bits == 0 or apart:
        return None, f"{told}, {abs(gain / _BIT_DB):.2f} bits: no shift"
    return _shifted(bits, told, level, gain), ""


def _shifted(bits: int, told: str, level: float, gain: float | None = None) -> Finding:
    way = "right" if bits < 0 else "left"
    return _finding(
        bits,
        f"{told}, so they are shifted {way} by {_bits(abs(bits))} "
        f"({abs(bits) * _BIT_DB:.0f} dB) too far",
        _RIGHT.format(more=f"{max(0, 16 - bits)}"),
        level=level,
        gain=gain,
    )


def _factor(samples: Samples, rate: int, played: Samples) -> float | None:
    """Return by what was played is multiplied, sample by sample where nothing is cut off."""
    alignment = align(samples, played, rate)
    if alignment is None or alignment.ratio != 1.0:
        return None
    size = round(_STRETCH_S * rate)
    peak = 0.98 * _peak(samples)
    found = []
    for start, lag, score in alignment.lags:
        at, begin = round(start + lag), int(start)
        heard = samples[max(0, at) : at + size].astype(np.float64)
        given = played[begin : begin + len(heard)].astype(np.float64)
        inside = np.abs(heard[: len(given)]) < peak
        if score >= LEAST and at >= 0 and inside.sum() > _FEWEST:
            found.append(_fit(heard[: len(given)][inside], given[inside]))
    factors = [factor for factor, share in found if share >= _SAME and factor > 0.0]
    return float(np.median(factors)) if len(factors) * 2 > len(found) else None


def _fit(heard: Floats, given: Floats) -> tuple[float, float]:
    """Return the factor of least squares, and the share of the power that it explains."""
    heard, given = heard - heard.mean(), given - given.mean()
    both, here, there = float(heard @ given), float(heard @ heard), float(given @ given)
    return (0.0, 0.0) if not (here and there) else (both / there, both**2 / (here * there))


def _of_level(
    samples: Samples, rate: int, trained_dbfs: tuple[float, float, float] | None
) -> tuple[Finding | None, str]:
    """Hold the level to the training's, or to that of speech: no shift can be told to the bit."""
    level = _level(samples, rate)
    least = _UNHEARD_DBFS if trained_dbfs is None else trained_dbfs[0] - _FAR_DB
    middle, whose = (_NOMINAL_DBFS, "of speech (ITU-T P.56)")
    if trained_dbfs is not None:
        middle, whose = trained_dbfs[1], "of the training"
    peak = _peak(samples)
    left, below = math.ceil(math.log2(peak + 1)) + 1, middle - level
    told = (
        f"the level is {level:.0f} dBFS and the highest sample {peak}: {left} of 16 bits are used, "
        f"{below:.0f} dB below the usual {middle:.0f} dBFS {whose}, as a shift right by "
        f"{below / _BIT_DB:.1f} bits would leave it"
    )
    if level >= min(least, -60.0) and peak > _FEW_BITS:
        weak = below >= _WEAK_DB
        return None, f"{told}; a quiet voice, far away, would too" if weak else ""
    shift = max(1, round(below / _BIT_DB))
    return _finding(-shift, told, _RIGHT.format(more=f"{16 + shift} or so"), level=level), ""


def _level(samples: Samples, rate: int) -> float:
    return dbfs(rms_of_loud(samples.astype(np.float64), rate))


def _peak(samples: Samples) -> int:
    return int(np.abs(samples.astype(np.int32)).max())


def _bits(count: int) -> str:
    return f"{count} bit" if count == 1 else f"{count} bits"


def _finding(
    shift: int,
    sentence: str,
    change: str,
    at_ends: float | None = None,
    *,
    level: float | None = None,
    gain: float | None = None,
) -> Finding:
    figures = {"shift_bits": measured(shift, "count")}
    if at_ends is not None:
        figures["at_full_scale"] = measured(at_ends, "ratio")
    if level is not None:
        figures["level"] = measured(level, "dBFS")
    if gain is not None:
        figures["gain"] = measured(gain, "dB")
    return Finding(Fault.GAIN, sentence, change, figures)
