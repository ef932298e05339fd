"""Host features held to TFLite-Micro's MicroFrontend (exact) and to a float log-mel (a fact)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance
from edgeser.corpora.audio.files import read_audio
from edgeser.evaluation.int8_parity import FeatureParity
from edgeser.progress import SILENT, Reporter
from firmware_bridge.frontend import MICROFRONTEND, FrontendConfig, compute_features
from quantize.foundation.errors import EdgeserError, ToolMissing
from quantize.foundation.extras import extra

FLOAT_STEP = 0.0390625
"""pymicro-features gives the C code's uint16 times this (10 / 256)."""
_LIBROSA_CLIPS = 40


def check_features(
    utterances: Sequence[Utterance],
    config: FrontendConfig,
    *,
    reporter: Reporter = SILENT,
) -> tuple[FeatureParity, ...]:
    """Compare features of clips with both references.

    Parameters
    ----------
    utterances
        The clips; unreadable ones are skipped here, since the run has named them.
    config
        The frontend in use, for the comparison with the float log-mel. The exact comparison uses
        `MICROFRONTEND`, the settings that the reference's build is fixed to.
    """
    recordings = [(u.clip_id, samples) for u in utterances if (samples := _samples(u)) is not None]
    return (
        _against_microfrontend(recordings, reporter),
        _against_librosa(recordings[:_LIBROSA_CLIPS], config, reporter),
    )


def microfrontend_amplitude(samples: NDArray[np.int16]) -> NDArray[np.uint16]:
    """Return the amplitude of the C++ MicroFrontend, uint16 [frames, 40], fixed settings.

    Raises
    ------
    ToolMissing
        When pymicro-features is not installed.
    """
    try:
        from pymicro_features import MicroFrontend
    except ImportError as error:
        raise ToolMissing(
            "pymicro-features, the reference of the features, is not installed",
            hint=extra("parity").install,
        ) from error
    frontend = MicroFrontend()
    data = samples.astype("<i2").tobytes()
    step = 2 * 160
    rows = []
    for start in range(0, len(data) - step + 1, step):
        output = frontend.process_samples(data[start : start + step])
        if output.features:
            rows.append(output.features)
    values = np.array(rows, np.float64).reshape(-1, 40) / FLOAT_STEP
    return np.rint(values).astype(np.uint16)


def _samples(utterance: Utterance) -> NDArray[np.int16] | None:
    try:
        return read_audio(utterance.sound)
    except EdgeserError:
        return None


def _against_microfrontend(
    recordings: Sequence[tuple[str, NDArray[np.int16]]], reporter: Reporter
) -> FeatureParity:
    progress = reporter.stage("Features against MicroFrontend")
    compared = differing = 0
    first = ""
    for done, (name, samples) in enumerate(recordings, 1):
        ours = compute_features(samples, replace(MICROFRONTEND, phase_planes=())).amplitude
        theirs = microfrontend_amplitude(samples)
        if ours.shape != theirs.shape:
            compared += max(ours.size, theirs.size)
            differing += max(ours.size, theirs.size)
            first = first or f"{name}: {ours.shape[0]} frames against {theirs.shape[0]}"
        else:
            where = np.argwhere(ours != theirs)
            compared += ours.size
            differing += len(where)
            if len(where):
                frame, channel = where[0]
                first = first or f"{name}: first at frame {frame}, channel {channel}"
        progress(done, len(recordings))
    return FeatureParity(
        check="host C amplitude against the MicroFrontend C++ code, bit for bit",
        compared=compared,
        differing=differing,
        passed=compared > 0 and differing == 0,
        detail=first,
    )


def _against_librosa(
    recordings: Sequence[tuple[str, NDArray[np.int16]]],
    config: FrontendConfig,
    reporter: Reporter,
) -> FeatureParity:
    progress = reporter.stage("Features against a float log-mel")
    ours, theirs = [], []
    for done, (_, samples) in enumerate(recordings, 1):
        amplitude = compute_features(
            samples, replace(config, phase_planes=(), normalisation=None)
        ).amplitude
        reference = librosa_log_mel(samples, config)
        frames = min(len(amplitude), len(reference))
        ours.append(amplitude[:frames].astype(np.float64))
        theirs.append(reference[:frames])
        progress(done, len(recordings))
    if not ours:
        return FeatureParity("amplitude against librosa's float log-mel", 0, 0, None)
    a, b = np.concatenate(ours), np.concatenate(theirs)
    by_channel = np.array([_correlation(a[:, c], b[:, c]) for c in range(a.shape[1])])
    worst = int(by_channel.argmin())
    detail = (
        f"correlation {_correlation(a.ravel(), b.ravel()):.4f} over all values; "
        f"worst channel {worst} with {by_channel[worst]:.4f}, "
        f"median channel {np.median(by_channel):.4f}"
    )
    return FeatureParity(
        check="amplitude against librosa's float log-mel (a fact: the frontend is not a log-mel)",
        compared=a.size,
        differing=0,
        passed=None,
        detail=detail,
    )


def librosa_log_mel(samples: NDArray[np.int16], config: FrontendConfig) -> NDArray[np.float64]:
    """Return log-mel energies of librosa at the frontend's framing, float64 [frames, channels]."""
    import librosa

    window = round(config.window_ms * config.sample_rate / 1000)
    fft_size = 1 << (window - 1).bit_length()
    energies = librosa.feature.melspectrogram(
        y=samples.astype(np.float32) / 32768,
        sr=config.sample_rate,
        n_fft=fft_size,
        win_length=window,
        hop_length=round(config.hop_ms * config.sample_rate / 1000),
        center=False,
        n_mels=config.channels,
        fmin=config.lower_hz,
        fmax=config.upper_hz,
        htk=True,
    )
    return np.asarray(np.log(energies.T.astype(np.float64) + 1e-10))


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Pearson's correlation; 0 where one side does not vary."""
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / norm) if norm > 0 else 0.0
