"""A threshold of probability below which nothing is answered (Chow 1970; Geifman, El-Yaniv 2017).

Of the clips that are answered, those at or above the threshold, the share of errors is the risk;
their share of all clips is the coverage. Both are counted on clips that were not trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.decision.config import DecisionConfig

FEWEST_ANSWERED = 20
"""Answered clips that a risk is counted on, or a twentieth of all where that is more."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, and what it gives on the clips that it was chosen by.

    Parameters
    ----------
    unsure_below
        Probability in Q15; 0: everything is answered.
    risk, coverage
        Share of errors among what is answered; share of clips answered.
    answered, clips
        How many that is, of how many.
    note
        Why what was wanted cannot be had, and what can; empty where it can.
    """

    unsure_below: int
    risk: float
    coverage: float
    answered: int
    clips: int
    note: str = ""


def choose_threshold(
    confidences: NDArray[np.int64], correct: NDArray[np.bool_], wanted: DecisionConfig
) -> Threshold:
    """Return the threshold for what is wanted.

    For a coverage: the highest at which at least that share is answered. For a risk: that of the
    largest coverage at which no larger share of the answers is wrong; where there is none, that of
    the smallest risk, with a note.

    Parameters
    ----------
    confidences
        int64 ``[clips]``: probability of the answer in Q15; at least one.
    correct
        bool ``[clips]``: whether it is right.
    wanted
        A risk, a coverage, or neither.
    """
    order = np.argsort(-confidences, kind="stable")
    sure = confidences[order]
    last = np.flatnonzero(np.append(np.diff(sure) != 0, True))  # equals are answered together
    answered = last + 1
    wrong = np.cumsum(~correct[order])[last]
    risks = wrong / answered

    def at(place: int, note: str = "") -> Threshold:
        count, everything = int(answered[place]), place == len(last) - 1
        return Threshold(
            unsure_below=0 if everything else int(sure[last[place]]),
            risk=float(risks[place]),
            coverage=count / len(sure),
            answered=count,
            clips=len(sure),
            note=note,
        )

    if wanted.coverage is not None:
        needed = math.ceil(wanted.coverage * len(sure) - 1e-9)
        return at(int(np.searchsorted(answered, needed)))
    if wanted.risk is None:
        return at(len(last) - 1)
    fewest = min(len(sure), max(FEWEST_ANSWERED, math.ceil(len(sure) / 20)))
    enough = answered >= fewest
    good = np.flatnonzero(enough & (risks <= wanted.risk))
    if good.size:
        return at(int(good[-1]))
    lowest = int(np.flatnonzero(enough & (risks == risks[enough].min()))[-1])
    found = at(lowest)
    note = (
        f"risk {wanted.risk:g} cannot be had on the development clips: the lowest is "
        f"{found.risk:.3f}, where {found.answered} of {found.clips} clips are answered "
        f"(coverage {found.coverage:.2f})"
    )
    return at(lowest, note)
