"""The table of what is heard, words or voice or both, for terminal, Markdown, HTML and JSON."""

from __future__ import annotations

from edgeser.evaluation.hearing import HearingRow, HearingTable
from edgeser.report.figures import figure
from edgeser.wording import NOTHING

HEARING_TITLE = "What is heard: words, voice, or both"
HEARING_NOTE = (
    "The float network on clean clips; what it does not hear is 0, as where it is dropped in "
    "training. Where words of another clip cost nothing, words do not help."
)
_HEAD = ("heard (float)", "UAR", "macro-F1")


def hearing_head(table: HearingTable) -> tuple[str, ...]:
    """Return the heads of the columns of `hearing_rows`."""
    rest = (f"UAR without '{NOTHING}'", f"macro-F1 without '{NOTHING}'")
    return (*_HEAD, *rest) if _has_nothing(table) else _HEAD


def hearing_rows(table: HearingTable) -> list[tuple[str, ...]]:
    """Return a row for each way to hear."""
    return [
        (
            row.name,
            figure(row.uar),
            figure(row.macro_f1, interval=True),
            *(_without(row) if _has_nothing(table) else ()),
        )
        for row in table.rows
    ]


def hearing_note(table: HearingTable) -> str:
    """Return what must be known of the table."""
    return f"{HEARING_NOTE} {table.note}." if table.note else HEARING_NOTE


def _has_nothing(table: HearingTable) -> bool:
    return any(row.without_nothing is not None for row in table.rows)


def _without(row: HearingRow) -> tuple[str, ...]:
    rest = row.without_nothing
    return ("", "") if rest is None else (figure(rest.uar), figure(rest.macro_f1, interval=True))
