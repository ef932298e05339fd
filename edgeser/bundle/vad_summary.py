"""Where the values come from that a network learnt valence, arousal and dominance of."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.evaluation.concordance import targets_in_words


@dataclass(frozen=True, slots=True)
class VadSummary:
    """Of how many clips valence, arousal and dominance are known, and how.

    Parameters
    ----------
    clips
        In train, development and test.
    derived
        How many of these have values that nobody rated, but that are derived from votes.
    derived_from
        With the coordinates of which source; empty where none is derived.
    """

    clips: tuple[int, int, int]
    derived: tuple[int, int, int]
    derived_from: str = ""

    @property
    def called(self) -> str:
        """What a model learnt: ``"rated"``, ``"derived"``, or how much of each."""
        return targets_in_words(self.clips[0] + self.clips[1], self.derived[0] + self.derived[1])
