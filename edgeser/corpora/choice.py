"""Which recordings a training takes, and how their speakers and labels are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from edgeser.wording import LabelKind
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

SYNTHETIC = "synthetic"
"""Name of the adapter of synthetic voices: they are made where no path is given."""
SPOKEN = "spoken"
"""Name of the adapter of synthetic speech in which words matter: it is made likewise."""
Role = Literal["both", "train", "test"]
SplitKind = Literal[
    "published", "folds", "sessions", "training-folds", "random-clips", "published-clips"
]
_MOST = {"folds": 1000, "synthetic_speakers": 1000, "synthetic_utterances": 1000}
_LONGEST_NAME = 64
_MOST_WEIGHT = 1e6


@dataclass(frozen=True, slots=True)
class LabelsConfig:
    """What the classes are; for all corpora.

    Parameters
    ----------
    kind
        ``"emotions"``: words for emotions, in any of ten languages, become one English noun each.
        ``"any"``: each corpus's own labels, as they are.
    map
        Labels that are read as another, such as ``calm = "neutral"``.
    leave_out
        Labels whose clips take no part.
    """

    kind: LabelKind = "emotions"
    map: dict[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CorpusChoice:
    """Which recordings, and how their speakers are divided.

    Parameters
    ----------
    name
        What it is called: speakers are speakers of it, as in ``ravdess/03``. The adapter's name
        where `adapter` is `None`; ``"synthetic"`` and ``"spoken"`` need no path.
    adapter
        Which adapter reads it, where two corpora of one kind need names of their own.
    path
        The corpus's folder; given by ``--corpus NAME:PATH`` on the command line.
    role
        ``"train"``: all its speakers are trained on or choose the epoch. ``"test"``: all are kept
        for testing. ``"both"``: they are divided.
    weight
        How often its clips are drawn, beside those of other corpora (see `SamplingConfig`).
    split
        ``"published"``: as published, and folds where nothing is. ``"folds"``: folds in any case.
        ``"sessions"``: folds of sessions, so that nobody who was recorded together with a test
        speaker is trained on: with as many folds as sessions, fold 0 tests the first.
        ``"training-folds"``: folds of the speakers that are not tested by what is published, who
        take no part: to choose a recipe by. ``"random-clips"``: clips are dealt, not speakers, so
        that test speakers are heard in training: to be compared with what others published so, and
        for nothing else. ``"published-clips"``: as published, where that divides clips and not
        speakers (MELD): the same holds for it.
    labels, leave_out
        As in `LabelsConfig`, for this corpus alone, and before those.
    development_share
        Share of the training speakers that is kept for choosing epochs, 0 to 0.5.
    seed
        Of the division of speakers; apart from the training's, so that trainings of several seeds
        are tested and chosen by the same people.
    folds, fold
        Folds of speakers where no test split is published (or of clips), and which of them is
        tested.
    synthetic_speakers, synthetic_utterances
        Synthetic voices to make, and utterances of each in each emotion (and, of ``"spoken"``, in
        each way), where no path is given.
    """

    name: str = SYNTHETIC
    adapter: str | None = None
    path: str | None = None
    role: Role = "both"
    weight: float = 1.0
    split: SplitKind = "published"
    labels: dict[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    development_share: float = 0.15
    seed: int = 0
    folds: int = 5
    fold: int = 0
    synthetic_speakers: int = 12
    synthetic_utterances: int = 6

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or len(self.name) > _LONGEST_NAME:
            raise BadInput(
                f"a corpus cannot be named '{printable(self.name)}'",
                hint=f"use 1 to {_LONGEST_NAME} characters, without '/'",
            )
        if not (math.isfinite(self.weight) and 0.0 < self.weight <= _MOST_WEIGHT):
            raise BadInput(
                f"the weight of {printable(self.name)} is {self.weight:g}",
                hint=f"give one above 0, at most {_MOST_WEIGHT:g}; to weigh it 0, leave it out",
            )
        if not 0 < self.development_share <= 0.5:
            raise BadInput(
                f"development_share is {self.development_share}",
                hint="it must be above 0 and at most 0.5",
            )
        for name, most in _MOST.items():
            if not 1 <= getattr(self, name) <= most:
                raise BadInput(f"{name} is {getattr(self, name)}", hint=f"choose 1 to {most}")
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"the corpus's seed is {self.seed}", hint="choose 0 to 2**63 - 1")
        if not 0 <= self.fold < self.folds:
            raise BadInput(
                f"fold {self.fold} of {self.folds} does not exist",
                hint="choose 0 <= fold < folds",
            )

    @property
    def read_by(self) -> str:
        """Name of the adapter that reads it."""
        return self.adapter or self.name

    @property
    def is_made(self) -> bool:
        """Whether its recordings are synthetic and still to be made."""
        return self.path is None and self.read_by in (SYNTHETIC, SPOKEN)


def require_paths(choices: Sequence[CorpusChoice]) -> None:
    """Refuse corpora of recordings whose place is not known.

    Raises
    ------
    BadInput
        Naming them, and how to give each its path.
    """
    missing = [printable(c.name) for c in choices if c.path is None and not c.is_made]
    if missing:
        *most, last = missing
        names = f"{', '.join(most)} and {last}" if most else last
        needed = " ".join(f"--corpus {name}:PATH" for name in missing)
        raise BadInput(f"this needs the recordings of {names}", hint=f"give {needed}")


def refuse_same_names(choices: Sequence[CorpusChoice]) -> None:
    """Refuse two corpora of one name: their speakers could not be told apart.

    Raises
    ------
    BadInput
        Naming it, and how to give it another name.
    """
    seen: dict[str, CorpusChoice] = {}
    for choice in choices:
        before = seen.setdefault(choice.name, choice)
        if before is choice:
            continue
        name = printable(choice.name)
        same = choice.path is not None and choice.path == before.path
        other = f"give one a name of its own: --corpus mine={printable(choice.read_by)}:PATH"
        hint = "give its folder once" if same else other
        raise BadInput(f"the corpus {name} is named twice", hint=hint)
