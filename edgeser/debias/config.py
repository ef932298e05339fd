"""How a training is debiased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quantize.foundation.errors import BadInput

Convert = Literal["none", "confidence", "random"]


@dataclass(frozen=True, slots=True)
class DebiasConfig:
    """Which training clips are converted to other voices before the training.

    Parameters
    ----------
    convert
        Which clips are converted to other voices. ``"none"``; ``"confidence"``: those of each
        emotion that cause a bias (of low W, `edgeser.debias.ranking`), to voices of clips of high
        W; ``"random"``: as many clips to other voices, both drawn at random, as a control.
    share
        Share of the training clips of each emotion that is converted.
    contrary
        Share of the clips of each emotion, those of highest W, whose voices are used.
    gce_q
        Exponent of the generalised cross-entropy that the biased network lowers.
    epochs
        After which both networks that rank the clips stop: enough to learn the bias, too few to
        memorise every clip.
    """

    convert: Convert = "none"
    share: float = 0.25
    contrary: float = 0.25
    gce_q: float = 0.7
    epochs: int = 15

    def __post_init__(self) -> None:
        if self.convert not in ("none", "confidence", "random"):
            raise BadInput(
                f"convert = {self.convert!r} is unknown", hint="none, confidence or random"
            )
        for name, least, most in (
            ("share", 0.001, 1.0),
            ("contrary", 0.001, 1.0),
            ("gce_q", 0.01, 1.0),
            ("epochs", 1, 100_000),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise BadInput(
                    f"{name} = {value:g} is out of bounds", hint=f"give {least:g} to {most:g}"
                )

    @property
    def asked(self) -> bool:
        """Whether anything is converted."""
        return self.convert != "none"
