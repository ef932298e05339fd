"""What a model's probabilities are worth: rows of tables, lines of text, and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeser.benchmark.committee import CommitteeCost
from edgeser.evaluation.certainty import (
    CertaintyRow,
    CertaintyScores,
    CertaintyTable,
    SetScore,
)
from edgeser.evaluation.reliability import BINS
from edgeser.evaluation.selective import SHOWN_COVERAGE
from edgeser.report.figures import count, difference, figure, number
from quantize.foundation.measurement import Measurement

_SHARE = f"{100 * SHOWN_COVERAGE:.0f} %"
CERTAINTY_HEAD = (
    "recordings",
    "form",
    "calibration error (ECE)",
    "ECE of true ones",
    "sure",
    "right",
    "AURC",
    f"points gained at {_SHARE}",
    "answered",
    "wrong of these",
)
CERTAINTY_NOTE = (
    f"ECE: {BINS} bins of equally many clips; its interval leans upwards. ECE of true ones: what "
    "would be found here of probabilities that are all true. Sure: mean probability of the "
    "answers; right: how many are. AURC: area under risk against coverage. Points gained: accuracy "
    f"where the surest {_SHARE} are answered, less that of all. Answered, and wrong of these: by "
    "the model's threshold."
)
SETS_HEAD = ("recordings", "form", "sets", "stated", "found", "labels in a set", "empty")
SETS_NOTE = (
    "Conformal sets: the labels that are likely enough for the true one to be among them as often "
    "as stated, chosen on development clips. Stated for clips like those; found here."
)
_SHOWN_LEVEL = 0.9


def certainty_rows(table: CertaintyTable) -> list[tuple[str, ...]]:
    """Return a row for float and int8 of each condition and corpus, for `CERTAINTY_HEAD`."""
    return [
        (
            row.title,
            form,
            figure(scores.error, interval=True),
            number(scores.error_if_true, "ratio"),
            number(scores.confidence, "ratio"),
            number(scores.accuracy, "ratio"),
            f"{scores.area.value:.3f}",
            difference(scores.gain),
            _optional(scores.answered),
            _optional(scores.risk),
        )
        for row in table.rows
        for form, scores in _forms(row)
    ]


def set_rows(table: CertaintyTable) -> list[tuple[str, ...]]:
    """Return a row for each kind of conformal set, for `SETS_HEAD`.

    Under conditions of the int8 model's at nine of ten alone: all of them are in the JSON.
    """
    return [
        (
            row.title,
            form,
            found.method,
            number(found.stated, "ratio"),
            figure(found.found, interval=True),
            f"{found.size.value:.2f}",
            number(found.empty, "ratio"),
        )
        for row in table.rows
        for form, scores in _forms(row)
        for found in scores.sets
        if _is_shown(table, row, form, found)
    ]


def certainty_lines(table: CertaintyTable) -> list[str]:
    """Return in sentences what the probabilities are made with, and what is refused."""
    lines = ["Not calibrated: the probabilities are the softmax as it is (temperature 1)."]
    if table.calibrated:
        of_float, of_int8 = table.temperatures
        lines = [
            f"Logits are divided by a temperature of {of_float:.2f} (float) and {of_int8:.2f} "
            f"(int8), fitted on {table.source}."
        ]
    if table.threshold > 0.0:
        text = f'Below a probability of {table.threshold:.3f} the answer is "unsure"'
        if table.development_risk is not None and table.development_coverage is not None:
            text += (
                f" ({table.wanted} was wanted; on the development clips "
                f"{number(table.development_risk, 'ratio')} of the answers are wrong and "
                f"{number(table.development_coverage, 'ratio')} of the clips are answered)"
            )
        lines.append(f"{text}.")
    elif table.wanted:
        lines.append(f"Everything is answered: that gives the {table.wanted} that is wanted.")
    if table.note:
        lines.append(f"Note: {table.note}; its threshold is taken.")
    return lines


def reading_of(table: CertaintyTable) -> str:
    """Return in one sentence what the probabilities of the int8 model are worth, clean."""
    scores = table.clean.of_int8
    return (
        f"Probabilities are off by {figure(scores.error)} in the mean "
        f"({number(scores.error_if_true, 'ratio')} would be found of true ones), "
        f"{scores.leans}; answering the surest {_SHARE} alone raises accuracy by "
        f"{difference(scores.gain)} points."
    )


@dataclass(frozen=True, slots=True)
class CertaintyPart:
    """What a section of the report shows: lines, and two tables with their notes."""

    lines: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    set_rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = CERTAINTY_HEAD
    note: str = CERTAINTY_NOTE
    set_head: tuple[str, ...] = SETS_HEAD
    set_note: str = SETS_NOTE


def certainty_part(table: CertaintyTable) -> CertaintyPart:
    """Return the section's texts."""
    return CertaintyPart(
        tuple(certainty_lines(table)), tuple(certainty_rows(table)), tuple(set_rows(table))
    )


def cost_line(cost: CommitteeCost) -> str:
    """Return in one sentence what a committee would cost on a device."""
    text = (
        f"On a device the {cost.members} members, one after another, would take "
        f"{figure(cost.model_bytes)} of models, {figure(cost.arena_bytes)} of arena and "
        f"{count(cost.macs.value)} multiply-accumulates"
    )
    if cost.instructions is not None and cost.milliseconds is not None:
        text += (
            f": {figure(cost.instructions)} ({cost.instructions.evidence.value}), "
            f"{figure(cost.milliseconds, interval=True)} ({cost.milliseconds.evidence.value})"
        )
    if cost.frontends > 1:
        return f"{text}; they need {cost.frontends} different frontends, each of which runs."
    return f"{text}; they share one frontend."


def _forms(row: CertaintyRow) -> Iterator[tuple[str, CertaintyScores]]:
    yield "float", row.of_float
    yield "int8", row.of_int8


def _is_shown(table: CertaintyTable, row: CertaintyRow, form: str, found: SetScore) -> bool:
    if row.kind != "condition" or row is table.clean:
        return True
    return form == "int8" and found.stated == _SHOWN_LEVEL


def _optional(measurement: Measurement | None) -> str:
    return "" if measurement is None else figure(measurement, interval=True)
