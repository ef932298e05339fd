"""Energy-adaptive mixup: a stretch of another clip in a clip, and its share in the label.

Of MLL (arXiv:2512.04551): ``l_mix ~ U[1, l_i / 2]`` samples of clip j are added to clip i at
``r ~ U[-5, 10]`` dB, and the label becomes ``(1 - lambda) y_i + lambda y_j`` with
``lambda = (l_mix / l_i) E'_j / (E_i + E'_j)``. Our reading, without the text at hand: energies are
mean squares, ``E_i`` of all of clip i and ``E'_j`` of the stretch as it is added, and ``r`` is
their ratio ``10 lg(E_i / E'_j)``. So ``lambda = (l_mix / l_i) / (1 + 10^(r / 10))``: at most 0.38.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeser.training.conditions import Samples, power, to_samples
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class MixingConfig:
    """How often and how the variants of training clips are mixed with other training clips.

    Parameters
    ----------
    probability
        Probability that a variant of a clip is mixed, before its recording conditions are drawn.
    ratio_db
        Ratio of the clip's mean energy to that of the stretch that is added, in dB; drawn
        uniformly from this range.
    longest
        The longest stretch, as a share of the clip; its length is drawn uniformly, from one sample
        to this.
    """

    probability: float = 0.0
    ratio_db: tuple[float, float] = (-5.0, 10.0)
    longest: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise BadInput(
                f"probability = {self.probability:g} must lie between 0 and 1",
                hint="correct the recipe",
            )
        if not 0.0 < self.longest <= 1.0:
            raise BadInput(f"longest = {self.longest:g} is no share of a clip", hint="try 0.5")
        low, high = self.ratio_db
        if not -60.0 <= low <= high <= 60.0:
            raise BadInput(
                f"ratio_db = {list(self.ratio_db)} is no range of -60 to 60 dB",
                hint="give the low end, then the high",
            )


@dataclass(frozen=True, slots=True)
class Mix:
    """One mixture as it was drawn, before any sample was looked at.

    Parameters
    ----------
    partner
        Which clip the stretch is of.
    length, start, place
        0 to 1 each: how long the stretch is, where it begins in the partner, and in the clip.
    longest
        The longest stretch, as a share of the clip.
    ratio_db
        Of the clip's mean energy to the stretch's.
    """

    partner: int
    length: float
    start: float
    place: float
    longest: float
    ratio_db: float

    def samples(self, clip: int) -> int:
        """Return how many samples are added to a clip of `clip` samples: 1 to its longest share."""
        return 1 + int(self.length * max(1, int(self.longest * clip)))

    def share(self, clip: int) -> float:
        """Return the partner's share in the label of a clip of `clip` samples."""
        ratio = math.pow(10.0, self.ratio_db / 10.0)
        return self.samples(clip) / clip / (1.0 + ratio)


def draw_mix(config: MixingConfig, partners: int, rng: np.random.Generator) -> Mix | None:
    """Draw whether a variant is mixed, and with what; `None` where it is not.

    Parameters
    ----------
    config
        How often and how.
    partners
        How many clips there are to choose from.
    rng
        The only source of chance: as many values are drawn, whatever comes out.
    """
    happens, partner, length, start, place, ratio = rng.random(6)
    if happens >= config.probability:
        return None
    low, high = config.ratio_db
    return Mix(
        partner=int(partner * partners),
        length=float(length),
        start=float(start),
        place=float(place),
        longest=config.longest,
        ratio_db=float(low + (high - low) * ratio),
    )


def mix_samples(samples: Samples, other: Samples, mix: Mix) -> Samples:
    """Return a clip with a stretch of another added to it.

    Parameters
    ----------
    samples, other
        int16, at one rate. A partner that is shorter than the stretch is repeated. A stretch
        without a sound is taken from around the partner's loudest sample instead.
    mix
        What was drawn.

    Returns
    -------
    Samples
        int16, as long as `samples`; unchanged where either is silent throughout. What no longer
        fits int16 clips.
    """
    if not samples.any() or not other.any():
        return samples.copy()
    length = mix.samples(samples.size)
    stretch = _stretch(other, length, mix.start)
    wanted = power(samples) * 10.0 ** (-mix.ratio_db / 10.0)
    gain = math.sqrt(wanted / power(stretch))
    place = int(mix.place * (samples.size - length + 1))
    mixed = samples.astype(np.float64)
    mixed[place : place + length] += gain * stretch
    return to_samples(mixed)


def _stretch(other: Samples, length: int, start: float) -> Samples:
    first = int(start * max(1, other.size - length + 1))
    stretch = np.take(other, np.arange(first, first + length), mode="wrap")
    if not stretch.any():
        loudest = int(np.argmax(np.abs(other.astype(np.int32))))
        first = loudest - length // 2
        stretch = np.take(other, np.arange(first, first + length), mode="wrap")
    return stretch
