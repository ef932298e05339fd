"""How a training is debiased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quantize.foundation.errors import BadInput

Convert = Literal["none", "confidence", "random"]


@dataclass(frozen=True, slots=True)
class DebiasConfig:
    """Which training clips are said again in other voices before the training.

    Parameters
    ----------
    convert
        ``"none"``: nothing is. ``"confidence"``: the clips of each emotion that guide a bias (of
        low W, `edgeser.debias.ranking`), in voices of those of high W. ``"random"``: as many clips
        in voices of others, both drawn at random: what any conversion brings.
    share
        Of the training clips of each emotion, that are converted.
    contrary
        Share of the clips of each emotion, those of the highest W, that lend their voices.
    gce_q
        Exponent of the generalised cross-entropy that the biased network lowers.
    epochs
        After which that one, and the one against it, are stopped: enough to learn the bias, too few
        to learn every clip by heart.
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
