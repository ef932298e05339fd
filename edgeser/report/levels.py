"""How loud each corpus is, as a table's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeser.bundle import CorpusSummary

LEVEL_HEAD = (
    "corpus",
    "clips measured",
    "level, dBFS",
    "noise floor, dBFS",
    "level above floor, dB",
)
LEVEL_NOTE = (
    "RMS of a clip, the level that a tenth of its 20 ms frames are below, and the difference: 5, "
    "50 and 95 % of the clips."
)


def level_rows(corpus: CorpusSummary) -> list[tuple[str, str, str, str, str]]:
    """Return a row for each corpus, for `LEVEL_HEAD`."""
    return [
        (
            m.name,
            f"{m.levels.clips}",
            _spread(m.levels.rms_dbfs),
            _spread(m.levels.floor_dbfs),
            _spread(m.levels.above_floor_db or ()),
        )
        for m in corpus.members
        if m.levels is not None
    ]


def _spread(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)
