"""Frontend speed on one thread, against pymicro-features on the same audio in the same run.

The peer is called as its package is: 10 ms of samples at a time, cut beforehand, its features
dropped. The repeats of all candidates take turns, so that a busy moment of the host meets all of
them, and the best of each counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    COHERENCE_PLANES,
    MICROFRONTEND,
    FrontendConfig,
    FrontendStream,
    compute_features,
)
from quantize.foundation.measurement import Evidence, Measurement

_REPEATS = 15
_CLIPS = 12
_CHUNK = 160
_AMPLITUDE_TARGET = 2.0
_PHASE_TARGET = 1.0

Signal = NDArray[np.int16]


def _generated_signal() -> Signal:
    """Twenty seconds of a gliding pulse train in noise."""
    rng = np.random.default_rng(0)
    time_s = np.arange(320_000) / 16_000
    phase = np.cumsum(120 + 60 * np.sin(2 * np.pi * 1.3 * time_s)) / 16_000
    pulses = 12_000 * (np.diff(np.floor(phase), prepend=0.0) > 0)
    return (pulses + rng.normal(0, 100, time_s.size)).astype(np.int16)


def audio() -> tuple[Signal, str]:
    """Return the samples to time on, and what they are."""
    given = os.environ.get("EDGESER_CREMAD")
    if not given:
        return _generated_signal(), "a generated signal (real speech: set EDGESER_CREMAD)"
    import soundfile

    paths = sorted((Path(given) / "AudioWAV").iterdir())[:: 4087 // _CLIPS][:_CLIPS]
    clips = [soundfile.read(path, dtype="int16")[0] for path in paths]
    return np.concatenate(clips), f"{len(clips)} clips of CREMA-D"


def _peer(samples: Signal) -> Callable[[], object]:
    from pymicro_features import MicroFrontend

    data = samples.tobytes()
    chunks = [data[i : i + 2 * _CHUNK] for i in range(0, len(data) - 2 * _CHUNK + 1, 2 * _CHUNK)]

    def run() -> None:
        process = MicroFrontend().process_samples
        for chunk in chunks:
            process(chunk)

    return run


def _stream(samples: Signal) -> Callable[[], object]:
    chunks = [samples[i : i + _CHUNK] for i in range(0, samples.size, _CHUNK)]

    def run() -> None:
        push = FrontendStream(MICROFRONTEND).push
        for chunk in chunks:
            push(chunk)

    return run


def best_seconds(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each candidate's best time; they take turns."""
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(_REPEATS):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def measure(samples: Signal, source: str) -> dict[str, Measurement]:
    """Return microseconds per 10 ms frame for each candidate, on one thread."""
    phase = FrontendConfig(phase_planes=COHERENCE_PLANES)
    complex_only = FrontendConfig(phase_planes=("if_re", "if_im", "gd_re", "gd_im"))
    seconds = best_seconds(
        {
            "pymicro-features": _peer(samples),
            "amplitude": lambda: compute_features(samples, MICROFRONTEND),
            "amplitude + 4 phase planes": lambda: compute_features(samples, complex_only),
            "amplitude + 6 phase planes": lambda: compute_features(samples, phase),
            "amplitude, streamed by 10 ms": _stream(samples),
        }
    )
    frames = len(compute_features(samples, MICROFRONTEND).amplitude)
    return {
        name: Measurement(1e6 * spent / frames, "us", Evidence.MEASURED, source)
        for name, spent in seconds.items()
    }


def main() -> None:
    """Print times and ratios."""
    samples, what = audio()
    figures = measure(samples, what)
    peer = figures["pymicro-features"].value
    print(f"frontend, one thread, {samples.size / 16_000:.0f} s of {what}:")
    for name, figure in figures.items():
        print(
            f"  {name:29} {figure.value:6.2f} {figure.unit} a frame, "
            f"{peer / figure.value:5.2f} x as fast ({figure.evidence})"
        )
    amplitude = peer / figures["amplitude"].value
    with_phase = peer / figures["amplitude + 6 phase planes"].value
    met = amplitude >= _AMPLITUDE_TARGET and with_phase >= _PHASE_TARGET
    print(
        f"  targets: amplitude {_AMPLITUDE_TARGET:g} x, with phase {_PHASE_TARGET:g} x: "
        f"{'met' if met else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
