"""The voice behind the synthetic corpus, held to the models it cites."""

from __future__ import annotations

import sys
from dataclasses import fields

import numpy as np
import pytest

from edgeser.corpora.synthesis.voice.expression import EXPRESSIONS, Expression
from edgeser.corpora.synthesis.voice.glottis import glottal_source, lf_pulse, pulse_times
from edgeser.corpora.synthesis.voice.phrase import make_phrase
from edgeser.corpora.synthesis.voice.speaker import make_speaker, temper
from edgeser.corpora.synthesis.voice.tract import (
    bandwidths,
    filter_tract,
    formant_track,
    noise_burst,
)

RATE = 16_000
PHASE = np.arange(20_000) / 20_000


@pytest.mark.parametrize("rd", np.linspace(0.3, 2.3, 9))
def test_the_lf_pulse_closes_and_peaks_where_it_should(rd: float) -> None:
    pulse = lf_pulse(rd, PHASE)
    times = pulse_times(rd)
    flow = np.cumsum(pulse) / len(pulse)
    assert abs(pulse.mean()) < 1e-5
    assert PHASE[np.argmin(pulse)] == pytest.approx(times.te, abs=1e-3)
    assert pulse.min() == pytest.approx(-1.0, abs=0.02)
    assert PHASE[np.argmax(flow)] == pytest.approx(times.tp, abs=1e-3)
    assert flow.min() > -1e-4
    assert 0.0 < times.tp < times.te < times.te + times.ta < 1.0


def test_a_laxer_pulse_is_open_longer_and_duller() -> None:
    quotients = [pulse_times(rd).te for rd in (0.4, 0.8, 1.2, 1.6, 2.0)]
    assert quotients == sorted(quotients)

    def tilt_db(rd: float) -> float:
        spectrum = np.abs(np.fft.rfft(lf_pulse(rd, PHASE)))
        return float(20 * np.log10(spectrum[20] / spectrum[1]))

    tilts = [tilt_db(rd) for rd in (0.4, 0.8, 1.2, 1.6, 2.0)]
    assert tilts == sorted(tilts, reverse=True)


def source(**changes: float) -> np.ndarray:
    settings = {"jitter": 0.0, "shimmer": 0.0, "breathiness": 0.0, "f0": 125.0, "rd": 1.0}
    settings |= changes
    return glottal_source(
        np.full(RATE, settings.pop("f0")),
        np.full(RATE, settings.pop("rd")),
        sample_rate=RATE,
        random=np.random.default_rng(0),
        **settings,
    )


def periodicity(signal: np.ndarray, period: int) -> float:
    a, b = signal[1000:-1000], signal[1000 + period : -1000 + period]
    return float(np.corrcoef(a, b)[0, 1])


