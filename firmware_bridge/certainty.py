"""How sure a decision is, in integers: the host's twin of ``dev_certainty.c``.

The probability of a class is the softmax of the mean of the last few inferences' logits over a
temperature. In integers: with ``d`` the largest sum of int8 logits less the class's own, over
``n`` inferences, a class weighs ``2^-(d / n * multiplier / 2^24)``; the power comes from a table of
64 steps with lines between them. Host and device agree to the bit, and both with the real numbers
to one step of Q15.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

ONE = 1 << 15
"""A probability of 1, in Q15."""
MOST_WINDOWS = 1000
_MULTIPLIER_ONE = 1 << 24
_MOST_MULTIPLIER = (1 << 32) - 1
_WEIGHT_BITS = 24
_STEP_BITS = 10
_POWERS = np.rint(2.0**_WEIGHT_BITS * np.exp2(-np.arange(65) / 64)).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """How a device turns sums of logits into a probability, and when it says "unsure".

    Parameters
    ----------
    multiplier
        ``log2(e) * scale / temperature`` in Q24. 0 where the logits' scale is not known: then all
        classes are alike.
    unsure_below
        Probability in Q15 below which a decision is unsure; 0: none is.
    """

    multiplier: int = 0
    unsure_below: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.multiplier <= _MOST_MULTIPLIER:
            raise BadInput(
                f"the multiplier {self.multiplier} of a certainty is not 0 to {_MOST_MULTIPLIER}"
            )
        if not 0 <= self.unsure_below <= ONE:
            raise BadInput(f"the threshold {self.unsure_below} is no probability, 0 to {ONE}")

    @classmethod
    def of_scale(
        cls, scale: float, *, temperature: float = 1.0, unsure_below: int = 0
    ) -> Certainty:
        """Return the certainty of logits whose step stands for `scale`.

        A multiplier beyond 32 bits, of steps that leave no doubt, is the largest there is.
        """
        multiplier = round(_MULTIPLIER_ONE * math.log2(math.e) * scale / temperature)
        return cls(multiplier=min(multiplier, _MOST_MULTIPLIER), unsure_below=unsure_below)

    def probabilities(self, sums: NDArray[np.integer], windows: int = 1) -> NDArray[np.int64]:
        """Return the probability of each class in Q15, int64 of the same shape.

        Parameters
        ----------
        sums
            Sums of int8 logits, ``[..., classes]``.
        windows
            How many logits each is a sum of.
        """
        return probabilities(sums, windows=windows, multiplier=self.multiplier)

    def shares(self, sums: NDArray[np.integer], windows: int = 1) -> NDArray[np.float64]:
        """Return probabilities that sum to 1, float64 ``[classes]``, of sums ``[classes]``.

        That of the largest is the device's, in steps of Q15; the others share the rest by their
        weights, and none is above it.
        """
        found = self.probabilities(sums, windows)
        label = int(np.argmax(sums))
        first = float(found[label]) / ONE
        below = (int(sums[label]) - np.asarray(sums, np.float64)) / windows
        weights = np.exp2(-below * (self.multiplier / _MULTIPLIER_ONE))
        weights[label] = 0.0
        rest = weights.sum()
        shares = weights / rest * (1.0 - first) if rest > 0.0 else weights
        shares = np.minimum(shares, first)
        shares[label] = first
        return np.asarray(shares)

    def is_unsure(self, probability: int) -> bool:
        """Whether a decision of that probability, in Q15, is unsure."""
        return probability < self.unsure_below


UNKNOWN_SCALE = Certainty()
"""Of logits whose scale is not known: all classes are alike, and no decision is unsure."""


def probabilities(sums: NDArray[np.integer], *, windows: int, multiplier: int) -> NDArray[np.int64]:
    """Return Q15 probabilities, int64 ``[..., classes]``, of sums of int8 logits.

    That of the largest is `dev_certainty`'s; those of the others are rounded likewise.
    """
    wide = np.asarray(sums, np.int64)
    below = (wide.max(axis=-1, keepdims=True) - wide).astype(np.uint64) * np.uint64(multiplier)
    whole = np.uint64(windows << 8)  # from Q24 to Q16
    weights = _power(((below + whole // np.uint64(2)) // whole).astype(np.int64))
    total = weights.sum(axis=-1, keepdims=True)
    return np.asarray((weights * ONE + total // 2) // total, np.int64)


def _power(exponents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``2^-(exponent / 2^16)`` in Q24, rounded."""
    whole = np.minimum(exponents >> 16, _WEIGHT_BITS + 1)
    entry, rest = (exponents >> _STEP_BITS) & 63, exponents & ((1 << _STEP_BITS) - 1)
    fall = _POWERS[entry] - _POWERS[entry + 1]
    values = _POWERS[entry] - ((fall * rest + (1 << (_STEP_BITS - 1))) >> _STEP_BITS)
    return np.asarray((values + ((1 << whole) >> 1)) >> whole, np.int64)
