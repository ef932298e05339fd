"""The recording conditions do what their names say, to the decibel, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.training import conditions
from edgeser.training.config import ConditionsConfig
from edgeser.training.variants import EVALUATION_CONDITIONS, draw_variant

RATE = 16000


def tone(hertz: float, amplitude: float = 8000.0, seconds: float = 1.0) -> conditions.Samples:
    times = np.arange(round(seconds * RATE)) / RATE
    return conditions.to_samples(amplitude * np.sin(2 * np.pi * hertz * times))


def speech_like(seed: int = 0) -> conditions.Samples:
    """Bursts of noise over a floor of 20 steps of int16."""
    rng = np.random.default_rng(seed)
    floor = rng.normal(0.0, 20.0, 2 * RATE)
    bursts = np.repeat(np.tile([0.0, 1.0], 5), RATE // 5) * rng.normal(0.0, 3000.0, 2 * RATE)
    return conditions.to_samples(floor + bursts)


def decibels(after: conditions.Samples, before: conditions.Samples) -> float:
    return 10.0 * np.log10(conditions.power(after) / conditions.power(before))


@pytest.mark.parametrize("amount", [-12.0, -6.0, 6.0, 12.0])
def test_level_changes_by_so_many_decibels(amount: float) -> None:
    quiet = tone(440.0, 2000.0)
    assert decibels(conditions.scale_level(quiet, amount), quiet) == pytest.approx(amount, abs=0.01)


def test_level_clips_instead_of_wrapping() -> None:
    loud = conditions.scale_level(tone(440.0, 30000.0), 12.0)
    assert loud.max() == 32767
    assert loud.min() == -32768


@pytest.mark.parametrize("amount", [-6.0, 6.0])
def test_tilt_spans_its_band(amount: float) -> None:
    low, high = tone(125.0), tone(7500.0)
    rise = decibels(conditions.tilt_spectrum(high, amount), high) - decibels(
        conditions.tilt_spectrum(low, amount), low
    )
    assert rise == pytest.approx(amount, abs=0.15)


def test_high_pass_is_3_db_down_at_its_corner_and_first_order_below() -> None:
    for hertz, expected in ((152.0, -3.01), (15.2, -20.04), (4000.0, 0.0)):
        signal = tone(hertz, seconds=2.0)
        assert decibels(conditions.high_pass(signal, 152.0), signal) == pytest.approx(
            expected, abs=0.35
        )


def test_band_limits_keep_the_middle_and_lose_the_edges() -> None:
    def loss(hertz: float) -> float:
        return decibels(conditions.limit_band(tone(hertz), 200.0, 3500.0), tone(hertz))

    assert loss(1000.0) == pytest.approx(0.0, abs=0.1)
    assert loss(200.0) == pytest.approx(-3.01, abs=0.3)
    assert loss(50.0) < -30.0
    assert loss(7500.0) < -20.0


@pytest.mark.parametrize("amount", [10.0, 20.0])
def test_noise_floor_rises_by_so_many_decibels(amount: float) -> None:
    clip = speech_like()
    raised = conditions.raise_noise_floor(clip, amount, rng=np.random.default_rng(1))
    rise = 10.0 * np.log10(conditions.noise_floor(raised) / conditions.noise_floor(clip))
    assert rise == pytest.approx(amount, abs=1.0)


def test_gate_lowers_the_floor_and_keeps_the_speech() -> None:
    clip = speech_like()
    gated = conditions.gate_noise_floor(clip, 20.0)
    fall = 10.0 * np.log10(conditions.noise_floor(gated) / conditions.noise_floor(clip))
    assert fall == pytest.approx(-20.0, abs=1.5)
    assert decibels(gated, clip) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("snr", [20.0, 10.0, 5.0])
@pytest.mark.parametrize("kind", ["white", "pink", "babble"])
def test_noise_comes_at_its_ratio(kind: str, snr: float) -> None:
    clip = tone(300.0, 6000.0)
    rng = np.random.default_rng(3)
    if kind == "white":
        noisy = conditions.add_white_noise(clip, snr, rng=rng)
    elif kind == "pink":
        noisy = conditions.add_pink_noise(clip, snr, rng=rng)
    else:
        babble = conditions.make_babble([speech_like(i) for i in range(4)], seed=0, seconds=4.0)
        noisy = conditions.add_babble(clip, snr, babble=babble, rng=rng)
    noise = noisy.astype(np.float64) - clip
    ratio = 10.0 * np.log10(conditions.power(clip) / conditions.power(noise))
    assert ratio == pytest.approx(snr, abs=0.05)


def test_room_leaves_a_tail_and_the_power() -> None:
    click = np.zeros(RATE, np.int16)
    click[1000] = 20000
    wet = conditions.add_room(
        click, decay_s=0.3, direct_to_reverberant_db=0.0, rng=np.random.default_rng(0)
    )
    assert conditions.power(wet) == pytest.approx(conditions.power(click), rel=0.02)
    assert not wet[:1000].any()
    early, late = wet[1001:2000].astype(float), wet[3800:4800].astype(float)
    assert 0.0 < conditions.power(late) < 0.01 * conditions.power(early)


def test_speed_changes_pitch_and_length() -> None:
    faster = conditions.change_speed(tone(400.0), 1.1)
    assert faster.size == round(RATE / 1.1)
    peak = np.argmax(np.abs(np.fft.rfft(faster))) * RATE / faster.size
    assert peak == pytest.approx(440.0, abs=2.0)


@pytest.mark.parametrize("condition", EVALUATION_CONDITIONS, ids=lambda c: c.name)
@pytest.mark.parametrize("samples", [0, 1, 5, 321, 12345])
def test_every_condition_keeps_length_and_type(condition, samples: int) -> None:
    clip = speech_like()[:samples]
    changed = condition.apply(clip, babble=speech_like(1), rng=np.random.default_rng(0))
    assert changed.dtype == np.int16
    assert changed.shape == clip.shape


def test_conditions_are_pure_and_repeatable() -> None:
    clip, babble = speech_like(), speech_like(1)
    kept = clip.copy()
    for condition in EVALUATION_CONDITIONS:
        first = condition.apply(clip, babble=babble, rng=np.random.default_rng(5))
        second = condition.apply(clip, babble=babble, rng=np.random.default_rng(5))
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(clip, kept)


def test_the_evaluation_hears_what_it_should() -> None:
    names = [condition.name for condition in EVALUATION_CONDITIONS]
    assert names[0] == "clean"
    assert len(set(names)) == len(names) == 17
    assert {c.amount for c in EVALUATION_CONDITIONS if c.kind == "level"} == {-12, -6, 6, 12}
    assert {c.amount for c in EVALUATION_CONDITIONS if c.kind == "babble"} == {20, 10, 5}


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), length=st.integers(0, 20000))
def test_variants_of_any_clip_are_repeatable_samples(seed: int, length: int) -> None:
    clip = np.random.default_rng(1).integers(-32768, 32767, length, dtype=np.int16)
    config = ConditionsConfig(room_probability=1.0, band_probability=1.0, gate_probability=1.0)
    babble = speech_like(2)
    one = draw_variant(clip, config, babble=babble, rng=np.random.default_rng(seed))
    two = draw_variant(clip, config, babble=babble, rng=np.random.default_rng(seed))
    assert one.dtype == np.int16
    np.testing.assert_array_equal(one, two)


def test_no_probability_means_no_change() -> None:
    clip = speech_like()
    nothing = {f: 0.0 for f in ConditionsConfig.__slots__ if f.endswith("_probability")}
    same = draw_variant(
        clip, ConditionsConfig(**nothing), babble=clip, rng=np.random.default_rng(0)
    )
    np.testing.assert_array_equal(same, clip)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_babble_takes_its_share_of_the_noise(share: float) -> None:
    clip = speech_like()
    others = {f: 0.0 for f in ConditionsConfig.__slots__ if f.endswith("_probability")}
    noise = ConditionsConfig(**{**others, "noise_probability": 1.0, "babble_share": share})
    hum = np.full(16000, 1000, np.int16)  # babble that can be told from white and pink noise
    heard = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        added = draw_variant(clip, noise, babble=hum, rng=rng).astype(int) - clip
        heard += int(np.ptp(added) <= 1)
    assert heard == pytest.approx(40 * share, abs=0 if share in (0.0, 1.0) else 10)
    silent = draw_variant(clip, noise, babble=np.zeros(0, np.int16), rng=np.random.default_rng(0))
    assert np.ptp(silent.astype(int) - clip) > 1
