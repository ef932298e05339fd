"""The second output of float and int8 on the same clips: steps apart, and concordance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.concordance import VadScores
from edgeser.evaluation.grid import OutputGrid
from quantize.foundation.errors import BadInput
from quantize.runtimes import RuntimeAgreement


@dataclass(frozen=True, slots=True)
class VadParity:
    """What the comparison found of valence, arousal and dominance.

    Parameters
    ----------
    grid
        Of the int8 output: a scale of its own.
    lsb_histogram
        ``(difference, values)`` in ascending order: float on the grid minus int8, in its steps.
    max_lsb
        The largest absolute difference.
    beyond_grid
        Float values that lie outside what the int8 output can say.
    runtimes
        Across runtimes.
    scores
        Against what listeners rated; `None` where no test clip has that.
    """

    grid: OutputGrid
    lsb_histogram: tuple[tuple[int, int], ...]
    max_lsb: int
    beyond_grid: int
    runtimes: tuple[RuntimeAgreement, ...] = ()
    scores: VadScores | None = None

    def __post_init__(self) -> None:
        """Refuse a record of no comparison.

        Raises
        ------
        BadInput
            When it has no difference.
        """
        if not self.lsb_histogram:
            raise BadInput("it compares no value", hint="run 'edgeser parity' again")


def compare_vad(
    of_float: NDArray[np.float32],
    int8_output: NDArray[np.int8],
    grid: OutputGrid,
    *,
    runtimes: tuple[RuntimeAgreement, ...] = (),
    scores: VadScores | None = None,
) -> VadParity:
    """Compare float answers with the int8 model's raw second output, both [clips, 3].

    Raises
    ------
    BadInput
        When they are not of the same clips, or not int8.
    """
    if int8_output.dtype != np.int8 or int8_output.shape != of_float.shape:
        raise BadInput(
            f"the int8 output is {int8_output.dtype} {int8_output.shape}, "
            f"expected int8 {of_float.shape}"
        )
    wanted = grid.quantise(of_float)
    differences = wanted - int8_output.astype(np.int64)
    steps, values = np.unique(differences, return_counts=True)
    return VadParity(
        grid=grid,
        lsb_histogram=tuple((int(s), int(v)) for s, v in zip(steps, values, strict=True)),
        max_lsb=int(np.abs(differences).max()),
        beyond_grid=int(np.count_nonzero((wanted < -128) | (wanted > 127))),
        runtimes=runtimes,
        scores=scores,
    )
