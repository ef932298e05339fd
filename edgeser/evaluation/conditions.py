"""UAR under changed recording conditions, float and int8, and how far it falls."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.evaluation.bootstrap import DEFAULT, Bootstrap
from edgeser.evaluation.metrics import evaluate
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Measurement

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition: its key (``"white_10db"``), the same in words, and the scores."""

    name: str
    float_uar: Measurement
    int8_uar: Measurement | None = None
    description: str = ""

    @property
    def title(self) -> str:
        """What a table calls it."""
        return self.description or self.name


@dataclass(frozen=True, slots=True)
class ConditionTable:
    """Rows in the order given; one of them is named ``"clean"``.

    Raises
    ------
    BadInput
        Without a clean row, or with two rows of one name.
    """

    rows: tuple[ConditionRow, ...]

    def __post_init__(self) -> None:
        names = [row.name for row in self.rows]
        if CLEAN not in names or len(set(names)) != len(names):
            raise BadInput(
                "a table of conditions needs one clean row, and each name once; it has "
                + (", ".join(names) or "no rows")
            )

    @property
    def clean(self) -> ConditionRow:
        """The row that the others are compared with."""
        return next(row for row in self.rows if row.name == CLEAN)

    def drop(self, row: ConditionRow) -> float:
        """Clean UAR minus the row's: int8 where both rows have it, else float."""
        clean = self.clean
        if clean.int8_uar is not None and row.int8_uar is not None:
            return clean.int8_uar.value - row.int8_uar.value
        return clean.float_uar.value - row.float_uar.value

    @property
    def worst(self) -> ConditionRow:
        """The row with the largest drop against clean; the clean row when it stands alone."""
        return max(self.rows, key=self.drop)


def condition_row(
    name: str,
    float_predictions: Predictions,
    int8_predictions: Predictions | None = None,
    *,
    source: str,
    description: str = "",
    bootstrap: Bootstrap = DEFAULT,
) -> ConditionRow:
    """Score one condition, with 95 % speaker-clustered bootstrap intervals."""

    def uar(predictions: Predictions, model: str) -> Measurement:
        text = f"{model} model, {source}, {name}"
        return evaluate(predictions, source=text, bootstrap=bootstrap).uar

    return ConditionRow(
        name=name,
        float_uar=uar(float_predictions, "float"),
        int8_uar=None if int8_predictions is None else uar(int8_predictions, "int8"),
        description=description,
    )
