"""From raw planes to int8: an integer affine per plane and channel, the same on host and device.

``int8 = clamp((raw * multiplier + offset) >> shift, -128, 127)``

with raw uint16 for the amplitude and int16 for the phase planes, in 64 bits, and a shift that
rounds down. The offset holds half of ``2**shift``, so the result is rounded to nearest, halves up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantize.foundation.errors import BadInput

INPUT_SCALE = 1.0 / 32.0
"""The network's float input is int8 x INPUT_SCALE, zero point 0: 4 standard deviations each way."""

MIN_DEVIATION = 1.0
"""Smaller standard deviations, in raw units, count as this: a constant channel stays near 0."""

_MULTIPLIER_BITS = 30
_LIMIT_OFFSET = 1 << 61
AFFINE_DTYPE = np.dtype([("offset", "<i8"), ("multiplier", "<i4"), ("shift", "<u4")])
"""`struct apf_affine` of the C source."""

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """The integer affines of every plane and channel.

    Parameters
    ----------
    multiplier, offset, shift
        Integers, planes x channels, planes in the order of `FrontendConfig.planes`. Moduli at most
        ``2**30`` and ``2**61``, shifts 1 to 62.

    Raises
    ------
    BadInput
        When the three differ in shape or a value is out of range.
    """

    multiplier: Rows
    offset: Rows
    shift: Rows

    def __post_init__(self) -> None:
        for name in ("multiplier", "offset", "shift"):
            object.__setattr__(self, name, _rows(name, getattr(self, name)))
        shapes = {tuple(map(len, rows)) for rows in (self.multiplier, self.offset, self.shift)}
        if len(shapes) != 1 or len(set(shapes.pop())) != 1:
            raise _bad("multiplier, offset and shift differ in shape")
        _check_range("multiplier", self.multiplier, -(1 << _MULTIPLIER_BITS), 1 << _MULTIPLIER_BITS)
        _check_range("offset", self.offset, -_LIMIT_OFFSET, _LIMIT_OFFSET)
        _check_range("shift", self.shift, 1, 62)

    @property
    def planes(self) -> int:
        """Number of planes, the amplitude among them."""
        return len(self.multiplier)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.multiplier[0])

    def to_dict(self) -> dict[str, Any]:
        """Return lists of integers that `from_dict` reads back."""
        return {
            name: [list(row) for row in getattr(self, name)]
            for name in ("multiplier", "offset", "shift")
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Normalisation:
        """Read what `to_dict` wrote; anything else is `BadInput`."""
        if not isinstance(values, Mapping) or set(values) != {"multiplier", "offset", "shift"}:
            raise _bad("it must hold multiplier, offset and shift and nothing else")
        return cls(values["multiplier"], values["offset"], values["shift"])

    def to_affines(self) -> NDArray[Any]:
        """Return the C structs: `AFFINE_DTYPE`, channels x planes."""
        affines = np.zeros((self.channels, self.planes), AFFINE_DTYPE)
        for name in ("multiplier", "offset", "shift"):
            affines[name] = np.array(getattr(self, name), np.int64).T
        return affines


def normalisation_from_statistics(mean: ArrayLike, deviation: ArrayLike) -> Normalisation:
    """Build the affines so that int8 is 32 x (raw - mean) / deviation, rounded and clamped.

    Parameters
    ----------
    mean, deviation
        Of the raw planes over the training frames: planes x channels, in raw units (amplitude as
        uint16, phase in Q15). Deviations below `MIN_DEVIATION` count as `MIN_DEVIATION`.

    Raises
    ------
    BadInput
        When a value is not finite, a deviation is negative or the shapes differ.
    """
    means = np.asarray(mean, np.float64)
    deviations = np.asarray(deviation, np.float64)
    if means.shape != deviations.shape or means.ndim != 2 or means.size == 0:
        raise _bad(f"mean is {means.shape} and deviation {deviations.shape}, not planes x channels")
    if not (np.isfinite(means).all() and np.isfinite(deviations).all()):
        raise _bad("a mean or a deviation is not finite")
    if (deviations < 0).any() or (np.abs(means) > 1 << 16).any():
        raise _bad("a deviation is negative or a mean is outside of 16 bits")
    affines = [
        [_affine(m, max(s, MIN_DEVIATION)) for m, s in zip(mean_row, deviation_row, strict=True)]
        for mean_row, deviation_row in zip(means.tolist(), deviations.tolist(), strict=True)
    ]
    multiplier, offset, shift = (
        tuple(tuple(affine[part] for affine in row) for row in affines) for part in range(3)
    )
    return Normalisation(multiplier, offset, shift)


def _affine(mean: float, deviation: float) -> tuple[int, int, int]:
    """Return multiplier, offset and shift: the multiplier has as many bits as it may."""
    gain = 1.0 / (INPUT_SCALE * deviation)
    _, exponent = math.frexp(gain)
    shift = min(_MULTIPLIER_BITS - exponent, 62)
    multiplier = round(math.ldexp(gain, shift))
    offset = round(math.ldexp(-mean * gain, shift)) + (1 << (shift - 1))
    return multiplier, offset, shift


def _rows(name: str, value: Sequence[Sequence[int]]) -> Rows:
    try:
        rows = tuple(tuple(row) for row in value)
    except TypeError as error:
        raise _bad(f"{name} is not planes x channels") from error
    if not rows or not rows[0]:
        raise _bad(f"{name} is empty")
    if any(type(item) is not int for row in rows for item in row):
        raise _bad(f"{name} holds something other than integers")
    return rows


def _check_range(name: str, rows: Rows, low: int, high: int) -> None:
    if any(not low <= item <= high for row in rows for item in row):
        raise _bad(f"{name} holds a value outside of {low} to {high}")


def _bad(reason: str) -> BadInput:
    return BadInput(
        f"cannot use the normalisation: {reason}",
        hint="build it with normalisation_from_statistics from training features",
    )
