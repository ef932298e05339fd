"""How the classifier ``"pls"`` is fitted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class PlsConfig:
    """The alignment and the linear classifier of its scores; of no effect on other classifiers.

    Parameters
    ----------
    components
        Directions of the joint space, at most.
    rows
        Training windows that it is fitted on, at most: each clip as recorded, then under
        conditions, as often as this allows.
    penalty
        Weight of the L2 penalty: half the sum of squared weights, of scores brought to one scale,
        times this is added to the mean loss.
    """

    components: int = 32
    rows: int = 16384
    penalty: float = 1e-3

    def __post_init__(self) -> None:
        for name, least, most in (
            ("components", 1, 1024),
            ("rows", 64, 1 << 20),
            ("penalty", 1e-9, 1e3),
        ):
            value = float(getattr(self, name))
            if not (math.isfinite(value) and least <= value <= most):
                raise BadInput(
                    f"{name} = {value:g} is out of bounds", hint=f"give {least:g} to {most:g}"
                )


DEFAULT_PLS = PlsConfig()
"""What a recipe without ``[pls]`` does."""
