"""What must be known to read a study's table, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from edgeser.baseline.licence import LICENCE
from edgeser.corpora.random_clips import BY_CLIP, HEARS_TEST_SPEAKERS, RANDOM_CLIPS
from edgeser.evaluation.bootstrap import BY_SPEAKER
from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.metrics import listed, of_nobody_known
from edgeser.evaluation.paired import ADJUSTMENT, P_VALUE
from edgeser.study.config import Study
from edgeser.study.rows import HEARD_MARK, StudyRow
from edgeser.study.scores import has_nothing
from edgeser.training.variants import EVALUATION_CONDITIONS
from edgeser.wording import NOTHING, plural

BOTH_SIDES = (
    "UAR and chance are over the classes that both sides have: clips of other classes take no "
    "part. A model may answer with every class that it knows; one that no clip has is wrong."
)
WITH_NOTHING = (
    f"Rows with '{NOTHING}' score its clips too (silence, rooms, noise, pauses), which are easily "
    "told; the others leave them out, of the same networks. Both belong side by side."
)


def notes_of(study: Study, rows: Sequence[StudyRow], other_clips: bool) -> tuple[str, ...]:
    """Return the notes; `other_clips`: some rows were tested on other clips than the first."""
    notes = [
        f"UAR is the mean over the seeds, with the interval of a {BY_SPEAKER}: it shows the spread "
        "over speakers; that over seeds is beside it.",
    ]
    comparisons = [row.comparison for row in rows if row.comparison is not None]
    if comparisons:
        notes.append(
            f"Differences are to the first {study.held_against}, on the same clips, paired by "
            f"speaker and seed; p: {P_VALUE}; adjusted by {ADJUSTMENT} "
            f"({len(comparisons)} {plural('comparison', len(comparisons))})."
        )
    notes += _conditions_heard(rows)
    if any(has_nothing(row.corpus) for row in rows):
        notes.append(WITH_NOTHING)
    if other_clips:
        notes.append("Rows without a difference were tested on other clips than the first.")
    few = sorted({row.corpus for row in rows if row.speakers < 2 and not row.anonymous})
    if few:
        notes.append(
            f"One speaker only in {', '.join(few)}: interval and p are over clips, and say nothing "
            "of other speakers."
        )
    unknown = {row.corpus: (row.anonymous, row.clips) for row in rows if row.anonymous}
    notes += [f"{name}: {of_nobody_known(*counts)}." for name, counts in unknown.items()]
    if any(row.hears_test_speakers for row in rows):
        by = study.split if study.split in BY_CLIP else RANDOM_CLIPS
        notes.append(
            f"{HEARD_MARK} {by}: {HEARS_TEST_SPEAKERS}; not to be held against figures "
            "of models that do not."
        )
    if any(row.classes != row.learned for row in rows) or len({row.classes for row in rows}) > 1:
        notes.append(BOTH_SIDES)
        notes += _classes_by_training(rows)
    shown = {row.variant for row in rows}
    found = [v for v in study.variants if v.baseline is not None and v.name in shown]
    if found:
        named = "; ".join(f"{variant.name}: {variant.baseline}" for variant in found)
        notes.append(f"Classical baselines by openSMILE and scikit-learn: {named}. {LICENCE}.")
    return tuple(notes)


def _conditions_heard(rows: Sequence[StudyRow]) -> list[str]:
    """Return what the conditions were, and what was heard clean alone."""
    under = {row.condition for row in rows}
    named = [f"{c.name}, {c.description}" for c in EVALUATION_CONDITIONS if c.name in under]
    if under <= {CLEAN}:
        return []
    notes = [
        f"Conditions: {'; '.join(named)}. Babble is of development speakers. Each row is held "
        "against one under the same condition."
    ]
    changed = {row.variant for row in rows if row.condition != CLEAN}
    if clean := [v for v in dict.fromkeys(row.variant for row in rows) if v not in changed]:
        notes.append(f"Heard as recorded alone: {', '.join(clean)}.")
    return notes


def _classes_by_training(rows: Sequence[StudyRow]) -> list[str]:
    """Return a line for each set of classes, with the trainings and tests that are over it."""
    places: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for row in rows:
        tested = places.setdefault(row.classes, {}).setdefault(row.arrangement, [])
        if row.corpus not in tested:
            tested.append(row.corpus)
    return [
        f"Over {', '.join(classes)}: "
        f"{'; '.join(f'{a} on {listed(tested)}' for a, tested in by_arrangement.items())}."
        for classes, by_arrangement in places.items()
    ]
