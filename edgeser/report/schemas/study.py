"""The table of a study."""

from __future__ import annotations

from edgeser.evaluation.seed_gaps import SeedGap
from edgeser.report.schemas.form import Json, optional
from edgeser.study.rows import Comparison, StudyRow, StudyTable

STUDY_SCHEMA = "edgeser.study/1"


def study_json(table: StudyTable) -> Json:
    """Return the schema ``edgeser.study/1``."""
    return {
        "schema": STUDY_SCHEMA,
        "name": table.name,
        "recipe_hash": table.recipe_hash,
        "jobs": table.jobs,
        "reused": table.reused,
        "rows": [_row(row) for row in table.rows],
        "costs": {
            variant: {name: cost.to_json() for name, cost in costs.items()}
            for variant, costs in table.costs.items()
        },
        "failures": [{"job": job, "reason": reason} for job, reason in table.failures],
        "notes": list(table.notes),
    }


def _row(row: StudyRow) -> Json:
    return {
        "arrangement": row.arrangement,
        "variant": row.variant,
        "corpus": row.corpus,
        "condition": row.condition,
        "trained_on_too": row.trained_on_too,
        "hears_test_speakers": row.hears_test_speakers,
        "learned": list(row.learned),
        "classes": list(row.classes),
        "clips": row.clips,
        "speakers": row.speakers,
        "seeds": list(row.seeds),
        "uars": list(row.uars),
        "uar": row.mean.to_json(),
        "macro_f1": optional(row.macro_f1),
        "comparison": None if row.comparison is None else _comparison(row.comparison),
        "gaps": [_gap(gap) for gap in row.gaps],
        "worst_speaker": None
        if row.worst is None
        else {"speaker": row.worst.speaker, "uar": row.worst.uar.to_json()},
    }


def _comparison(comparison: Comparison) -> Json:
    return {
        "against": comparison.against,
        "difference": comparison.difference.to_json(),
        "p": comparison.p,
        "p_holm": comparison.p_holm,
        "seeds": comparison.seeds,
    }


def _gap(gap: SeedGap) -> Json:
    return {
        "kind": gap.kind,
        "groups": list(gap.groups),
        "measure": gap.measure,
        "mean": gap.mean.to_json(),
        "largest": gap.largest.to_json(),
        "above_first": optional(gap.above_first),
    }
