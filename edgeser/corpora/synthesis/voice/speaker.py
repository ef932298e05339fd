"""Who speaks: the anatomy, the habits and the recording place of one synthetic speaker."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from edgeser.corpora.synthesis.voice.expression import EXPRESSIONS, Expression

_FEMALE_F0, _MALE_F0 = 205.0, 115.0
_FEMALE_LENGTH_CM, _MALE_LENGTH_CM = 14.6, 17.0
_NEUTRAL = Expression()
# How far one speaker's habit may lie from the textbook, one standard deviation each.
_HABIT_SPREAD: dict[str, float] = {
    "pitch_semitones": 1.1,
    "range_factor": 0.18,
    "slope_semitones": 1.2,
    "rate_factor": 0.06,
    "level_db": 1.5,
    "rd_factor": 0.11,
    "breathiness_factor": 0.3,
    "jitter_factor": 0.3,
    "shimmer_factor": 0.3,
    "tremor_semitones": 0.12,
    "tilt_db": 1.2,
    "formant_factor": 0.012,
    "pause_share": 0.06,
}
_FACTOR_FLOOR = 0.35


@dataclass(frozen=True, slots=True)
class Speaker:
    """One synthetic speaker.

    Parameters
    ----------
    name, sex, age
        As in the manifest; the age is only a label.
    f0_hz
        Mean pitch in a neutral voice.
    range_semitones
        Standard deviation of neutral pitch.
    tract_cm
        Length of the vocal tract.
    rate
        Neutral syllables per second.
    rd
        Neutral LF shape parameter.
    breathiness, jitter, shimmer
        Neutral values of the glottal source.
    vowel_shift
        Factor on each of the first three formants: an accent.
    microphone_tilt_db, gain_db, noise_db
        The recording: tilt at 4 kHz, gain, and noise floor in dB against full scale.
    expressions
        This speaker's own way of each emotion.
    """

    name: str
    sex: str
    age: int
    f0_hz: float
    range_semitones: float
    tract_cm: float
    rate: float
    rd: float
    breathiness: float
    jitter: float
    shimmer: float
    vowel_shift: tuple[float, float, float]
    microphone_tilt_db: float
    gain_db: float
    noise_db: float
    expressions: dict[str, Expression]


def make_speaker(index: int, *, seed: int) -> Speaker:
    """Draw speaker `index`; even ones are female, odd ones male."""
    random = np.random.default_rng([seed, 1, index])
    female = index % 2 == 0
    semitone = 2.0 ** (1.0 / 12.0)
    f0 = (_FEMALE_F0 if female else _MALE_F0) * semitone ** random.normal(0.0, 1.8)
    length = (_FEMALE_LENGTH_CM if female else _MALE_LENGTH_CM) * random.normal(1.0, 0.03)
    shift = 1.0 + 0.04 * random.standard_normal(3)
    expressiveness = float(random.uniform(0.9, 1.35))
    return Speaker(
        name=f"s{index + 1:02d}",
        sex="female" if female else "male",
        age=int(random.integers(20, 71)),
        f0_hz=float(f0),
        range_semitones=float(random.uniform(1.5, 2.8)),
        tract_cm=float(length),
        rate=float(random.normal(4.8, 0.4)),
        rd=float(np.clip(random.normal(1.2 if female else 1.0, 0.18), 0.6, 1.8)),
        breathiness=float(random.uniform(0.015, 0.06)),
        jitter=float(random.uniform(0.004, 0.012)),
        shimmer=float(random.uniform(0.02, 0.06)),
        vowel_shift=(float(shift[0]), float(shift[1]), float(shift[2])),
        microphone_tilt_db=float(random.normal(0.0, 2.0)),
        gain_db=float(random.normal(-24.0, 2.0)),
        noise_db=float(random.uniform(-76.0, -60.0)),
        expressions={
            emotion: vary(temper(expression, expressiveness), random, 1.0)
            for emotion, expression in EXPRESSIONS.items()
        },
    )


def temper(expression: Expression, share: float) -> Expression:
    """Return the expression with all differences from neutral multiplied by `share`."""
    values = {
        f.name: getattr(_NEUTRAL, f.name)
        + share * (getattr(expression, f.name) - getattr(_NEUTRAL, f.name))
        for f in fields(Expression)
    }
    return Expression(**values)


def vary(expression: Expression, random: np.random.Generator, spread: float) -> Expression:
    """Return the expression with every figure moved by chance, `spread` habits wide."""
    moved: dict[str, float] = {}
    for name, deviation in _HABIT_SPREAD.items():
        value = getattr(expression, name) + spread * deviation * float(random.standard_normal())
        if name.endswith("_factor"):
            value = max(value, _FACTOR_FLOOR)
        elif name in ("pause_share", "tremor_semitones"):
            value = max(value, 0.0)
        moved[name] = value
    return replace(expression, **moved)
