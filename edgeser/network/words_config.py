"""A network that hears words: whose trunk is frozen in another, and how both are fused."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from edgeser.network.config import NetworkConfig
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Ranges = Literal["measured", "encoder"]
WordsKind = Literal["none", "frozen"]
Fusion = Literal["concatenation", "gated"]
Branches = Literal["both", "words"]
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class WordsConfig:
    """A trained network whose trunk, frozen, is a branch beside the acoustic one: ``[words]``.

    A recipe names `encoder`; what is known of that network is filled in from it, so that a run
    does not need the file again.

    Parameters
    ----------
    kind
        ``"none"``, or ``"frozen"``: such a trunk is a branch. It is that where an encoder is named.
    encoder
        Its ``trained.zip``, its bundle or the folder of its run; kept in no hash and no bundle.
    sha256
        Of its trunk's weights, its shape and its frontend: taken from it where it is empty, else
        what it must have.
    branches
        ``"both"``, or ``"words"``: without the acoustic branch.
    fusion
        ``"concatenation"`` of both vectors, or ``"gated"``: a mixture of both, each of `width`
        values, in shares that a gate of both says.
    width
        Of the gated fusion.
    dropout
        How often a clip's words, or as often its voice, are not heard in training: half of it each.
    ranges
        Of the trunk's activations in int8: ``"measured"`` anew on the calibration clips, or those
        of the encoder's own int8 model.
    network, planes, frames, frontend
        What is known of the encoder: its shape, the planes and frames that it hears, the hash of
        its frontend.
    derived_from
        What else than recordings taught it, one line; empty where nothing did.
    credit
        Who is to be credited for that, as `edgeser.teacher.TeacherConfig.credit`.
    layer_ranges
        The real values of int8's ends, by the trunk's layers, where they are the encoder's.
    """

    kind: WordsKind = "none"
    encoder: str | None = None
    sha256: str = ""
    branches: Branches = "both"
    fusion: Fusion = "concatenation"
    width: int = 64
    dropout: float = 0.3
    ranges: Ranges = "measured"
    network: NetworkConfig | None = None
    planes: tuple[str, ...] = ()
    frames: int = 0
    frontend: str = ""
    derived_from: str = ""
    credit: str = ""
    layer_ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def heard(self) -> bool:
        """Whether there is such a branch."""
        return self.kind != "none"

    def __post_init__(self) -> None:
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise BadInput(
                f"sha256 = '{printable(self.sha256)}' is none", hint="give 64 hexadecimal digits"
            )
        if not (math.isfinite(self.dropout) and 0.0 <= self.dropout < 1.0):
            raise BadInput(f"dropout is {self.dropout}", hint="choose 0 <= value < 1")
        if not 1 <= self.width <= 1024:
            raise BadInput(f"width is {self.width}", hint="choose 1 to 1024")
        if self.network is not None and (self.network.inputs != "amplitude" or not self.planes):
            raise BadInput(
                "the encoder is no network of the amplitude alone",
                hint="train one with [network] inputs = 'amplitude'",
            )
        if self.network is not None and not 1 <= self.frames <= 4096:
            raise BadInput(f"the encoder hears {self.frames} frames", hint="1 to 4096")
        for layer, (low, high) in self.layer_ranges.items():
            if not (math.isfinite(low) and math.isfinite(high) and low <= 0.0 <= high > low):
                raise BadInput(
                    f"the range of {printable(layer)} is {low:g} to {high:g}",
                    hint="give it an encoder whose int8 model is sound",
                )
