"""Valence, arousal and dominance of a clip: how pleasant, how lively, how much in control."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

_LARGEST = 1e6
_NUMBER = r"[+-]?\d{1,7}(?:\.\d{1,9})?"
_SCALE = re.compile(rf"({_NUMBER})\s*(?:to|:|\.\.)\s*({_NUMBER})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Vad:
    """What listeners made of a clip, each from -1 to 1; 0 is the middle of their scale.

    Parameters
    ----------
    valence
        Unpleasant to pleasant.
    arousal
        Calm to excited.
    dominance
        Weak to strong.
    """

    valence: float
    arousal: float
    dominance: float

    @property
    def values(self) -> tuple[float, float, float]:
        """The three in this order."""
        return self.valence, self.arousal, self.dominance


@dataclass(frozen=True, slots=True)
class VadScale:
    """The scale that listeners rated on: its low end is -1, its high end 1."""

    low: float
    high: float

    def __str__(self) -> str:
        """Return it as it is written: ``1 to 7``."""
        return f"{self.low:g} to {self.high:g}"

    def place(self, value: float) -> float:
        """Return a value of the scale from -1 to 1.

        >>> SEVEN_POINTS.place(4), SEVEN_POINTS.place(1), VadScale(1, 5).place(4)
        (0.0, -1.0, 0.5)
        """
        return 2.0 * (value - self.low) / (self.high - self.low) - 1.0


SEVEN_POINTS = VadScale(1.0, 7.0)
"""The self-assessment manikins' scale of MSP-Podcast, and that of manifests that name none."""
FIVE_POINTS = VadScale(1.0, 5.0)
"""That of IEMOCAP and MSP-Improv."""


def parse_scale(text: str) -> VadScale:
    """Return the scale that a text such as ``1 to 5``, ``1:5`` or ``-1..1`` names.

    Raises
    ------
    BadInput
        When it names none.
    """
    match = _SCALE.fullmatch(text.strip())
    low, high = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if not -_LARGEST <= low < high <= _LARGEST:
        raise BadInput(
            f"the scale '{printable(text)}' is none", hint="write its ends: 1 to 7, or -1 to 1"
        )
    return VadScale(low, high)


def read_vad(valence: str, arousal: str, dominance: str, scale: VadScale) -> Vad | None:
    """Return ratings on a scale; `None` where nobody rated: all three are empty, or NaN.

    Raises
    ------
    BadInput
        When one is missing, no number, or off the scale.
    """
    texts = {"valence": valence, "arousal": arousal, "dominance": dominance}
    if all(text.strip().lower() in ("", "nan") for text in texts.values()):
        return None
    places = {}
    for name, text in texts.items():
        value = _number(text.strip())
        if value is None or not scale.low <= value <= scale.high:
            raise BadInput(
                f"the {name} '{printable(text)}' is no number of {scale}",
                hint="give all three on one scale, with a decimal point, or leave all empty",
            )
        places[name] = scale.place(value)
    return Vad(**places)


def _number(text: str) -> float | None:
    """Return a decimal number; Python's other spellings, such as ``1_0`` and ``inf``, are none."""
    if len(text) > 40 or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.A):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
