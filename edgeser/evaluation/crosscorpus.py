"""Train on these corpora, test on that one: the matrix, and how to read each of its cells.

A cell's UAR is over the labels that have test clips and that training knew: those that both sides
have. What a model calls by another label counts as wrong. Within a corpus the figure is by speaker
folds, so that no test speaker is heard in training; where a protocol lets them be heard
(`random-clips`), the cell says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeser.evaluation.bootstrap import DEFAULT, Bootstrap
from edgeser.evaluation.metrics import evaluate
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class CrossCorpusCell:
    """One training, tested on one corpus.

    Parameters
    ----------
    train
        The corpora trained on, at least one.
    test
        The corpus tested on; within-corpus where it is among those.
    classes
        The labels that both sides have: those with test clips, over which UAR is averaged.
    uar
        A ratio, with its speaker-clustered interval where there are speakers enough.
    speakers, clips
        How many were tested.
    variant
        Which model: ``"network"``, ``"ComParE_2016, logistic"``; empty where there is one only.
    hears_test_speakers
        Whether test speakers were heard in training, as by random clips.
    """

    train: tuple[str, ...]
    test: str
    classes: tuple[str, ...]
    uar: Measurement
    speakers: int
    clips: int
    variant: str = ""
    hears_test_speakers: bool = False

    def __post_init__(self) -> None:
        if not self.train or not self.classes or min(self.speakers, self.clips) < 1:
            raise BadInput(
                f"a cell needs corpora to train on, labels, speakers and clips: {self.train}, "
                f"{len(self.classes)} labels, {self.speakers} speakers, {self.clips} clips"
            )

    @property
    def chance(self) -> float:
        """UAR of an answer that is always the same, 0 to 1: one over the labels in play."""
        return 1.0 / len(self.classes)

    @property
    def within(self) -> bool:
        """Whether the corpus tested on is the one that was trained on."""
        return self.train == (self.test,)


@dataclass(frozen=True, slots=True)
class CrossCorpusTable:
    """Cells in any order; each training and test of a variant at most once.

    Raises
    ------
    BadInput
        Without a cell, or with two in one place.
    """

    cells: tuple[CrossCorpusCell, ...]

    def __post_init__(self) -> None:
        places = [(cell.variant, cell.train, cell.test) for cell in self.cells]
        if not places or len(set(places)) != len(places):
            twice = next((place for place in places if places.count(place) > 1), None)
            raise BadInput(
                "a cross-corpus table needs a cell" if twice is None else f"two cells for {twice}"
            )

    @property
    def variants(self) -> tuple[str, ...]:
        """The models, in order of their first cells."""
        return tuple(dict.fromkeys(cell.variant for cell in self.cells))

    @property
    def tests(self) -> tuple[str, ...]:
        """The corpora tested on, in order of their first cells: the columns."""
        return tuple(dict.fromkeys(cell.test for cell in self.cells))

    @property
    def trainings(self) -> tuple[tuple[str, ...], ...]:
        """What was trained on: the rows; single corpora in the order of the columns, then more."""
        found = list(dict.fromkeys(cell.train for cell in self.cells))
        place = {name: index for index, name in enumerate(self.tests)}
        single = sorted(
            (row for row in found if len(row) == 1), key=lambda row: place.get(row[0], len(place))
        )
        return (*single, *(row for row in found if len(row) > 1))

    def cell(self, variant: str, train: tuple[str, ...], test: str) -> CrossCorpusCell | None:
        """Return the cell in a place, or `None` where there is none."""
        return next(
            (
                cell
                for cell in self.cells
                if (cell.variant, cell.train, cell.test) == (variant, train, test)
            ),
            None,
        )

    @property
    def hears_test_speakers(self) -> bool:
        """Whether a cell does, so that the table has to say so."""
        return any(cell.hears_test_speakers for cell in self.cells)


def cross_corpus_cell(
    predictions: Predictions,
    *,
    train: Sequence[str],
    test: str,
    source: str,
    variant: str = "",
    hears_test_speakers: bool = False,
    bootstrap: Bootstrap = DEFAULT,
) -> CrossCorpusCell:
    """Score the predictions of one cell, of all folds together where there are several.

    Parameters
    ----------
    predictions
        Of test clips whose labels training knew.
    source
        Where the figure comes from, in words.
    bootstrap
        How the interval is drawn.
    """
    metrics = evaluate(predictions, source=source, bootstrap=bootstrap)
    return CrossCorpusCell(
        train=tuple(train),
        test=test,
        classes=metrics.in_play,
        uar=metrics.uar,
        speakers=metrics.speakers,
        clips=metrics.clips,
        variant=variant,
        hears_test_speakers=hears_test_speakers,
    )
