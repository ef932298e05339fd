"""Feature parity compares with the real references, and can fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import Utterance
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.pipeline.parity import features
from edgeser.pipeline.parity.features import (
    check_features,
    librosa_log_mel,
    microfrontend_amplitude,
)
from firmware_bridge.frontend import MICROFRONTEND, FrontendConfig, compute_features

RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 3000, 16_000).astype(np.int16)


@pytest.fixture
def clips(tmp_path: Path) -> list[Utterance]:
    found = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.wav"
        path.write_bytes(wav_bytes(NOISE if name == "a" else NOISE[::-1].copy()))
        found.append(Utterance(path, name, "generic", "anger", "s1"))
    return found


def test_host_features_are_those_of_the_microfrontend(clips: list[Utterance]) -> None:
    exact, log_mel = check_features(clips, FrontendConfig(hop_ms=20))
    assert (exact.passed, exact.differing, exact.compared) == (True, 0, 2 * 98 * 40)
    assert log_mel.passed is None
    assert "correlation" in log_mel.detail


def test_the_reference_has_the_shape_of_the_fixed_settings() -> None:
    theirs = microfrontend_amplitude(NOISE)
    assert (theirs.shape, theirs.dtype) == ((98, 40), np.uint16)


def test_a_difference_is_found_counted_and_placed(
    clips: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = microfrontend_amplitude

    def one_off(samples: np.ndarray) -> np.ndarray:
        values = real(samples)
        values[3, 7] += 1
        return values

    monkeypatch.setattr(features, "microfrontend_amplitude", one_off)
    exact, _ = check_features(clips, FrontendConfig())
    assert (exact.passed, exact.differing) == (False, 2)
    assert exact.detail == "a: first at frame 3, channel 7"


def test_another_number_of_frames_fails(
    clips: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = microfrontend_amplitude
    monkeypatch.setattr(features, "microfrontend_amplitude", lambda s: real(s)[:-1])
    exact, _ = check_features(clips[:1], FrontendConfig())
    assert exact.passed is False
    assert exact.detail == "a: 98 frames against 97"


def test_nothing_compared_is_not_passed() -> None:
    exact, _ = check_features([], FrontendConfig())
    assert exact.passed is False
    assert exact.compared == 0


def test_the_log_mel_follows_the_frontends_framing() -> None:
    config = replace(MICROFRONTEND, pcan=False, noise_reduction=False, hop_ms=20.0)
    reference = librosa_log_mel(NOISE, config)
    ours = compute_features(NOISE, config).amplitude
    assert reference.shape == ours.shape
    sweep = np.sin(2 * np.pi * np.cumsum(np.linspace(200, 6000, 32_000)) / 16_000)
    samples = (sweep * 9000).astype(np.int16)
    ours = compute_features(samples, config).amplitude.astype(float)
    loudest = np.abs(ours.argmax(axis=1) - librosa_log_mel(samples, config).argmax(axis=1))
    assert np.median(loudest) <= 1
