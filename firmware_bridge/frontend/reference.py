"""The signed planes in float64, computed from the integer FFT bins: what the C code is held to.

With X the bins of a frame, w a channel's filter weights, N the FFT size:

- instantaneous-frequency coherence, frame to frame:
  ``sum w X_t conj(X_t-1) e^(-j 2 pi k hop / N) / sqrt(sum w |X_t|^2 * sum w |X_t-1|^2)``
- group-delay coherence, bin to bin:
  ``e^(j pi window / N) sum w X_k conj(X_k-1) / sqrt(sum w |X_k|^2 * sum w |X_k-1|^2)``

Both are 0 where a sum of energies is 0; the first is 0 in the first frame. The angle of the first
is the channel's mean frequency, seen from its bins' centres; the angle of the second its mean delay
from the middle of the window; the moduli say how much of the channel agrees. Angles are put out in
parts of pi, multiplied by the modulus where `FrontendConfig.angle_weight` says so.

The amplitude's difference is that of the amplitude as it is put out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frontend.config import FrontendConfig

Q15_ONE = 32768

PHASE_BOUND_LSB = 6
"""The C planes differ from the rounded float definition by at most this many units of Q15.

Rotations in Q15, whose one is 32767, cost up to 2 units, the 17-bit quotient 1, roundings 1 to 2;
the modulus carries the errors of both parts. The largest difference seen on speech is 3, on
hostile signals with random settings 4.
"""

ANGLE_BOUND_LSB = 1.0
"""An angle differs from the float definition, the short way round, by at most this many units of
Q15 of pi: chords 0.06, quotient 0.32, rounding 0.5. In time more is added, see below."""

ROTATION_BOUND_LSB = 0.25
"""In time, the rotations' rounding to Q15 turns an angle by at most this many units, divided by the
modulus of the coherence: what hardly has an angle has it less exactly. The modulus makes that good
in a weighted angle, which is within `PHASE_BOUND_LSB` of its definition, where pi and -pi times the
modulus count as one. The largest differences seen, on speech and on hostile signals: 0.78 in
frequency, 1 and 0.08 by the modulus in time, 3.1 weighted."""


def fft_bins(samples: NDArray[np.int16], config: FrontendConfig) -> NDArray[np.complex128]:
    """Return the integer bins of the C code's FFT as complex numbers, frames x (N / 2 + 1).

    Each frame is scaled up by its own power of two, as the frontend does; the phase planes do not
    depend on it.
    """
    frontend = config.build()
    window, hop = config.window_samples, config.hop_samples
    frames = max(0, 1 + (samples.size - window) // hop)
    bins = np.empty((frames, config.fft_size // 2 + 1, 2), np.int16)
    for index in range(frames):
        start = index * hop
        frontend.bins(np.ascontiguousarray(samples[start : start + window]), bins[index])
    parts = bins.astype(np.float64)
    return parts[..., 0] + 1j * parts[..., 1]


def filter_weights(config: FrontendConfig) -> NDArray[np.float64]:
    """Return the filterbank's integer weights (Q12) as floats, channels x (N / 2 + 1)."""
    weights = np.empty((config.channels, config.fft_size // 2 + 1), np.uint16)
    config.build().weights(weights)
    return weights.astype(np.float64)


def phase_coherences(
    bins: NDArray[np.complex128], config: FrontendConfig
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the coherences in time and in frequency, each frames x channels."""
    weights = filter_weights(config)
    size = config.fft_size
    k = np.arange(size // 2 + 1)
    turn = np.exp(-2j * np.pi * (k * config.hop_samples % size) / size)
    before = np.zeros_like(bins)
    before[1:] = bins[:-1]
    below = np.zeros_like(bins)
    below[:, 1:] = bins[:, :-1]
    in_time = _coherence(bins, before, turn, weights)
    middle = np.exp(1j * np.pi * config.window_samples / size)
    in_frequency = _coherence(bins, below, np.full(k.size, middle), weights)
    return in_time, in_frequency


def phase_planes(samples: NDArray[np.int16], config: FrontendConfig) -> NDArray[np.float64]:
    """Return the phase planes of `config` by the float definition, in -1 to 1.

    Returns
    -------
    Frames x channels x phase planes, to compare with the C code's int16 divided by `Q15_ONE`.
    """
    coherences = phase_coherences(fft_bins(samples, config), config)
    planes: dict[str, NDArray[np.float64]] = {}
    for start, coherence in zip(("if", "gd"), coherences, strict=True):
        modulus = np.abs(coherence)
        angle = np.where(modulus > 0.0, np.angle(coherence) / np.pi, 0.0)
        planes |= {
            f"{start}_re": coherence.real,
            f"{start}_im": coherence.imag,
            f"{start}_mod": modulus,
            f"{start}_angle": angle * modulus if config.angle_weight == "modulus" else angle,
        }
    return np.stack([planes[name] for name in config.phase_planes], axis=-1)


def amplitude_delta(amplitude: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Return the difference in time of an amplitude, frames x channels, unsaturated."""
    values = amplitude.astype(np.float64)
    return np.diff(values, axis=0, prepend=values[:1])


def _coherence(
    x: NDArray[np.complex128],
    y: NDArray[np.complex128],
    turn: NDArray[np.complex128],
    weights: NDArray[np.float64],
) -> NDArray[np.complex128]:
    product = (x * y.conj() * turn) @ weights.T
    energy = (np.abs(x) ** 2 @ weights.T) * (np.abs(y) ** 2 @ weights.T)
    silent = energy == 0
    return np.where(silent, 0.0, product / np.sqrt(np.where(silent, 1.0, energy)))
