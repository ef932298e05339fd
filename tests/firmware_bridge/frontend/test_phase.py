"""The phase planes: within the stated bound of their float definition, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    COHERENCE_PLANES,
    FrontendConfig,
    compute_features,
)
from firmware_bridge.frontend.reference import (
    PHASE_BOUND_LSB,
    Q15_ONE,
    fft_bins,
    filter_weights,
    phase_planes,
)

Signal = NDArray[np.int16]
ALL = FrontendConfig(phase_planes=COHERENCE_PLANES)
WIDE = FrontendConfig(
    phase_planes=COHERENCE_PLANES, window_ms=500, hop_ms=123, channels=2, lower_hz=0.0
)


def largest_difference(samples: Signal, config: FrontendConfig) -> int:
    """Return the largest distance to the float definition, in units of Q15."""
    config = replace(config, phase_planes=COHERENCE_PLANES, amplitude_delta=False)
    expected = np.clip(np.round(phase_planes(samples, config) * Q15_ONE), -32767, 32767)
    actual = compute_features(samples, config).phase
    assert actual.shape == expected.shape
    return int(np.abs(actual - expected).max(initial=0))


@pytest.mark.corpus
def test_speech_is_within_the_bound(speech: list[Signal]) -> None:
    assert max(largest_difference(clip, ALL) for clip in speech[:16]) <= PHASE_BOUND_LSB


@pytest.mark.parametrize("config", [ALL, WIDE], ids=["default", "wide"])
def test_hostile_signals_are_within_the_bound(hostile: Signal, config: FrontendConfig) -> None:
    assert largest_difference(hostile, config) <= PHASE_BOUND_LSB


def test_random_settings_are_within_the_bound(
    random_configs: Callable[..., list[FrontendConfig]], all_hostile: dict[str, Signal]
) -> None:
    for config in random_configs(3, 12, phase=True):
        for name in ("voice", "clipped_voice", "faint", "loud_then_silent"):
            assert largest_difference(all_hostile[name], config) <= PHASE_BOUND_LSB


def test_bins_are_those_of_a_float_fft(all_hostile: dict[str, Signal]) -> None:
    config = FrontendConfig()
    samples = all_hostile["voice"]
    bins = fft_bins(samples, config)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(480) + 0.5) / 480)
    for frame in range(0, bins.shape[0], 10):
        start = frame * 160
        expected = np.fft.rfft(samples[start : start + 480] * window, 512)
        if np.abs(bins[frame]).max() < 200:
            continue
        scale = np.abs(bins[frame]).max() / np.abs(expected).max()
        assert np.abs(bins[frame] - scale * expected).max() < 0.02 * np.abs(bins[frame]).max()


def test_weights_are_triangles_over_the_mel_scale() -> None:
    weights = filter_weights(FrontendConfig())
    mel = 1127.0 * np.log1p(np.arange(257) * (8000 / 256) / 700)
    low, high = (1127.0 * np.log1p(np.array([125.0, 7500.0]) / 700)).tolist()
    step = (high - low) / 41
    for channel in range(40):
        centre = low + (channel + 1) * step
        triangle = np.maximum(0.0, 1.0 - np.abs(mel - centre) / step) * 4096
        assert np.abs(weights[channel] - triangle).max() < 2.0


def test_first_frame_and_silence_are_zero() -> None:
    noise = np.random.default_rng(1).integers(-3000, 3000, 480).astype(np.int16)
    phase = compute_features(np.concatenate([noise, np.zeros(1600, np.int16)]), ALL).phase
    assert not phase[0, :, :3].any()
    assert phase[0, :, 3:].any()
    assert phase[1, :, :3].any()
    assert not phase[4:].any()


def test_angle_in_time_follows_the_frequency() -> None:
    # A tone between two bins: its phase moves on by 2 pi f hop, of which the bin centres explain
    # all but the offset.
    config = FrontendConfig(phase_planes=("if_re", "if_im", "if_mod"))
    frequency = 1010.0
    tone = 8000 * np.cos(2 * np.pi * frequency * np.arange(8000) / 16_000)
    features = compute_features(tone.astype(np.int16), config)
    loudest = int(features.amplitude[5].argmax())
    re, im, modulus = (features.phase[5:, loudest, i].astype(float) / Q15_ONE for i in range(3))
    weights = filter_weights(config)[loudest]
    power = np.abs(fft_bins(tone.astype(np.int16), config)[5]) ** 2 * weights
    k = np.arange(weights.size)
    turns = frequency * 160 / 16_000 - k * 160 / 512
    expected = np.sum(power * np.exp(2j * np.pi * turns)) / power.sum()
    assert np.abs(re - expected.real).max() < 0.02
    assert np.abs(im - expected.imag).max() < 0.02
    assert np.abs(modulus - abs(expected)).max() < 0.02


def test_angle_in_frequency_follows_the_delay() -> None:
    # One impulse: the angle is its distance from the middle of the window, per bin.
    config = FrontendConfig(phase_planes=("gd_re", "gd_im", "gd_mod"))
    for place in (140, 240, 333):
        samples = np.zeros(480, np.int16)
        samples[place] = 32767
        re, im, modulus = (compute_features(samples, config).phase[0, 5:].astype(float) / Q15_ONE).T
        expected = np.exp(-2j * np.pi * (place - 240) / 512)
        assert np.abs(re - expected.real).max() < 0.02
        assert np.abs(im - expected.imag).max() < 0.02
        assert modulus.min() > 0.98


def test_planes_do_not_depend_on_which_are_asked_for(all_hostile: dict[str, Signal]) -> None:
    samples = all_hostile["clipped_voice"]
    everything = compute_features(samples, ALL)
    for names in (("if_re",), ("gd_mod",), ("if_im", "gd_re"), ("if_mod", "gd_im", "gd_mod")):
        features = compute_features(samples, FrontendConfig(phase_planes=names))
        chosen = [COHERENCE_PLANES.index(name) for name in names]
        np.testing.assert_array_equal(features.phase, everything.phase[:, :, chosen])
        np.testing.assert_array_equal(features.amplitude, everything.amplitude)


def test_planes_do_not_depend_on_the_amplitude_settings(all_hostile: dict[str, Signal]) -> None:
    plain = FrontendConfig(
        phase_planes=COHERENCE_PLANES, pcan=False, noise_reduction=False, log=False
    )
    samples = all_hostile["voice"]
    np.testing.assert_array_equal(
        compute_features(samples, plain).phase, compute_features(samples, ALL).phase
    )
