"""Made-up inputs of a report: features of one clip, and recordings that drifted away."""

from __future__ import annotations

import numpy as np
from example_costs import SOURCE

from edgeser.evaluation.drift import (
    Distributions,
    DriftReference,
    DriftReport,
    DriftTolerances,
    compare_with,
)
from edgeser.report.contents import ExampleFeatures


def drift(source: str = SOURCE, plane: str = "amplitude") -> DriftReport:
    """Return recordings of which one plane moved and the level is low."""
    rng = np.random.default_rng(3)

    def made(counts: np.ndarray, level: float) -> Distributions:
        spread = (level - 9.0, level, level + 8.0)
        clipped = np.array([400, 30], np.int64)
        return Distributions(counts.astype(np.int64), clipped, spread, 0.001, 40, 30.0)

    old = rng.integers(500, 900, (2, 40, 32))
    new = old.copy()
    new[0, :, :12] //= 8
    before = DriftReference(
        "0c" * 32, (plane, plane), source, 9, made(old, -30.0), ((0.05, 0.18), (0.03, 0.1))
    )
    return compare_with(before, made(new, -48.0), source=source, tolerances=DriftTolerances())


def features() -> ExampleFeatures:
    """Draw something like a vowel: harmonics that glide, in bursts."""
    frames, channels = 248, 40
    t = np.linspace(0, 1, frames)[:, np.newaxis]
    k = np.arange(channels)[np.newaxis, :]
    voiced = np.clip(np.sin(2 * np.pi * 3.2 * t) * 1.6 + 0.4, 0, 1)
    comb = 0.5 + 0.5 * np.cos(2 * np.pi * (k / (3 + 0.06 * k)) * (1 + 0.25 * np.sin(5 * t)))
    tilt = np.exp(-k / 24) + 0.5 * np.exp(-(((k - 14 - 6 * np.sin(7 * t)) / 4) ** 2))
    rng = np.random.default_rng(3)
    amplitude = 520 * voiced * comb * tilt + 60 * rng.random((frames, channels))
    angle = 2 * np.pi * (k / 9 + 3 * t + 0.4 * np.sin(6 * t))
    modulus = np.clip(0.25 + 0.7 * voiced * comb + 0.05 * rng.normal(size=(frames, channels)), 0, 1)
    noise = 1.4 * (1 - voiced) * rng.normal(size=(frames, channels))
    planes = [modulus * np.cos(angle + noise), modulus * np.sin(angle + noise), modulus]
    planes += [modulus * np.cos(angle / 3 + noise), modulus * np.sin(angle / 3 + noise)]
    phase = np.stack([np.clip(np.rint(32767 * p), -32768, 32767) for p in planes], axis=2)
    return ExampleFeatures(
        clip_id="1003_0007",
        label="happiness",
        amplitude=amplitude.astype(np.uint16),
        phase=phase.astype(np.int16),
        phase_planes=("if_re", "if_im", "if_mod", "gd_re", "gd_im"),
        hop_ms=10.0,
        lower_hz=125.0,
        upper_hz=7500.0,
    )
