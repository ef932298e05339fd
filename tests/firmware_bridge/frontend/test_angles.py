"""Angles and the amplitude's difference: held to their definitions, and what they mean."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_bridge.frontend import PHASE_PLANES, FrontendConfig, compute_features
from firmware_bridge.frontend.reference import (
    ANGLE_BOUND_LSB,
    PHASE_BOUND_LSB,
    Q15_ONE,
    ROTATION_BOUND_LSB,
    amplitude_delta,
    phase_planes,
)

Signal = NDArray[np.int16]
Floats = NDArray[np.float64]
QUATERNION = FrontendConfig(amplitude_delta=True, phase_planes=("if_angle", "gd_angle"))
WIDE = replace(QUATERNION, window_ms=500, hop_ms=123, channels=2, lower_hz=0.0)
# Where a coherence is 0 but for what float64 leaves, its definition has no angle.
FLOAT_NOISE = 1e-9


def angles_and_moduli(samples: Signal, config: FrontendConfig) -> tuple[Floats, Floats]:
    """Return float angles in Q15 of pi, and moduli: frames x channels x (time, frequency)."""
    names = ("if_mod", "if_angle", "gd_mod", "gd_angle")
    planes = phase_planes(samples, replace(config, phase_planes=names, angle_weight="none"))
    return planes[..., 1::2] * Q15_ONE, planes[..., ::2]


def plain_excess(samples: Signal, config: FrontendConfig) -> float:
    """Return by how many units the worst angle is farther from its definition than it may."""
    config = replace(config, phase_planes=("if_angle", "gd_angle"), amplitude_delta=False)
    angles, moduli = angles_and_moduli(samples, config)
    actual = compute_features(samples, replace(config, angle_weight="none")).phase
    assert actual.shape == angles.shape
    away = np.abs(actual - angles)
    away = np.minimum(away, 2 * Q15_ONE - away)  # the short way round
    may = np.array([ROTATION_BOUND_LSB, FLOAT_NOISE * Q15_ONE]) / np.maximum(moduli, 1e-12)
    return float((away - ANGLE_BOUND_LSB - may)[moduli > 0].max(initial=-np.inf))


def weighted_difference(samples: Signal, config: FrontendConfig) -> float:
    """Return the largest distance of a weighted angle to its definition, in units of Q15 of pi."""
    config = replace(config, phase_planes=("if_angle", "gd_angle"), amplitude_delta=False)
    angles, moduli = angles_and_moduli(samples, config)
    actual = compute_features(samples, replace(config, angle_weight="modulus")).phase
    away = np.abs(actual - angles * moduli)
    return float(np.minimum(away, np.abs(2 * Q15_ONE * moduli - away)).max(initial=0.0))


@pytest.mark.corpus
def test_speech_is_within_the_bounds(speech: list[Signal]) -> None:
    assert max(plain_excess(clip, QUATERNION) for clip in speech[:16]) <= 0.0
    assert max(weighted_difference(clip, QUATERNION) for clip in speech[:16]) <= PHASE_BOUND_LSB


@pytest.mark.parametrize("config", [QUATERNION, WIDE], ids=["default", "wide"])
def test_hostile_signals_are_within_the_bounds(hostile: Signal, config: FrontendConfig) -> None:
    assert plain_excess(hostile, config) <= 0.0
    assert weighted_difference(hostile, config) <= PHASE_BOUND_LSB


def test_random_settings_are_within_the_bounds(
    random_configs: Callable[..., list[FrontendConfig]], all_hostile: dict[str, Signal]
) -> None:
    for config in random_configs(3, 12, phase=True):
        for name in ("voice", "clipped_voice", "faint", "loud_then_silent"):
            assert plain_excess(all_hostile[name], config) <= 0.0
            assert weighted_difference(all_hostile[name], config) <= PHASE_BOUND_LSB


@given(
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=24),
    st.integers(1, 40),
    st.integers(0, 15),
)
@settings(max_examples=60)
def test_any_signal_is_within_the_bounds(values: list[int], length: int, shift: int) -> None:
    pattern = np.repeat(np.array(values, np.int16) >> shift, length)
    samples = np.resize(pattern, 1600)
    assert plain_excess(samples, QUATERNION) <= 0.0
    assert weighted_difference(samples, QUATERNION) <= PHASE_BOUND_LSB


def test_angle_of_any_integers(tmp_path: Path) -> None:
    here = Path(__file__).parent
    frontend = here.parents[2] / "firmware_bridge" / "frontend"
    command = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    command += ["-fsanitize=undefined", "-fno-sanitize-recover=all", f"-I{frontend / 'include'}"]
    program = tmp_path / "angle"
    sources = (here / "c/angle.c", frontend / "src/angle.c")
    subprocess.run([*command, *sources, "-lm", "-o", program], check=True)
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    # What is left of ANGLE_BOUND_LSB when the last rounding has its half.
    assert float(done.stdout) <= ANGLE_BOUND_LSB - 0.5


def test_weighted_angle_is_angle_times_modulus_to_the_bit(all_hostile: dict[str, Signal]) -> None:
    config = FrontendConfig(phase_planes=PHASE_PLANES)
    for name in ("voice", "clipped_voice", "white", "impulses"):
        plain = compute_features(all_hostile[name], config).phase
        weighted = compute_features(
            all_hostile[name], replace(config, angle_weight="modulus")
        ).phase
        for angle in (3, 7):
            product = plain[..., angle].astype(int) * plain[..., angle - 1]
            np.testing.assert_array_equal(weighted[..., angle], (product + (1 << 14)) >> 15)
            others = [0, 1, 2, 4, 5, 6]
            np.testing.assert_array_equal(weighted[..., others], plain[..., others])


@pytest.mark.parametrize("weight", ["none", "modulus"])
def test_angles_do_not_depend_on_which_planes_are_asked_for(
    weight: str, all_hostile: dict[str, Signal]
) -> None:
    samples = np.concatenate([all_hostile["clipped_voice"], all_hostile["loud_then_silent"]])
    settings = {"angle_weight": weight, "amplitude_delta": True}
    config = FrontendConfig.from_dict({**settings, "phase_planes": list(PHASE_PLANES)})
    everything = compute_features(samples, config)
    for names in (("if_angle",), ("gd_angle",), ("if_angle", "gd_angle"), ("if_re", "gd_angle")):
        part = FrontendConfig.from_dict({**settings, "phase_planes": list(names)})
        features = compute_features(samples, part)
        chosen = [config.signed_planes.index(name) for name in part.signed_planes]
        np.testing.assert_array_equal(features.phase, everything.phase[:, :, chosen])


def test_first_frame_and_silence_are_zero() -> None:
    noise = np.random.default_rng(1).integers(-3000, 3000, 480).astype(np.int16)
    samples = np.concatenate([noise, np.zeros(1600, np.int16), np.tile(noise, 3)])
    for weight in ("none", "modulus"):
        config = FrontendConfig.from_dict({**QUATERNION.to_dict(), "angle_weight": weight})
        delta, in_time, in_frequency = np.moveaxis(compute_features(samples, config).phase, 2, 0)
        assert not delta[0].any()
        assert not in_time[0].any()
        assert in_frequency[0].all()
        assert in_time[1].all()
        # The window is in the silence from the fourth frame to the eleventh.
        assert not in_time[4:11].any()
        assert not in_frequency[4:11].any()
        assert delta[3].any()


def test_angle_in_time_is_the_distance_from_the_bin() -> None:
    # In a narrow channel of one bin, at 1000 Hz: 10 Hz more turn by 2 pi 10 hop.
    config = FrontendConfig(phase_planes=("if_angle",), channels=1, lower_hz=960.0, upper_hz=1020.0)
    for offset in (-40.0, -10.0, 0.0, 5.0, 40.0):
        tone = 8000 * np.cos(2 * np.pi * (1000.0 + offset) * np.arange(8000) / 16_000)
        angle = compute_features(tone.astype(np.int16), config).phase[2:, 0, 0]
        assert np.abs(angle / Q15_ONE - 2 * offset * 0.010).max() < 0.002


def test_angle_in_frequency_is_the_delay() -> None:
    # One impulse: its distance from the middle of the window, of 256 samples to pi.
    config = FrontendConfig(phase_planes=("gd_angle",))
    for place in (140, 239, 240, 333):
        samples = np.zeros(480, np.int16)
        samples[place] = 32767
        angle = compute_features(samples, config).phase[0, 5:, 0]
        assert np.abs(angle / Q15_ONE + (place - 240) / 256).max() < 0.01


def test_pi_is_minus_pi() -> None:
    # 50 Hz off, half a turn a hop: rounding decides on which side of the seam it comes out.
    config = FrontendConfig(phase_planes=("if_angle",), channels=1, lower_hz=960.0, upper_hz=1020.0)
    tone = 8000 * np.cos(2 * np.pi * 1050.0 * np.arange(80_000) / 16_000)
    angle = compute_features(tone.astype(np.int16), config).phase[2:, 0, 0]
    assert np.abs(angle.astype(int)).min() > 32_000
    assert angle.min() < 0 < angle.max()


def test_difference_is_that_of_the_amplitude(all_hostile: dict[str, Signal]) -> None:
    for config in (QUATERNION, replace(QUATERNION, log=False, pcan=False, noise_reduction=False)):
        steps = []
        for samples in all_hostile.values():
            features = compute_features(samples, config)
            expected = np.clip(amplitude_delta(features.amplitude), -32768, 32767)
            np.testing.assert_array_equal(features.phase[:, :, 0], expected)
            steps.append(np.abs(amplitude_delta(features.amplitude)).max(initial=0.0))
        if not config.log:
            assert max(steps) > 32768  # saturation was tried


def test_difference_alone(all_hostile: dict[str, Signal]) -> None:
    samples = all_hostile["voice"]
    alone = compute_features(samples, FrontendConfig(amplitude_delta=True))
    assert alone.phase.shape[2] == 1
    np.testing.assert_array_equal(
        alone.phase[:, :, 0], compute_features(samples, QUATERNION).phase[:, :, 0]
    )
