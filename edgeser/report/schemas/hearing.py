"""Scores by what is heard, and scores without the class of nothing."""

from __future__ import annotations

from edgeser.evaluation.hearing import HearingRow, HearingTable
from edgeser.evaluation.metrics import WithoutNothing
from edgeser.report.hearing import hearing_note
from edgeser.report.schemas.form import Json


def hearing_json(table: HearingTable) -> Json:
    """Return the table as JSON."""
    return {"rows": [_row(row) for row in table.rows], "note": hearing_note(table)}


def _row(row: HearingRow) -> Json:
    return {
        "heard": row.name,
        "uar": row.uar.to_json(),
        "macro_f1": row.macro_f1.to_json(),
        **without_nothing_json(row.without_nothing),
    }


def without_nothing_json(found: WithoutNothing | None) -> Json:
    """Return scores without the class as JSON, to be joined to those with it."""
    if found is None:
        return {}
    figures = {"uar": found.uar.to_json(), "macro_f1": found.macro_f1.to_json()}
    return {"without_nothing": {**figures, "clips": found.clips}}
