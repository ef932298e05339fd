"""What a network of words and voice scores with both, with either, and with wrong words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.metrics import WithoutNothing
from quantize.foundation.measurement import Measurement

BOTH = "words and voice"
VOICE = "voice only"
WORDS = "words only"
SHUFFLED = "words of another clip"


@dataclass(frozen=True, slots=True)
class HearingRow:
    """Scores of one way to hear.

    Parameters
    ----------
    name
        One of this module's names.
    uar, macro_f1
        Ratios with their intervals.
    without_nothing
        The same without the clips of a class "nothing"; ``None`` where there are none.
    """

    name: str
    uar: Measurement
    macro_f1: Measurement
    without_nothing: WithoutNothing | None = None


@dataclass(frozen=True, slots=True)
class HearingTable:
    """The float network on clean clips, by what it hears of them.

    What it does not hear is 0, as where it is dropped in training.

    Parameters
    ----------
    rows
        First with all that it has.
    note
        What must be known of the rows, one line; empty where there is nothing.
    """

    rows: tuple[HearingRow, ...]
    note: str = ""

    @property
    def by_name(self) -> Mapping[str, HearingRow]:
        """The rows by their names."""
        return {row.name: row for row in self.rows}


def other_clips(clips: int, seed: int = 0) -> NDArray[np.int64]:
    """Return for each clip another one, each taken once: a cycle through all in random order."""
    order = np.random.default_rng(seed).permutation(clips)
    others = np.empty(clips, np.int64)
    others[order] = np.roll(order, -1)
    return others
