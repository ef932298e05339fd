"""The glottal source: Liljencrants-Fant pulses with jitter, shimmer and aspiration noise.

The LF model gives the derivative of the glottal flow over one period as a growing sinusoid up
to the main excitation at ``te``, then an exponential return (G. Fant, J. Liljencrants, Q. Lin,
"A four-parameter model of glottal flow", STL-QPSR 26(4), 1985). Its shape is steered by the one
parameter Rd, from pressed (0.3) to breathy (2.7), through the regressions of G. Fant, "The
LF-model revisited", STL-QPSR 36(2-3), 1995: a larger Rd means a larger open quotient and a
steeper spectral tilt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RD_LOWEST = 0.3
RD_HIGHEST = 2.7
_RD_STEPS = 49
_PHASES = 512
_OVERSAMPLING = 3
_BISECTIONS = 80
_AT_ONCE = 8192
"""Samples that are looked up together: what is made of them on the way stays in the cache."""


@dataclass(frozen=True, slots=True)
class PulseTimes:
    """Instants of one LF pulse as fractions of its period.

    Parameters
    ----------
    tp
        Of the greatest flow.
    te
        Of the main excitation, where the flow falls fastest: the open quotient.
    ta
        Effective duration of the return phase after `te`.
    """

    tp: float
    te: float
    ta: float


def pulse_times(rd: float) -> PulseTimes:
    """Return the instants for one Rd, by Fant's regressions (1995, equations 2 to 4)."""
    ra = (-1.0 + 4.8 * rd) / 100.0
    rk = (22.4 + 11.8 * rd) / 100.0
    rg = (rk / 4.0) / (0.11 * rd / (0.5 + 1.2 * rk) - ra)
    tp = 1.0 / (2.0 * rg)
    te = tp * (1.0 + rk)
    return PulseTimes(tp=tp, te=te, ta=min(ra, 0.9 * (1.0 - te)))


def lf_pulse(rd: float, phase: Floats) -> Floats:
    """Return the LF flow derivative at `phase` (0 to 1), with -1 at the main excitation.

    Its mean over the period is zero, as the model demands: the flow starts and ends at zero.
    """
    times = pulse_times(rd)
    epsilon = _return_rate(times)
    alpha = _growth_rate(times, epsilon)
    omega = np.pi / times.tp
    peak = np.exp(alpha * times.te) * np.sin(omega * times.te)
    opening = -np.exp(alpha * phase) * np.sin(omega * phase) / peak
    rest = 1.0 - times.te
    decay = np.exp(-epsilon * (phase - times.te)) - np.exp(-epsilon * rest)
    closing = -decay / (epsilon * times.ta)
    pulse: Floats = np.where(phase <= times.te, opening, closing)
    return pulse


def _return_rate(times: PulseTimes) -> float:
    """Solve ``epsilon ta = 1 - exp(-epsilon (1 - te))`` by fixed-point iteration."""
    rest = 1.0 - times.te
    epsilon = 1.0 / times.ta
    for _ in range(_BISECTIONS):
        epsilon = float((1.0 - np.exp(-epsilon * rest)) / times.ta)
    return epsilon


def _growth_rate(times: PulseTimes, epsilon: float) -> float:
    """Find by bisection the alpha for which the flow returns to zero within the period."""
    omega = np.pi / times.tp
    rest = 1.0 - times.te
    tail = np.exp(-epsilon * rest)
    closing_area = -((1.0 - tail) / epsilon - rest * tail) / (epsilon * times.ta)

    def area(alpha: float) -> float:
        sine, cosine = np.sin(omega * times.te), np.cos(omega * times.te)
        scale = -np.exp(-alpha * times.te) / sine
        grown = np.exp(alpha * times.te) * (alpha * sine - omega * cosine) + omega
        return float(scale * grown / (alpha * alpha + omega * omega) + closing_area)

    low, high = -60.0, 60.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if area(middle) > 0.0 else (low, middle)
    return 0.5 * (low + high)


@lru_cache(maxsize=1)
def _pulse_table() -> Floats:
    """Tabulate pulses: ``[Rd, phase]``, the last phase repeating the first."""
    phase = np.arange(_PHASES) / _PHASES
    rows = [lf_pulse(rd, phase) for rd in np.linspace(RD_LOWEST, RD_HIGHEST, _RD_STEPS)]
    table = np.array(rows)
    return np.concatenate([table, table[:, :1]], axis=1)


def glottal_source(
    f0: Floats,
    rd: Floats,
    *,
    jitter: float,
    shimmer: float,
    breathiness: float,
    sample_rate: int,
    random: np.random.Generator,
) -> Floats:
    """Return the flow derivative for given curves of pitch and phonation.

    Parameters
    ----------
    f0, rd
        Fundamental frequency in Hz and Rd, each ``[samples]`` at `sample_rate`.
    jitter, shimmer
        Standard deviation of period and of amplitude from pulse to pulse, as fractions.
    breathiness
        Level of aspiration noise against the pulses, as a fraction of their main excitation;
        it is modulated by the glottal opening within each period.

    Returns
    -------
    source
        float64 ``[samples]``.
    """
    import soxr

    fine = np.arange(len(f0) * _OVERSAMPLING) / _OVERSAMPLING
    base = np.arange(len(f0))
    f0_fine = np.interp(fine, base, f0)
    phase = np.cumsum(f0_fine) / (sample_rate * _OVERSAMPLING)
    pulses = int(phase[-1]) + 2
    # Each pulse is stretched by its own factor: its boundary moves along the phase axis.
    moved = np.arange(pulses + 1) + np.cumsum(jitter * random.standard_normal(pulses + 1)) * 0.7
    moved = np.maximum.accumulate(np.maximum(moved - moved[0], 0.0))
    warped = np.interp(phase, moved, np.arange(pulses + 1))
    index = warped.astype(np.int64)
    gain = 1.0 + shimmer * random.standard_normal(pulses + 2)
    pulse = _look_up(np.interp(fine, base, rd), warped - index) * gain[index]
    opening = np.sin(np.pi * np.clip((warped - index) / 0.7, 0.0, 1.0)) ** 2
    noise = random.standard_normal(len(pulse)) * (0.35 + opening) * breathiness
    out: Floats = soxr.resample(pulse + noise, _OVERSAMPLING, 1, quality="HQ")
    return out[: len(f0)] if len(out) >= len(f0) else np.pad(out, (0, len(f0) - len(out)))


def _look_up(rd: Floats, phase: Floats) -> Floats:
    """Interpolate bilinearly in the pulse table."""
    table = _pulse_table()
    value = np.empty(len(phase))
    for first in range(0, len(phase), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        value[part] = _look_up_in(table, rd[part], phase[part])
    return value


def _look_up_in(table: Floats, rd: Floats, phase: Floats) -> Floats:
    row = (np.clip(rd, RD_LOWEST, RD_HIGHEST) - RD_LOWEST) / (RD_HIGHEST - RD_LOWEST)
    row *= _RD_STEPS - 1
    column = phase * _PHASES
    r = np.minimum(row.astype(np.int64), _RD_STEPS - 2)
    c = np.minimum(column.astype(np.int64), _PHASES - 1)
    fr, fc = row - r, column - c
    flat, at = table.ravel(), r * table.shape[1] + c  # one index instead of two takes half as long
    after = 1.0 - fc
    upper = flat[at] * after + flat[at + 1] * fc
    at += table.shape[1]
    lower = flat[at] * after + flat[at + 1] * fc
    value: Floats = upper * (1.0 - fr) + lower * fr
    return value
