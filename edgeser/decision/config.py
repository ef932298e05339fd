"""When a model is to say "unsure": ``[decision]`` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class DecisionConfig:
    """What is wanted of the answers; no part of the recipe's hash, for nothing is learnt by it.

    Parameters
    ----------
    risk
        The largest wanted share of errors among what is answered; `None`: none is named.
    coverage
        The share of clips that is to be answered; `None`: none is named.

    With neither, everything is answered. The threshold is chosen on the development clips.
    """

    risk: float | None = None
    coverage: float | None = None

    def __post_init__(self) -> None:
        if self.risk is not None and self.coverage is not None:
            raise BadInput(
                "both a risk and a coverage are wanted, and each sets the threshold",
                hint="give one of them",
            )
        if self.risk is not None and not 0.0 < self.risk < 1.0:
            raise BadInput(f"risk is {self.risk}", hint="choose more than 0 and less than 1")
        if self.coverage is not None and not 0.0 < self.coverage <= 1.0:
            raise BadInput(f"coverage is {self.coverage}", hint="choose more than 0, at most 1")

    def __str__(self) -> str:
        if self.risk is not None:
            return f"risk {self.risk:g}"
        return "" if self.coverage is None else f"coverage {self.coverage:g}"
