"""How six emotions change a voice: the figures behind the prosody and the phonation.

Directions follow the reviews of R. Banse & K. R. Scherer, "Acoustic profiles in vocal emotion
expression", J. Pers. Soc. Psychol. 70(3), 1996; K. R. Scherer, "Vocal communication of emotion",
Speech Communication 40, 2003; and P. N. Juslin & P. Laukka, "Communication of emotions in vocal
expression and music performance", Psychol. Bull. 129(5), 2003: anger and happiness are loud,
fast, high and wide in pitch with much energy at high frequencies; fear is fast and high with
irregular pitch; sadness is soft, slow, low, narrow and lax with falling pitch and many pauses;
disgust is slow, rather low, and constricted. Sizes are chosen for a usable exercise, and say
nothing of how strong the effect is in people.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expression:
    """One emotion, relative to the same speaker's neutral voice.

    Parameters
    ----------
    pitch_semitones
        Shift of the mean pitch.
    range_factor
        Of the standard deviation of pitch in semitones.
    slope_semitones
        Change of pitch from the first to the last syllable.
    rate_factor
        Of syllables per second.
    level_db
        Of intensity.
    rd_factor
        Of the LF shape parameter: below 1 pressed and bright, above 1 lax and dull.
    breathiness_factor, jitter_factor, shimmer_factor
        Of aspiration noise and of the irregularity from pulse to pulse.
    tremor_semitones
        Depth of a 6 to 9 Hz tremor of pitch.
    tilt_db
        Tilt of the spectrum at 4 kHz against 500 Hz, from effort and radiation.
    formant_factor
        Of all formants: above 1 for spread lips (smiling).
    pause_share
        Probability of a pause between two words.
    """

    pitch_semitones: float = 0.0
    range_factor: float = 1.0
    slope_semitones: float = -2.0
    rate_factor: float = 1.0
    level_db: float = 0.0
    rd_factor: float = 1.0
    breathiness_factor: float = 1.0
    jitter_factor: float = 1.0
    shimmer_factor: float = 1.0
    tremor_semitones: float = 0.0
    tilt_db: float = 0.0
    formant_factor: float = 1.0
    pause_share: float = 0.15


EXPRESSIONS: dict[str, Expression] = {
    "anger": Expression(
        pitch_semitones=3.5,
        range_factor=1.6,
        slope_semitones=-3.0,
        rate_factor=1.15,
        level_db=7.0,
        rd_factor=0.62,
        breathiness_factor=0.7,
        jitter_factor=1.5,
        shimmer_factor=1.5,
        tilt_db=5.0,
        formant_factor=1.02,
        pause_share=0.08,
    ),
    "disgust": Expression(
        pitch_semitones=-1.2,
        range_factor=1.1,
        slope_semitones=-4.0,
        rate_factor=0.84,
        level_db=0.5,
        rd_factor=0.8,
        breathiness_factor=1.3,
        jitter_factor=2.2,
        shimmer_factor=2.0,
        tilt_db=1.0,
        formant_factor=0.97,
        pause_share=0.2,
    ),
    "fear": Expression(
        pitch_semitones=5.0,
        range_factor=0.9,
        slope_semitones=1.5,
        rate_factor=1.22,
        level_db=0.5,
        rd_factor=1.05,
        breathiness_factor=1.6,
        jitter_factor=1.8,
        shimmer_factor=1.5,
        tremor_semitones=0.5,
        tilt_db=1.0,
        formant_factor=1.01,
        pause_share=0.22,
    ),
    "happiness": Expression(
        pitch_semitones=3.5,
        range_factor=1.8,
        slope_semitones=1.0,
        rate_factor=1.1,
        level_db=4.0,
        rd_factor=0.9,
        breathiness_factor=0.9,
        tilt_db=2.5,
        formant_factor=1.05,
        pause_share=0.1,
    ),
    "neutral": Expression(),
    "sadness": Expression(
        pitch_semitones=-1.5,
        range_factor=0.6,
        slope_semitones=-3.5,
        rate_factor=0.78,
        level_db=-5.0,
        rd_factor=1.5,
        breathiness_factor=1.8,
        jitter_factor=1.4,
        shimmer_factor=1.3,
        tilt_db=-4.0,
        formant_factor=0.99,
        pause_share=0.35,
    ),
}
"""The six emotions of the synthetic corpus, by name, in alphabetical order."""
