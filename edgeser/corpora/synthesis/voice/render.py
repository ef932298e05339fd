"""One utterance: source, tract, consonants, room and microphone -> 16-bit samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import SAMPLE_RATE, to_int16
from edgeser.corpora.synthesis.voice.expression import Expression
from edgeser.corpora.synthesis.voice.glottis import glottal_source
from edgeser.corpora.synthesis.voice.phrase import Phrase, make_phrase
from edgeser.corpora.synthesis.voice.speaker import Speaker, vary
from edgeser.corpora.synthesis.voice.tract import (
    VOWELS,
    bandwidths,
    block_samples,
    filter_tract,
    formant_track,
    noise_burst,
)

Floats = NDArray[np.float64]

_UTTERANCE_SPREAD = 0.4
_LOWEST_F0, _HIGHEST_F0 = 60.0, 500.0
_VOICED_RMS = 0.11
_FADE_SECONDS = 0.012


def render_utterance(
    speaker: Speaker, emotion: str, random: np.random.Generator
) -> NDArray[np.int16]:
    """Speak one meaningless phrase.

    Parameters
    ----------
    emotion
        A key of the speaker's `expressions`.
    random
        Everything that differs between two utterances is drawn from it.

    Returns
    -------
    samples
        int16 ``[samples]`` at 16 kHz, 2 to 3 s.
    """
    expression = vary(speaker.expressions[emotion], random, _UTTERANCE_SPREAD)
    phrase = make_phrase(speaker, expression, random)
    samples = round(phrase.seconds * SAMPLE_RATE)
    f0 = _pitch_curve(speaker, expression, phrase, samples, random)
    voiced, loudness = _envelopes(phrase, samples)
    source = glottal_source(
        f0,
        _phonation_curve(speaker, expression, loudness),
        jitter=speaker.jitter * expression.jitter_factor,
        shimmer=speaker.shimmer * expression.shimmer_factor,
        breathiness=speaker.breathiness * expression.breathiness_factor,
        sample_rate=SAMPLE_RATE,
        random=random,
    )
    formants = _formants(speaker, expression, phrase, samples)
    widths = bandwidths(formants)
    voice = filter_tract(source * voiced, formants, widths, sample_rate=SAMPLE_RATE)
    rms = float(np.sqrt(np.mean(voice[voiced > 0.5] ** 2))) or 1.0
    voice *= loudness * _VOICED_RMS / rms
    voice += _consonants(phrase, samples, random)
    tilted = _tilt(voice, speaker.microphone_tilt_db + expression.tilt_db)
    gain_db = speaker.gain_db + expression.level_db + float(random.normal(0.0, 1.2))
    loud = tilted * 10.0 ** (gain_db / 20.0) / _VOICED_RMS
    return to_int16(_soft_limit(loud) + _room_noise(speaker.noise_db, samples, random))


def _pitch_curve(
    speaker: Speaker,
    expression: Expression,
    phrase: Phrase,
    samples: int,
    random: np.random.Generator,
) -> Floats:
    """Join the syllables' pitch targets smoothly, add drift and tremor, in Hz."""
    time = np.arange(samples) / SAMPLE_RATE
    centres = [s.start + 0.55 * s.seconds for s in phrase.syllables]
    targets = [s.pitch_semitones for s in phrase.syllables]
    semitones = np.interp(time, centres, targets)
    kernel = np.hanning(round(0.08 * SAMPLE_RATE))
    padded = np.pad(semitones, (len(kernel) // 2, len(kernel) - 1 - len(kernel) // 2), mode="edge")
    semitones = _convolve(padded, kernel / kernel.sum())
    tremor = np.sin(2.0 * np.pi * (random.uniform(6.0, 9.0) * time + random.random()))
    semitones = semitones + expression.pitch_semitones + expression.tremor_semitones * tremor
    f0: Floats = np.clip(speaker.f0_hz * 2.0 ** (semitones / 12.0), _LOWEST_F0, _HIGHEST_F0)
    return f0


def _convolve(signal: Floats, kernel: Floats) -> Floats:
    from scipy.signal import fftconvolve

    out: Floats = fftconvolve(signal, kernel, mode="valid")
    return out


def _envelopes(phrase: Phrase, samples: int) -> tuple[Floats, Floats]:
    """Return when the voice sounds (0 to 1) and how loud (linear), each ``[samples]``."""
    time = np.arange(samples) / SAMPLE_RATE
    voiced = np.zeros(samples)
    for syllable in phrase.syllables:
        onset, end = syllable.voice_start, syllable.start + syllable.seconds
        part = slice(*np.searchsorted(time, (onset, end)))
        rise = np.clip((time[part] - onset) / _FADE_SECONDS, 0.0, 1.0)
        fall = np.clip((end - time[part]) / (2.0 * _FADE_SECONDS), 0.0, 1.0)
        voiced[part] = np.maximum(voiced[part], np.minimum(rise, fall))
    centres = [s.start + 0.5 * s.seconds for s in phrase.syllables]
    level = np.interp(time, centres, [s.level_db for s in phrase.syllables])
    return voiced, 10.0 ** (level / 20.0)


def _phonation_curve(speaker: Speaker, expression: Expression, loudness: Floats) -> Floats:
    """Return Rd over time: louder syllables are more pressed."""
    rd: Floats = speaker.rd * expression.rd_factor * np.clip(loudness, 0.5, 2.0) ** -0.25
    return rd


def _formants(speaker: Speaker, expression: Expression, phrase: Phrase, samples: int) -> Floats:
    blocks = -(-samples // block_samples(SAMPLE_RATE))
    time = (np.arange(blocks) + 0.5) * block_samples(SAMPLE_RATE) / SAMPLE_RATE
    knots: list[float] = []
    targets: list[tuple[float, float, float]] = []
    for syllable in phrase.syllables:
        knots += [
            syllable.start + 0.35 * syllable.seconds,
            syllable.start + 0.75 * syllable.seconds,
        ]
        targets += [VOWELS[syllable.vowel]] * 2
    table = np.array(targets) * np.array(speaker.vowel_shift)
    track = np.stack([np.interp(time, knots, table[:, i]) for i in range(3)], axis=1)
    return formant_track(track, speaker.tract_cm / expression.formant_factor)


def _consonants(phrase: Phrase, samples: int, random: np.random.Generator) -> Floats:
    out = np.zeros(samples)
    for syllable in phrase.syllables:
        consonant = syllable.consonant
        if consonant is None:
            continue
        squeeze = (syllable.voice_start - syllable.start) / consonant.whole_seconds
        first = round((syllable.start + consonant.closure_seconds * squeeze) * SAMPLE_RATE)
        count = min(max(round(consonant.seconds * squeeze * SAMPLE_RATE), 16), samples - first)
        burst = noise_burst(
            count,
            consonant.centre_hz,
            sharpness=consonant.sharpness,
            sample_rate=SAMPLE_RATE,
            random=random,
        )
        shape = np.hanning(count) if consonant.closure_seconds == 0.0 else np.linspace(1, 0, count)
        level = consonant.level * 10.0 ** (syllable.level_db / 20.0)
        out[first : first + count] += burst * shape * level * _VOICED_RMS
    return out


def _tilt(signal: Floats, tilt_db: float) -> Floats:
    """Tilt the spectrum by `tilt_db` between 500 Hz and 4 kHz with a first-order shelf."""
    from scipy.signal import bilinear, lfilter

    ratio = 10.0 ** (tilt_db / 40.0)
    centre = 2.0 * np.pi * np.sqrt(500.0 * 4000.0)
    numerator, denominator = bilinear(
        [ratio / centre, 1.0], [1.0 / (centre * ratio), 1.0], fs=SAMPLE_RATE
    )
    out: Floats = lfilter(numerator, denominator, signal)
    return out


def _room_noise(level_db: float, samples: int, random: np.random.Generator) -> Floats:
    """Return noise of `level_db` against full scale that falls towards high frequencies."""
    from scipy.signal import lfilter

    out: Floats = lfilter([1.0], [1.0, -0.85], random.standard_normal(samples))
    out *= 10.0 ** (level_db / 20.0) / float(np.sqrt(np.mean(out**2)))
    return out


def _soft_limit(signal: Floats) -> Floats:
    """Bend what is above 0.75 of full scale smoothly, as a limiter in a recorder does."""
    knee, room = 0.75, 0.2
    over = np.abs(signal) > knee
    bent = np.sign(signal) * (knee + room * np.tanh((np.abs(signal) - knee) / room))
    limited: Floats = np.where(over, bent, signal)
    return limited
