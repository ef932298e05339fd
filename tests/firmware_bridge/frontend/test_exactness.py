"""The amplitude is the MicroFrontend's, to the bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    COHERENCE_PLANES,
    MICROFRONTEND,
    FrontendConfig,
    compute_features,
)

Signal = NDArray[np.int16]
PYMICRO_SCALE = 0.0390625
CHUNK = 160


def pymicro_amplitude(samples: Signal) -> NDArray[np.int64]:
    """Return what pymicro-features computes, as the integers behind its floats."""
    from pymicro_features import MicroFrontend

    frontend = MicroFrontend()
    data = samples.tobytes()
    frames, position = [], 0
    while position + 2 * CHUNK <= len(data):
        output = frontend.process_samples(data[position : position + 2 * CHUNK])
        position += 2 * output.samples_read
        if output.features:
            frames.append(output.features)
    return np.round(np.array(frames).reshape(-1, 40) / PYMICRO_SCALE).astype(np.int64)


def whole_chunks(samples: Signal) -> Signal:
    """Drop the end that pymicro-features would not take."""
    return samples[: samples.size // CHUNK * CHUNK]


def test_shared_vectors(vectors: dict[str, NDArray[np.generic]]) -> None:
    config = FrontendConfig(phase_planes=COHERENCE_PLANES)
    names = {name.partition("/")[0] for name in vectors}
    assert len(names) >= 15
    for name in sorted(names):
        samples = vectors[f"{name}/samples"].astype(np.int16)
        features = compute_features(samples, config)
        np.testing.assert_array_equal(features.amplitude, vectors[f"{name}/amplitude"], name)
        np.testing.assert_array_equal(features.phase, vectors[f"{name}/phase"], name)


def test_hostile_signals_equal_pymicro_features(hostile: Signal) -> None:
    samples = whole_chunks(hostile)
    expected = pymicro_amplitude(samples)
    actual = compute_features(samples, MICROFRONTEND).amplitude
    assert expected.shape == actual.shape
    assert np.count_nonzero(expected != actual) == 0


@pytest.mark.corpus
def test_speech_equals_pymicro_features(speech: list[Signal]) -> None:
    values = 0
    for clip in speech:
        samples = whole_chunks(clip)
        expected = pymicro_amplitude(samples)
        actual = compute_features(samples, MICROFRONTEND).amplitude
        assert expected.shape == actual.shape
        assert np.count_nonzero(expected != actual) == 0
        values += actual.size
    assert values > 200_000


@pytest.mark.parametrize("seed", range(40))
def test_random_settings_equal_microfrontend_sources(
    seed: int,
    microfrontend: Callable[..., bytes],
    random_configs: Callable[..., list[FrontendConfig]],
    all_hostile: dict[str, Signal],
) -> None:
    (config,) = random_configs(seed, 1)
    # One program run for all signals, one after the other: noise estimates carry over.
    samples = np.concatenate(list(all_hostile.values()))
    expected = np.frombuffer(microfrontend(config, samples), np.uint16)
    actual = compute_features(samples, config).amplitude
    assert np.unique(actual).size > 3  # settings that leave something to compare
    assert expected.size == actual.size
    assert np.count_nonzero(expected.reshape(actual.shape) != actual) == 0


@pytest.mark.corpus
def test_random_settings_equal_microfrontend_sources_on_speech(
    microfrontend: Callable[..., bytes],
    random_configs: Callable[..., list[FrontendConfig]],
    speech: list[Signal],
) -> None:
    for config, clip in zip(random_configs(7, 24), speech, strict=False):
        expected = np.frombuffer(microfrontend(config, clip), np.uint16)
        actual = compute_features(clip, config).amplitude
        assert expected.size == actual.size
        assert np.count_nonzero(expected.reshape(actual.shape) != actual) == 0


def test_fft_size_of_every_power_of_two_equals_microfrontend_sources(
    microfrontend: Callable[..., bytes], all_hostile: dict[str, Signal]
) -> None:
    samples = np.concatenate([all_hostile[name] for name in ("voice", "extremes", "square_7")])
    for window in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000):
        config = FrontendConfig(
            window_ms=window, hop_ms=min(window, 50), channels=6, upper_hz=5000.0, pcan=False
        )
        expected = np.frombuffer(microfrontend(config, samples), np.uint16)
        actual = compute_features(samples, config).amplitude
        assert expected.size == actual.size > 0, window
        assert np.count_nonzero(expected.reshape(actual.shape) != actual) == 0, window
