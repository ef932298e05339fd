"""The vocal tract: formant resonators that move with the vowels, and noise for consonants.

Resonators are the two-pole digital ones of D. H. Klatt, "Software for a cascade/parallel
formant synthesizer", J. Acoust. Soc. Am. 67(3), 1980, in cascade. Formant frequencies scale
with the inverse length of the tract.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REFERENCE_LENGTH_CM = 17.0
"""Length of the tract that the vowel table below belongs to."""

VOWELS: dict[str, tuple[float, float, float]] = {
    "i": (300.0, 2250.0, 2950.0),
    "e": (430.0, 2000.0, 2600.0),
    "a": (730.0, 1250.0, 2500.0),
    "o": (480.0, 880.0, 2450.0),
    "u": (320.0, 850.0, 2300.0),
    "@": (500.0, 1500.0, 2500.0),
}
"""First three formants in Hz, near the averages of men (Peterson & Barney 1952, rounded)."""

_HIGH_FORMANTS = (3500.0, 4500.0, 5500.0, 6500.0)
_BLOCK_SECONDS = 0.005


def formant_track(vowels: Floats, length_cm: Floats | float) -> Floats:
    """Return seven formants in Hz, ``[blocks, 7]``, from the reference's ``[blocks, 3]``.

    The higher ones stand at odd multiples of a uniform tube's first resonance.
    """
    high = np.broadcast_to(np.array(_HIGH_FORMANTS), (len(vowels), len(_HIGH_FORMANTS)))
    scale = REFERENCE_LENGTH_CM / np.broadcast_to(length_cm, (len(vowels),))
    return np.concatenate([vowels, high], axis=1) * scale[:, None]


def bandwidths(formants: Floats) -> Floats:
    """Return formant bandwidths in Hz: 50 Hz, growing with frequency (losses at the lips)."""
    return 50.0 + 0.03 * formants + 6e-6 * formants**2


def filter_tract(source: Floats, formants: Floats, widths: Floats, *, sample_rate: int) -> Floats:
    """Send `source` through the resonators whose frequencies move from block to block.

    Parameters
    ----------
    source
        ``[samples]``.
    formants, widths
        Frequency and bandwidth in Hz, ``[blocks, formants]``, one row every 5 ms.
    """
    filter_in_place = _filter_in_place()
    block = block_samples(sample_rate)
    sections = _sections(formants, widths, sample_rate)
    state = np.zeros((1, formants.shape[1], 2))
    out = np.array(source, np.float64)[None]
    for index, first in enumerate(range(0, len(source), block)):
        row = sections[min(index, len(sections) - 1)]
        filter_in_place(row, out[:, first : first + block], state)
    filtered: Floats = out[0]
    return filtered


def _filter_in_place() -> Callable[[Floats, Floats, Floats], None]:
    """Return what sends ``[1, samples]`` through sections, and their state along with it.

    For the 80 samples of a block SciPy's `sosfilt` spends 20 times as long on looking at what it
    was given as its loop does on them, so we call that loop. Should a SciPy keep it elsewhere, the
    door that is documented gives the same bits.
    """
    try:
        from scipy.signal._sosfilt import _sosfilt
    except ImportError:
        return _by_the_documented_door
    loop: Callable[[Floats, Floats, Floats], None] = _sosfilt
    return loop


def _by_the_documented_door(sections: Floats, samples: Floats, state: Floats) -> None:
    from scipy.signal import sosfilt

    samples[0], state[0] = sosfilt(sections, samples[0], zi=state[0])


def block_samples(sample_rate: int) -> int:
    """Return how many samples share one set of formants: 5 ms."""
    return round(_BLOCK_SECONDS * sample_rate)


def _sections(formants: Floats, widths: Floats, sample_rate: int) -> Floats:
    """Return second-order sections ``[blocks, formants, 6]`` with unit gain at 0 Hz."""
    nyquist_guard = 0.47 * sample_rate
    frequency = np.minimum(formants, nyquist_guard)
    radius = np.exp(-np.pi * widths / sample_rate)
    b = 2.0 * radius * np.cos(2.0 * np.pi * frequency / sample_rate)
    c = -(radius**2)
    sections = np.zeros((*formants.shape, 6))
    sections[..., 0] = 1.0 - b - c
    sections[..., 3] = 1.0
    sections[..., 4] = -b
    sections[..., 5] = -c
    return sections


def noise_burst(
    samples: int,
    centre_hz: float,
    *,
    sharpness: float,
    sample_rate: int,
    random: np.random.Generator,
) -> Floats:
    """Return noise through one resonance: the hiss of a fricative or a plosive's release."""
    from scipy.signal import lfilter

    radius = np.exp(-np.pi * centre_hz / sharpness / sample_rate)
    angle = 2.0 * np.pi * min(centre_hz, 0.47 * sample_rate) / sample_rate
    hiss = random.standard_normal(samples)
    out: Floats = lfilter([1.0, 0.0, -1.0], [1.0, -2.0 * radius * np.cos(angle), radius**2], hiss)
    rms = float(np.sqrt(np.mean(out**2))) or 1.0
    return out / rms
