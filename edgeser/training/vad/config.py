"""What a training makes of valence, arousal and dominance: the recipe's table ``[vad]``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Derive = Literal["no", "votes"]
_MOST_WEIGHT = 1000.0
_MOST_WORDS = 128


@dataclass(frozen=True, slots=True)
class VadConfig:
    """The second head's loss, and where its targets come from.

    Parameters
    ----------
    weight
        Of its loss, beside the emotions'.
    octants
        Learn the octant as an auxiliary class, with the published weights by epoch.
    derive
        ``"votes"``: where a clip has listeners' votes and nobody rated it, its values are derived
        from them; they are called derived wherever they are shown. ``"no"``: it takes no part.
    coordinates
        Valence, arousal and dominance of emotions, each from -1 to 1, beside and before those that
        ship (`edgeser.corpora.vad_coordinates`).
    coordinates_source
        Where these come from; needed with them.
    """

    weight: float = 1.0
    octants: bool = True
    derive: Derive = "no"
    coordinates: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    coordinates_source: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and 0.0 < self.weight <= _MOST_WEIGHT):
            raise BadInput(
                f"weight = {self.weight:g} cannot be used",
                hint=f"give one above 0, at most {_MOST_WEIGHT:g}",
            )
        if self.derive not in ("no", "votes"):
            raise BadInput(f"derive = {printable(str(self.derive))!r}", hint="no or votes")
        for word, values in self.coordinates.items():
            if not all(math.isfinite(v) and -1.0 <= v <= 1.0 for v in values):
                raise BadInput(
                    f"the coordinates of {printable(word)} are {list(values)}",
                    hint="give valence, arousal and dominance, each from -1 to 1",
                )
        if len(self.coordinates) > _MOST_WORDS:
            raise BadInput(f"there are {len(self.coordinates)} coordinates", hint="at most 128")
        if self.coordinates and not self.coordinates_source.strip():
            raise BadInput("[vad] coordinates have no source", hint="name it in coordinates_source")
