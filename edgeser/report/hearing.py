"""The table of what is heard, words or voice or both, for terminal, Markdown, HTML and JSON."""

from __future__ import annotations

from typing import Any

from edgeser.evaluation.hearing import HearingTable
from edgeser.report.figures import figure

HEARING_TITLE = "What is heard: words, voice, or both"
HEARING_HEAD = ("heard (float)", "UAR", "macro-F1")
HEARING_NOTE = (
    "The float network on clean clips; what it does not hear is 0, as where it is dropped in "
    "training. Where words of another clip cost nothing, words do not help."
)


def hearing_rows(table: HearingTable) -> list[tuple[str, str, str]]:
    """Return a row for each way to hear, for `HEARING_HEAD`."""
    return [(row.name, figure(row.uar), figure(row.macro_f1, interval=True)) for row in table.rows]


def hearing_note(table: HearingTable) -> str:
    """Return what must be known of the table."""
    return f"{HEARING_NOTE} {table.note}." if table.note else HEARING_NOTE


def hearing_json(table: HearingTable) -> dict[str, Any]:
    """Return the table as JSON."""
    return {
        "rows": [
            {"heard": row.name, "uar": row.uar.to_json(), "macro_f1": row.macro_f1.to_json()}
            for row in table.rows
        ],
        "note": hearing_note(table),
    }
