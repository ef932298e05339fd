"""Outputs of an Edge TPU against int8 on the CPU: known to differ by a step here and there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far compiled output may be from int8 on the CPU: steps, and share of labels."""

    max_lsb: int = 4
    max_flips: float = 0.05


@dataclass(frozen=True, slots=True)
class OutputDifference:
    """Compiled output against int8 on the CPU, on the same inputs.

    Parameters
    ----------
    samples, values
        Inputs run, and output values compared.
    histogram
        Steps, device minus CPU, and how many values differ by so many; in the order of the steps.
    flips
        Samples whose largest output is another one.
    tolerances
        What they are held to.
    """

    samples: int
    values: int
    histogram: tuple[tuple[int, int], ...]
    flips: int
    tolerances: Tolerances

    @property
    def max_lsb(self) -> int:
        """The largest difference, in steps."""
        return max((abs(step) for step, _ in self.histogram), default=0)

    @property
    def passed(self) -> bool:
        """Whether both tolerances hold."""
        return (
            self.max_lsb <= self.tolerances.max_lsb
            and self.flips <= self.tolerances.max_flips * self.samples
        )

    def describe(self) -> str:
        """Return in a few words how far the outputs are apart."""
        steps = ", ".join(f"{step:+d}: {count}" for step, count in self.histogram)
        return (
            f"up to {self.max_lsb} steps from int8 on the CPU ({steps}), "
            f"{self.flips} of {self.samples} labels flip"
        )


def compare_outputs(
    outputs: NDArray[Any],
    expected: NDArray[Any],
    *,
    tolerances: Tolerances | None = None,
    classes: int | None = None,
) -> OutputDifference:
    """Count by how many steps outputs are apart, and how many labels flip.

    Parameters
    ----------
    outputs
        int8 or uint8 ``[n, ...]``, of the Edge TPU.
    expected
        Of the CPU, for the same inputs: of the same type and as many values.
    tolerances
        What the difference is held to.
    classes
        How many of a sample's values are of the first output, whose largest is its label; all of
        them when ``None``. The values of further outputs follow.

    Raises
    ------
    BadInput
        When types or sizes differ.
    """
    found = outputs.reshape(len(outputs), -1)
    wanted = expected.reshape(len(expected), -1)
    if found.shape != wanted.shape or outputs.dtype != expected.dtype:
        raise BadInput(
            f"the compiled model gives {outputs.dtype} {found.shape}, the other one "
            f"{expected.dtype} {wanted.shape}",
            hint="compare with the model that it was compiled from",
        )
    steps = found.astype(np.int64) - wanted.astype(np.int64)
    values, counts = np.unique(steps, return_counts=True)
    return OutputDifference(
        samples=len(found),
        values=int(steps.size),
        histogram=tuple(zip(values.tolist(), counts.tolist(), strict=True)),
        flips=int((_labels(found, classes) != _labels(wanted, classes)).sum()),
        tolerances=tolerances or Tolerances(),
    )


def _labels(values: NDArray[Any], classes: int | None) -> NDArray[np.intp]:
    return np.asarray(values[:, :classes].argmax(axis=1))
