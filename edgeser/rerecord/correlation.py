"""The correlation of tones with each stretch of samples: with one tone, or the highest of many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.rerecord.markers import LOW_HZ

Floats = NDArray[np.float64]

_FLOOR = 1e-9
"""Mean square below which a stretch counts as silent."""
_TONES = 4
"""Of the longest tone, what one transform spans."""
_PIECES = 2
"""Transformed together: more would leave the cache."""


def without_low(samples: Floats, rate: float) -> Floats:
    """Return samples without what is below the sweeps, an offset or hum."""
    from scipy.ndimage import uniform_filter1d

    return np.asarray(samples - uniform_filter1d(samples, 2 * round(rate / LOW_HZ / 2) + 1))


def correlate(samples: Floats, tone: Floats, rate: float) -> Floats:
    """Return the correlation of a tone with each stretch of samples, -1 to 1.

    What is below the sweeps is taken out of the samples before.
    """
    from scipy.signal import fftconvolve

    samples = without_low(samples, rate)
    product = fftconvolve(samples, tone[::-1], mode="valid")
    scale = np.sqrt(np.square(tone).sum() * _energies(_running(samples), len(tone)))
    normal: Floats = product / scale
    return normal


def highest_correlations(
    samples: Floats, tones: Sequence[tuple[Floats, ...]], rate: float
) -> list[float]:
    """Return the highest magnitude of `correlate` for each of many tones.

    The samples are transformed once, in pieces that overlap (overlap-save; A. V. Oppenheim and
    R. W. Schafer, "Discrete-Time Signal Processing", section 8.7), and their energies are summed
    once for all tones of a group.

    Parameters
    ----------
    samples
        ``[samples]``, longer than every tone.
    tones
        Groups of tones; those of one group are equally long.
    rate
        Of the samples.

    Returns
    -------
    heights
        0 to 1, one for each tone, in their order.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    if not tones:
        return []
    samples = without_low(samples, rate)
    running = _running(samples)
    longest = max(len(group[0]) for group in tones)
    size = next_fast_len(_TONES * longest, real=True)
    hop = size - longest + 1
    spectra = rfft(_overlapping(samples, size, hop))
    energies = np.empty((len(spectra), hop))
    heights = []
    for group in tones:
        of_group = _energies(running, len(group[0]))
        energies.reshape(-1)[: len(of_group)] = of_group
        energies.reshape(-1)[len(of_group) :] = np.inf
        for tone in group:
            turned, share = np.conj(rfft(tone, size)), 0.0
            for first in range(0, len(spectra), _PIECES):
                part = slice(first, first + _PIECES)
                products = irfft(spectra[part] * turned, size)[:, :hop]
                share = max(share, float((np.square(products) / energies[part]).max()))
            heights.append(float(np.sqrt(share / np.square(tone).sum())))
    return heights


def _overlapping(samples: Floats, size: int, hop: int) -> Floats:
    """Return ``[pieces, size]``, one every `hop` samples, the last filled with zeros."""
    pieces = -(-len(samples) // hop)
    padded = np.pad(samples, (0, (pieces - 1) * hop + size - len(samples)))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]


def _running(samples: Floats) -> Floats:
    """Return the energy of all samples before each, ``[samples + 1]``."""
    return np.cumsum(np.concatenate([[0.0], np.square(samples)]))


def _energies(running: Floats, length: int) -> Floats:
    """Return the energy of each stretch of so many samples, as if none were quite silent."""
    energies: Floats = np.maximum(running[length:] - running[:-length], _FLOOR * length)
    return energies
