"""What was said again, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DebiasRecord:
    """How many training clips were converted, and what was left out.

    Parameters
    ----------
    convert
        As in `DebiasConfig`.
    clips
        Training clips as recorded.
    wanted
        Clips that were to be converted.
    converted
        Those in range: what is trained on beside the recordings, by label.
    left_out
        Clips by what was wrong with them; others were tried in their place.
    voices
        How many speakers lent their voices.
    """

    convert: str
    clips: int
    wanted: int
    converted: Mapping[str, int]
    left_out: Mapping[str, int]
    voices: int

    @property
    def total(self) -> int:
        """Converted clips of all labels."""
        return sum(self.converted.values())

    def describe(self) -> str:
        """Return one line."""
        faults = "; ".join(f"{count} {fault}" for fault, count in self.left_out.items())
        left = f"; left out: {faults}" if faults else ""
        return (
            f"{self.total:,} of {self.clips:,} training clips said again in other voices "
            f"({self.wanted:,} wanted, {self.voices} voices){left}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "convert": self.convert,
            "clips": self.clips,
            "wanted": self.wanted,
            "converted": dict(self.converted),
            "left_out": dict(self.left_out),
            "voices": self.voices,
        }
