"""What makes one voice of another, and whether the outcome is in range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeser.debias.checks import CLIPPED, LEVEL, NO_VOICE, PITCH, fault_of
from edgeser.debias.voice import Change, Voice, change_between, formant_factor, voice_of
from edgeser.debias.world_child import BINS

RATE = 16_000
HERTZ = np.linspace(0, RATE / 2, BINS)


def spectrum(factor: float, *, tilt_db: float = 0.0) -> np.ndarray:
    """Four formants, moved by a factor, on a slope."""
    peaks = sum(
        20.0 * np.exp(-0.5 * ((HERTZ - factor * f) / 150.0) ** 2) for f in (500, 1500, 2500, 3500)
    )
    return np.asarray(peaks - (12.0 - tilt_db) * HERTZ / 4000.0)


def voice(hertz: float, factor: float = 1.0, noise_db: float = -20.0, **how: float) -> Voice:
    return Voice(math.log2(hertz), spectrum(factor, **how), np.full(BINS, noise_db), RATE)


@pytest.mark.parametrize("factor", [0.85, 0.93, 1.0, 1.08, 1.2])
def test_formants_are_found_whatever_the_tilt(factor: float) -> None:
    found = formant_factor(voice(120), voice(120, factor, tilt_db=9.0))
    assert found == pytest.approx(factor, abs=0.012)


def test_voices_without_likeness_are_not_warped() -> None:
    flat = Voice(7.0, np.linspace(0, -30, BINS), np.full(BINS, -20.0), RATE)
    assert formant_factor(flat, voice(200)) == 1.0


def test_a_change_is_the_difference_of_two_voices() -> None:
    found = change_between(voice(110), voice(165, 1.1, noise_db=-17.0))
    assert found.semitones == pytest.approx(12 * math.log2(1.5), abs=0.001)
    assert found.formants == pytest.approx(1.1, abs=0.012)
    assert found.breath_db == 3.0


@pytest.mark.parametrize(
    ("source", "target", "semitones"),
    [
        (100.0, 300.0, 12.0),  # an octave at most
        (300.0, 80.0, -12.0),
        (90.0, 60.0, 12 * math.log2(70 / 90)),  # nobody speaks below
        (400.0, 560.0, 12 * math.log2(450 / 400)),  # nor above
        (500.0, 550.0, 0.0),  # who does so already is not moved further
    ],
)
def test_pitch_stays_where_people_speak(source: float, target: float, semitones: float) -> None:
    assert change_between(voice(source), voice(target)).semitones == pytest.approx(
        semitones, abs=0.001
    )


def test_breath_is_limited_and_values_are_rounded() -> None:
    found = change_between(voice(100, noise_db=-40.0), voice(133.333, noise_db=-5.0))
    assert found.breath_db == 6.0
    assert found.semitones == round(found.semitones, 3)
    assert found == Change(found.semitones, 1.0, 6.0)


def test_a_voice_is_of_what_is_voiced() -> None:
    rows = [np.full(1 + 2 * BINS, value, np.float32) for value in (7.0, 8.0, np.nan)]
    found = voice_of(rows, sample_rate=RATE)
    assert found is not None
    assert found.log2_hz == 7.5
    assert np.all(found.spectrum == 7.5)
    assert voice_of(rows[2:], sample_rate=RATE) is None


def figures(**changed: float) -> list[float]:
    usual = {
        "wanted_hz": 200.0,
        "heard_hz": 205.0,
        "source_db": -20.0,
        "heard_db": -20.5,
        "clipped_share": 0.0,
        "voiced_ratio": 0.9,
    }
    return list((usual | changed).values())


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""),
        ({"wanted_hz": math.nan}, NO_VOICE),
        ({"heard_hz": math.nan}, PITCH),
        ({"heard_hz": 100.0}, PITCH),  # an octave off
        ({"heard_hz": 200.0 * 2 ** (1.9 / 12)}, ""),
        ({"heard_hz": 200.0 * 2 ** (2.1 / 12)}, PITCH),
        ({"voiced_ratio": 0.4}, PITCH),
        ({"voiced_ratio": 2.1}, PITCH),
        ({"heard_db": -24.5}, LEVEL),
        ({"heard_db": math.nan}, LEVEL),
        ({"clipped_share": 0.002}, CLIPPED),
    ],
)
def test_what_is_out_of_range_is_named(changed: dict[str, float], fault: str) -> None:
    assert fault_of(figures(**changed)) == fault
