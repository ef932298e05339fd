"""The sweeps of a play list, found at any rate: by them alone a wrong rate is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeser.acceptance.alignment import KNOWN_RATES
from edgeser.acceptance.faults import Floats, Samples
from edgeser.rerecord.correlation import highest_correlations
from edgeser.rerecord.markers import SWEEP_S, sweep

_CLEAR = 0.6
_OFF = 0.06
_STEP = 0.002
_FINE = 0.0005
_LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Chirps:
    """Sweeps that were heard.

    Parameters
    ----------
    ratio
        Samples heard to one that should have been, by which they fit best.
    correlation
        Of the best one.
    """

    ratio: float
    correlation: float


def hear_chirps(samples: Samples, rate: int) -> Chirps | None:
    """Find sweeps at the rate, at those microphones are set to, and around it.

    Only the first 30 s are looked at.
    """
    heard = samples[: round(_LONGEST_S * rate)] / 32768.0
    best = _best(heard, rate, [1.0])
    if best.correlation < 0.9:
        known = [hz / rate for hz in KNOWN_RATES if hz < 4 * rate]
        around = list(1.0 + np.arange(-_OFF, _OFF + 1e-9, _STEP))
        best = max(best, _best(heard, rate, known + around), key=lambda found: found.correlation)
    if best.correlation < _CLEAR:
        return None
    fine = [best.ratio * (1.0 + k * _FINE) for k in range(-4, 5)]
    return max(best, _best(heard, rate, fine), key=lambda found: found.correlation)


def _best(heard: Floats, rate: int, ratios: list[float]) -> Chirps:
    sweeps = [
        (ratio, [sweep(ratio * rate, SWEEP_S, up=up) for up in (True, False)]) for ratio in ratios
    ]
    short = [(ratio, tuple(tones)) for ratio, tones in sweeps if len(tones[0]) < len(heard)]
    heights = highest_correlations(heard, [tones for _, tones in short], rate)
    best = Chirps(1.0, 0.0)
    for number, height in enumerate(heights):
        if height > best.correlation:
            best = Chirps(float(short[number // 2][0]), height)
    return best
