"""The C sources as a device sees them: sanitizers, streams, memory, what they may not do."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    PHASE_PLANES,
    FrontendConfig,
    FrontendFeatures,
    compute_features,
)

Signal = NDArray[np.int16]
MODES = (("whole",), ("stream", "1"), ("stream", "77"), ("attach", "5"))
ALLOWED_SYMBOLS = {
    "cosf", "floorf", "log1pf", "powf", "sqrtf",
    "atan", "cos", "sin", "sincos", "floor", "log2", "lrint",
    "memcpy", "memset", "memmove",
}  # fmt: skip


def decode(output: bytes, features: FrontendFeatures) -> tuple[NDArray[np.uint16], Signal]:
    """Split a driver's output into amplitude and phase of the expected shapes."""
    amplitude_bytes = features.amplitude.size * 2
    assert len(output) == amplitude_bytes + features.phase.size * 2
    amplitude = np.frombuffer(output[:amplitude_bytes], np.uint16)
    phase = np.frombuffer(output[amplitude_bytes:], np.int16)
    return amplitude.reshape(features.amplitude.shape), phase.reshape(features.phase.shape)


@pytest.mark.parametrize("mode", MODES, ids="-".join)
def test_sanitized_driver_equals_binding_on_hostile_signals(
    mode: tuple[str, ...], sanitized: Callable[..., bytes], all_hostile: dict[str, Signal]
) -> None:
    config = FrontendConfig(amplitude_delta=True, phase_planes=PHASE_PLANES)
    samples = np.concatenate(list(all_hostile.values()))
    expected = compute_features(samples, config)
    amplitude, phase = decode(sanitized(config, samples, *mode), expected)
    np.testing.assert_array_equal(amplitude, expected.amplitude)
    np.testing.assert_array_equal(phase, expected.phase)


@pytest.mark.parametrize("seed", range(100, 130))
def test_sanitized_driver_equals_binding_on_random_settings(
    seed: int,
    sanitized: Callable[..., bytes],
    random_configs: Callable[..., list[FrontendConfig]],
    all_hostile: dict[str, Signal],
) -> None:
    (config,) = random_configs(seed, 1, phase=True)
    samples = np.concatenate(list(all_hostile.values()))[:: 1 + seed % 3]
    expected = compute_features(samples, config)
    amplitude, phase = decode(sanitized(config, samples, *MODES[seed % len(MODES)]), expected)
    np.testing.assert_array_equal(amplitude, expected.amplitude)
    np.testing.assert_array_equal(phase, expected.phase)


@pytest.mark.parametrize(
    "changes",
    [
        {"window_ms": 1024, "hop_ms": 500, "channels": 1, "lower_hz": 0.0},
        {"window_ms": 1024, "hop_ms": 1024, "channels": 256, "lower_hz": 0.0},
        {"window_ms": 0.25, "hop_ms": 0.0625, "channels": 1, "upper_hz": 4000.0, "pcan": False},
        {"channels": 256},
        {"lower_hz": 7000.0, "upper_hz": 7001.0, "channels": 2},
    ],
)
def test_sanitized_driver_at_the_ends_of_the_ranges(
    changes: dict[str, object], sanitized: Callable[..., bytes], all_hostile: dict[str, Signal]
) -> None:
    config = FrontendConfig.from_dict(
        {"amplitude_delta": True, "phase_planes": list(PHASE_PLANES), **changes}
    )
    samples = np.concatenate([all_hostile[name] for name in ("extremes", "square_1", "voice")])
    expected = compute_features(samples, config)
    assert expected.amplitude.size > 0
    amplitude, phase = decode(sanitized(config, samples, "stream", "3"), expected)
    np.testing.assert_array_equal(amplitude, expected.amplitude)
    np.testing.assert_array_equal(phase, expected.phase)


def test_shorter_than_a_window_gives_no_frame(sanitized: Callable[..., bytes]) -> None:
    config = FrontendConfig()
    for count in (0, 1, 479):
        assert sanitized(config, np.ones(count, np.int16), "stream", "1") == b""
    assert len(sanitized(config, np.ones(480, np.int16), "stream", "1")) == 80


def test_sources_allocate_nothing_and_have_no_globals(
    frontend_sources: list[Path], layout: list[str], tmp_path: Path
) -> None:
    nm = shutil.which("nm")
    assert nm is not None, "binutils belong to gcc"
    include = frontend_sources[0].parents[1] / "include"
    for source in frontend_sources:
        target = tmp_path / f"{source.stem}.o"
        command = ["gcc", "-std=c11", "-O2", "-fno-math-errno", "-DAPF_NO_CLONES", f"-I{include}"]
        command += layout
        subprocess.run([*command, "-c", str(source), "-o", str(target)], check=True)
        symbols = subprocess.run(
            [nm, str(target)], capture_output=True, text=True, check=True
        ).stdout
        defined = re.findall(r"^[0-9a-f]+ ([A-Za-z]) (\S+)$", symbols, re.MULTILINE)
        # Sources that end in a layout's name are empty in the other.
        other = "split" if not layout else "packed"
        assert bool(defined) != source.stem.endswith(other), symbols
        writable = [name for kind, name in defined if kind in "BbDdCSsGg"]
        assert writable == [], source.name
        undefined = re.findall(r"^\s+U (\S+)$", symbols, re.MULTILINE)
        foreign = {name for name in undefined if not name.startswith("apf_")}
        assert foreign <= ALLOWED_SYMBOLS, source.name