def test_the_source_has_the_pitch_it_was_given() -> None:
    signal = source(f0=200.0)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    assert np.argmax(spectrum) in (199, 200, 201)
    assert periodicity(signal, RATE // 200) > 0.999


def test_jitter_shimmer_and_breath_each_break_the_period() -> None:
    clean = periodicity(source(), RATE // 125)
    for name, amount in (("jitter", 0.03), ("shimmer", 0.1), ("breathiness", 0.1)):
        assert periodicity(source(**{name: amount}), RATE // 125) < clean - 0.003


def test_jitter_has_the_size_it_was_given() -> None:
    signal = source(jitter=0.02)
    excitations = np.flatnonzero((signal[1:-1] < signal[:-2]) & (signal[1:-1] < signal[2:]))
    excitations = excitations[signal[1:-1][excitations] < -0.5]
    periods = np.diff(excitations) / (RATE / 125)
    assert len(periods) > 100
    assert np.std(periods) == pytest.approx(0.02, rel=0.5)
    assert np.mean(periods) == pytest.approx(1.0, abs=0.02)


def test_the_tract_resonates_at_its_formants() -> None:
    formants = formant_track(np.array([[500.0, 1500.0, 2500.0]]), 17.0)
    impulse = np.zeros(8192)
    impulse[0] = 1.0
    out = filter_tract(impulse, formants, bandwidths(formants), sample_rate=RATE)
    spectrum = np.abs(np.fft.rfft(out))
    hertz = np.fft.rfftfreq(len(out), 1 / RATE)
    for formant in formants[0, :5]:
        near = np.abs(hertz - formant) < 300
        assert hertz[near][np.argmax(spectrum[near])] == pytest.approx(formant, abs=40)


def test_a_shorter_tract_raises_every_formant() -> None:
    vowel = np.array([[500.0, 1500.0, 2500.0]])
    ratio = formant_track(vowel, 14.6) / formant_track(vowel, 17.0)
    assert np.allclose(ratio, 17.0 / 14.6)


def test_moving_formants_ring_out() -> None:
    random = np.random.default_rng(0)
    vowels = random.uniform([250, 700, 2200], [900, 2400, 3200], (250, 3))
    formants = formant_track(vowels, 14.0)
    noise = np.concatenate([random.normal(size=16_000), np.zeros(4_000)])
    out = filter_tract(noise, formants, bandwidths(formants), sample_rate=RATE)
    assert np.isfinite(out).all()
    assert np.abs(out[-500:]).max() < 1e-6 * np.abs(out).max()


def test_both_doors_to_the_filter_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    formants = formant_track(random.uniform([250, 700, 2200], [900, 2400, 3200], (50, 3)), 15.0)
    noise = random.normal(size=4_033)
    ours = filter_tract(noise, formants, bandwidths(formants), sample_rate=RATE)
    monkeypatch.setitem(sys.modules, "scipy.signal._sosfilt", None)
    documented = filter_tract(noise, formants, bandwidths(formants), sample_rate=RATE)
    assert ours.tobytes() == documented.tobytes() and np.any(ours != noise)


def test_a_hiss_has_unit_level_and_its_centre() -> None:
    hiss = noise_burst(
        16_000, 4000.0, sharpness=3.0, sample_rate=RATE, random=np.random.default_rng(0)
    )
    assert np.sqrt(np.mean(hiss**2)) == pytest.approx(1.0)
    power = np.abs(np.fft.rfft(hiss)) ** 2
    centre = np.sum(power * np.fft.rfftfreq(len(hiss), 1 / RATE)) / power.sum()
    assert 3000 < centre < 5000


def test_expressions_point_where_the_literature_says() -> None:
    neutral = EXPRESSIONS["neutral"]
    anger, sadness = EXPRESSIONS["anger"], EXPRESSIONS["sadness"]
    assert anger.level_db > neutral.level_db > sadness.level_db
    assert anger.rd_factor < neutral.rd_factor < sadness.rd_factor
    assert EXPRESSIONS["fear"].rate_factor > neutral.rate_factor > sadness.rate_factor
    assert EXPRESSIONS["happiness"].range_factor > neutral.range_factor > sadness.range_factor
    assert sadness.pause_share > neutral.pause_share > anger.pause_share
    assert neutral == Expression()
    assert list(EXPRESSIONS) == sorted(EXPRESSIONS)


def test_tempering_goes_from_neutral_to_full() -> None:
    anger = EXPRESSIONS["anger"]
    assert temper(anger, 0.0) == Expression()
    for field in fields(Expression):
        assert getattr(temper(anger, 1.0), field.name) == pytest.approx(getattr(anger, field.name))


def test_speakers_differ_and_are_balanced() -> None:
    speakers = [make_speaker(index, seed=0) for index in range(12)]
    assert speakers == [make_speaker(index, seed=0) for index in range(12)]
    assert len({s.f0_hz for s in speakers}) == 12
    women = [s for s in speakers if s.sex == "female"]
    men = [s for s in speakers if s.sex == "male"]
    assert len(women) == len(men) == 6
    assert np.mean([s.f0_hz for s in women]) > 1.4 * np.mean([s.f0_hz for s in men])
    assert np.mean([s.tract_cm for s in women]) < np.mean([s.tract_cm for s in men])


def test_a_sad_phrase_has_fewer_syllables_a_second() -> None:
    speaker = make_speaker(1, seed=0)

    def rate(emotion: str) -> float:
        phrases = [
            make_phrase(speaker, EXPRESSIONS[emotion], np.random.default_rng(i)) for i in range(30)
        ]
        for phrase in phrases:
            assert 2.0 <= phrase.seconds <= 3.0
            last = phrase.syllables[-1]
            assert last.start + last.seconds <= phrase.seconds
        return sum(len(p.syllables) for p in phrases) / sum(p.seconds for p in phrases)

    assert rate("fear") > rate("neutral") > rate("sadness")
