"""How loud the corpora of a training are, and what of that its conditions cover."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.corpora.levels import (
    FloorChange,
    FloorSpan,
    LevelSpan,
    LevelSummary,
    floor_span,
    level_span,
    measure_levels,
)
from edgeser.corpora.synthesis.nothing import of_voices
from edgeser.pipeline.plan import Plan
from edgeser.progress import Reporter
from edgeser.training.config import ConditionsConfig


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Levels by corpus, and how far they reach beside what conditions do.

    Parameters
    ----------
    by_corpus
        Of those whose clips can be read.
    span, floors
        Of levels, and of distances from level to noise floor; `None` where none was measured.
    """

    by_corpus: dict[str, LevelSummary]
    span: LevelSpan | None
    floors: FloorSpan | None

    def __str__(self) -> str:
        """Return both spans, one line; empty of no levels."""
        return "; ".join(str(span) for span in (self.span, self.floors) if span is not None)


def levels_of(plan: Plan, reporter: Reporter) -> Levels:
    """Measure each corpus of a plan, and say when the conditions do not cover all of it."""
    progress = reporter.stage("Levels of clips")
    found = {}
    for number, member in enumerate(plan.corpus.members, 1):
        levels = measure_levels(of_voices(member.utterances))
        if levels is not None:
            found[member.name] = levels
        progress(number, len(plan.corpus.members))
    conditions = plan.recipe.conditions
    span = level_span(found, _level_change(conditions))
    if span is not None and not span.covered:
        reporter.note(f"levels: {span} (conditions.level_db)")
    floors = floor_span(found, _floor_change(conditions))
    if floors is not None and not floors.covered:
        keys = "conditions.floor_raise_db, gate_db, noise_snr_db"
        reporter.note(f"noise floors: {floors} ({keys})")
    return Levels(found, span, floors)


def _level_change(conditions: ConditionsConfig) -> tuple[float, float]:
    happens = conditions.variants > 0 and conditions.level_probability > 0.0
    return conditions.level_db if happens else (0.0, 0.0)


def _floor_change(conditions: ConditionsConfig) -> FloorChange:
    if conditions.variants == 0:
        return FloorChange()
    return FloorChange(
        raised_db=conditions.floor_raise_db[1] if conditions.floor_raise_probability > 0 else 0.0,
        lowered_db=conditions.gate_db[1] if conditions.gate_probability > 0 else 0.0,
        noise_snr_db=conditions.noise_snr_db[0] if conditions.noise_probability > 0 else None,
    )
