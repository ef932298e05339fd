"""Draw the recording conditions of a training variant, and name those of the evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeser.training import conditions
from edgeser.training.conditions import Samples
from edgeser.training.config import ConditionsConfig
from edgeser.training.microphone import MICROPHONES, hear_through

ConditionKind = Literal[
    "clean", "level", "noise_floor", "gate", "babble", "white", "high_pass", "tilt"
]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the evaluation: a kind and its amount (dB, or Hz for the high-pass)."""

    name: str
    kind: ConditionKind
    amount: float
    description: str

    def apply(self, samples: Samples, *, babble: Samples, rng: np.random.Generator) -> Samples:
        """Return the clip as it would sound under this condition.

        Parameters
        ----------
        samples
            int16 mono at 16 kHz.
        babble
            Voices for babble noise (`conditions.make_babble`), of speakers that the network was
            not trained on; an empty array where the condition is another.
        rng
            Draws the noise; seed it with the clip's name so that every run hears the same.

        Returns
        -------
        Samples
            int16, as long as the input.
        """
        return _APPLY[self.kind](samples, self.amount, babble, rng)


_Apply = Callable[[Samples, float, Samples, np.random.Generator], Samples]
_APPLY: dict[ConditionKind, _Apply] = {
    "clean": lambda x, amount, babble, rng: x.copy(),
    "level": lambda x, amount, babble, rng: conditions.scale_level(x, amount),
    "noise_floor": lambda x, amount, babble, rng: conditions.raise_noise_floor(x, amount, rng=rng),
    "gate": lambda x, amount, babble, rng: conditions.gate_noise_floor(x, amount),
    "babble": lambda x, amount, babble, rng: conditions.add_babble(
        x, amount, babble=babble, rng=rng
    ),
    "white": lambda x, amount, babble, rng: conditions.add_white_noise(x, amount, rng=rng),
    "high_pass": lambda x, amount, babble, rng: conditions.high_pass(x, amount),
    "tilt": lambda x, amount, babble, rng: conditions.tilt_spectrum(x, amount),
}

EVALUATION_CONDITIONS: tuple[Condition, ...] = (
    Condition("clean", "clean", 0.0, "as recorded"),
    Condition("level_-12db", "level", -12.0, "12 dB quieter"),
    Condition("level_-6db", "level", -6.0, "6 dB quieter"),
    Condition("level_+6db", "level", 6.0, "6 dB louder, clipped at full scale"),
    Condition("level_+12db", "level", 12.0, "12 dB louder, clipped at full scale"),
    Condition("floor_+10db", "noise_floor", 10.0, "noise floor raised by 10 dB"),
    Condition("floor_+20db", "noise_floor", 20.0, "noise floor raised by 20 dB"),
    Condition("gated_-20db", "gate", 20.0, "noise floor gated 20 dB down"),
    Condition("babble_20db", "babble", 20.0, "eight voices of babble at 20 dB SNR"),
    Condition("babble_10db", "babble", 10.0, "eight voices of babble at 10 dB SNR"),
    Condition("babble_5db", "babble", 5.0, "eight voices of babble at 5 dB SNR"),
    Condition("white_20db", "white", 20.0, "white noise at 20 dB SNR"),
    Condition("white_10db", "white", 10.0, "white noise at 10 dB SNR"),
    Condition("white_5db", "white", 5.0, "white noise at 5 dB SNR"),
    Condition("high_pass_152hz", "high_pass", 152.0, "first-order high-pass at 152 Hz"),
    Condition("tilt_+6db", "tilt", 6.0, "spectrum rising by 6 dB from 125 Hz to 7.5 kHz"),
    Condition("tilt_-6db", "tilt", -6.0, "spectrum falling by 6 dB from 125 Hz to 7.5 kHz"),
)
"""What the evaluation hears, in the order in which it is reported; clean first."""


def draw_variant(
    samples: Samples, config: ConditionsConfig, *, babble: Samples, rng: np.random.Generator
) -> Samples:
    """Return a clip under randomly drawn recording conditions.

    Parameters
    ----------
    samples
        int16 mono at 16 kHz.
    config
        Probabilities and ranges.
    babble
        Babble made of training speakers; with an empty array there is white or pink noise instead.
    rng
        The only source of chance: the same state gives the same variant.

    Returns
    -------
    Samples
        int16; the length changes with the speed.
    """

    def happens(probability: float) -> bool:
        return bool(rng.random() < probability)

    def between(limits: tuple[float, float]) -> float:
        return float(rng.uniform(*limits))

    if happens(config.speed_probability):
        samples = conditions.change_speed(samples, between(config.speed_range))
    if happens(config.tilt_probability):
        samples = conditions.tilt_spectrum(samples, between(config.tilt_db))
    if happens(config.band_probability):
        lower, upper = between(config.band_lower_hz), between(config.band_upper_hz)
        samples = conditions.limit_band(samples, lower, upper)
    if happens(config.high_pass_probability):
        samples = conditions.high_pass(samples, between(config.high_pass_hz))
    if happens(config.room_probability):
        samples = conditions.add_room(
            samples,
            decay_s=between(config.room_decay_s),
            direct_to_reverberant_db=between(config.room_ratio_db),
            rng=rng,
        )
    if happens(config.floor_raise_probability):
        samples = conditions.raise_noise_floor(samples, between(config.floor_raise_db), rng=rng)
    elif happens(config.gate_probability):
        samples = conditions.gate_noise_floor(samples, between(config.gate_db))
    if happens(config.noise_probability):
        samples = _add_some_noise(samples, config, babble, rng)
    if happens(config.level_probability):
        samples = conditions.scale_level(samples, between(config.level_db))
    if config.board is not None:
        samples = hear_through(MICROPHONES[config.board], samples)
    return samples


def _add_some_noise(
    samples: Samples, config: ConditionsConfig, babble: Samples, rng: np.random.Generator
) -> Samples:
    snr_db = float(rng.uniform(*config.noise_snr_db))
    if babble.size and rng.random() < config.babble_share:
        return conditions.add_babble(samples, snr_db, babble=babble, rng=rng)
    if rng.random() < 0.5:
        return conditions.add_white_noise(samples, snr_db, rng=rng)
    return conditions.add_pink_noise(samples, snr_db, rng=rng)
