"""Make frontend.npz: signals that fixed-point code gets wrong, and their features.

NAME/samples    int16, half a second at 16 kHz
NAME/amplitude  uint16, frames x 40: what pymicro-features 2.0.2 computes
NAME/phase      int16, frames x 40 x 6: all phase planes as this frontend defines them

Run it from the top folder when the definition of the phase planes changes, and only then:
``python tests/vectors/make_frontend.py``.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    COHERENCE_PLANES,
    FrontendConfig,
    compute_features,
)
from quantize.foundation.files import write_atomically

Signal = NDArray[np.int16]
_PYMICRO_SCALE = 0.0390625


def _saturate(values: NDArray[np.float64]) -> Signal:
    return np.clip(np.round(values), -32768, 32767).astype(np.int16)


def _voice(rng: np.random.Generator, count: int, rate: float = 16_000.0) -> NDArray[np.float64]:
    """A voice-like signal: a gliding pulse train through resonances, with pauses and noise."""
    time = np.arange(count) / rate
    pitch = 120 + 60 * np.sin(2 * np.pi * 1.3 * time)
    phase = np.cumsum(pitch) / rate
    source = (np.diff(np.floor(phase), prepend=0.0) > 0) - 0.01 * rng.standard_normal(count)
    voice = np.zeros(count)
    for formant, width in ((600, 80), (1700, 120), (2600, 160)):
        decay = np.exp(-np.pi * width * time[:800]) * np.sin(2 * np.pi * formant * time[:800])
        voice += np.convolve(source, decay)[:count]
    gate = (np.sin(2 * np.pi * 0.9 * time) > -0.5).astype(np.float64)
    return 9000.0 * voice * gate + 4.0 * rng.standard_normal(count)


def hostile_signals(count: int = 8_000) -> dict[str, Signal]:
    """Signals that fixed-point code gets wrong."""
    rng = np.random.default_rng(20)
    index = np.arange(count)
    impulse = np.zeros(count, np.int16)
    impulse[[700, 2500, 5000]] = (32767, -32768, 1)
    signals = {
        "silence": np.zeros(count, np.int16),
        "one": np.ones(count, np.int16),
        "highest": np.full(count, 32767, np.int16),
        "lowest": np.full(count, -32768, np.int16),
        "impulses": impulse,
        "white": rng.integers(-32768, 32768, count).astype(np.int16),
        "faint": rng.integers(-1, 2, count).astype(np.int16),
        "extremes": rng.choice(np.array([-32768, 32767], np.int16), count),
        "mostly_lowest": np.where(rng.random(count) < 0.99, -32768, 32767).astype(np.int16),
        "loud_then_silent": np.where(index < count // 2, -32768, 0).astype(np.int16),
        "voice": _saturate(_voice(rng, count)),
        "clipped_voice": _saturate(20 * _voice(rng, count)),
    }
    for half in (1, 2, 7, 40, 333):
        signals[f"square_{half}"] = np.where(index // half % 2 == 0, 32767, -32768).astype(np.int16)
    return signals


def peer_amplitude(samples: Signal) -> NDArray[np.uint16]:
    """Return the integers behind pymicro-features' floats."""
    from pymicro_features import MicroFrontend

    frontend = MicroFrontend()
    outputs = [
        frontend.process_samples(samples[start : start + 160].tobytes()).features
        for start in range(0, samples.size, 160)
    ]
    frames = np.array([features for features in outputs if features])
    return np.round(frames / _PYMICRO_SCALE).astype(np.uint16)


def main() -> None:
    """Write the vectors beside this file."""
    config = FrontendConfig(phase_planes=COHERENCE_PLANES)
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, samples in hostile_signals().items():
        arrays[f"{name}/samples"] = samples
        arrays[f"{name}/amplitude"] = peer_amplitude(samples)
        arrays[f"{name}/phase"] = compute_features(samples, config).phase
    buffer = io.BytesIO()
    savez: Any = np.savez_compressed
    savez(buffer, **arrays)
    write_atomically(Path(__file__).with_name("frontend.npz"), buffer.getvalue())


if __name__ == "__main__":
    main()
