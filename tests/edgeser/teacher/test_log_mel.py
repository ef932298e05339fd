"""Whisper's log-mel spectrogram, against others' code and against what is known of tones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeser.teacher.log_mel import log_mel, mel_bands


def test_bands_are_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    expected = librosa.filters.mel(sr=16_000, n_fft=400, n_mels=80)
    np.testing.assert_allclose(mel_bands(), expected, atol=1e-7)
    assert mel_bands().dtype == np.float32


@pytest.mark.parametrize("samples", [201, 1599, 16_000, 40_123])
def test_it_is_what_whispers_own_lines_give(samples: int) -> None:
    sound = np.random.default_rng(samples).normal(0, 3000, samples).clip(-32768, 32767)
    sound = sound.astype(np.int16)
    audio = torch.from_numpy(sound.astype(np.float32) / 32768.0)
    stft = torch.stft(audio, 400, 160, window=torch.hann_window(400), return_complex=True)
    mel = torch.from_numpy(mel_bands()) @ (stft[..., :-1].abs() ** 2)
    logs = torch.clamp(mel, min=1e-10).log10()
    if logs.numel():
        logs = torch.maximum(logs, logs.max() - 8.0)
    found = log_mel(sound)
    assert (found.shape, found.dtype) == ((samples // 160, 80), np.float32)
    np.testing.assert_allclose(found, ((logs + 4.0) / 4.0).T.numpy(), atol=2e-5)


def test_silence_is_the_floor_and_depth_is_eight() -> None:
    silent = log_mel(np.zeros(1600, np.int16))
    np.testing.assert_allclose(silent, np.full((10, 80), (-10.0 + 4.0) / 4.0), atol=1e-6)
    tone = 9000 * np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    found = log_mel(tone.astype(np.int16))
    assert found.max() - found.min() <= 2.0 + 1e-6
    centre = (mel_bands() * np.linspace(0, 8000, 201)).sum(1) / mel_bands().sum(1)
    assert abs(centre[found[50].argmax()] - 1000) < 60


def test_too_short_a_clip_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        log_mel(np.zeros(200, np.int16))
