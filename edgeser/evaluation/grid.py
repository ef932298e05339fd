"""The grid that an int8 output lies on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class OutputGrid:
    """The grid of the model's int8 output: ``real = scale * (int8 - zero_point)``."""

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise BadInput(f"the output scale {self.scale} of the int8 model is not positive")
        if not -128 <= self.zero_point <= 127:
            raise BadInput(f"the output zero point {self.zero_point} is not an int8")

    def quantise(self, logits: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the nearest steps of float logits, ties to even, **not** clamped to int8.

        What the int8 output cannot say must show as a difference, not vanish in a clamp.
        """
        return np.rint(logits.astype(np.float64) / self.scale).astype(np.int64) + self.zero_point

    def dequantise(self, values: NDArray[np.int8]) -> NDArray[np.float32]:
        """Return float32 logits of int8 outputs."""
        steps = values.astype(np.int64) - self.zero_point
        return (steps * self.scale).astype(np.float32)
