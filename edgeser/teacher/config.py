"""Which public encoder teaches the network, and how it is fine-tuned before."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Precision = Literal["bfloat16", "float32"]
TeacherKind = Literal["none", "whisper"]
_WHISPER = "the encoder of Whisper (A. Radford et al. 2022, OpenAI; MIT licence), fine-tuned"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """A public speech encoder, fine-tuned on the speakers that are trained on.

    Parameters
    ----------
    kind
        ``"none"``, or ``"whisper"``: Whisper's encoder (tiny, base or small), MIT weights.
    path
        Its weights, a file; given by ``--teacher PATH`` on the command line.
    sha256
        Of that file: taken from it where it is empty, else what it must have.
    share
        Share of its answers in the network's targets.
    heard
        Variants of each clip that it answers, beside the clip as recorded; the others are taught
        the mean of these answers.
    blocks
        How many of its upper blocks are trained; what is below stays as it was published.
    epochs, batch_size
        Passes over the clips, each in one variant of those that it answers; clips a step.
    learning_rate, head_learning_rate
        Peak, of its blocks and of what is new on top.
    dropout
        Of what each trained block adds.
    precision
        Of its products: ``"bfloat16"`` takes a third of the time where a processor has it.
    """

    kind: TeacherKind = "none"
    path: str | None = None
    sha256: str = ""
    share: float = 0.8
    heard: int = 4
    blocks: int = 3
    epochs: int = 6
    batch_size: int = 16
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    dropout: float = 0.1
    precision: Precision = "bfloat16"

    @property
    def credit(self) -> str:
        """Who is to be credited where a network was taught so; empty where it was not."""
        if self.kind == "none":
            return ""
        return f"{_WHISPER}; SHA-256 of its weights {self.sha256 or 'unknown'}"

    def __post_init__(self) -> None:
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise BadInput(
                f"sha256 = '{printable(self.sha256)}' is none", hint="give 64 hexadecimal digits"
            )
        bounds = {
            "share": (0.0, 1.0),
            "heard": (0, 1000),
            "blocks": (0, 32),
            "epochs": (1, 1000),
            "batch_size": (2, 4096),
            "learning_rate": (1e-9, 1.0),
            "head_learning_rate": (1e-9, 1.0),
            "dropout": (0.0, 0.9),
        }
        for name, (least, most) in bounds.items():
            value = float(getattr(self, name))
            if not (math.isfinite(value) and least <= value <= most):
                raise BadInput(
                    f"{name} = {value:g} is out of bounds", hint=f"give {least:g} to {most:g}"
                )
