"""Scores of an evaluation, and of variants side by side."""

from __future__ import annotations

from collections.abc import Sequence

from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.concordance import VadScores
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.metrics import Metrics
from edgeser.report.schemas.certainty import certainty_json
from edgeser.report.schemas.form import Json, optional
from edgeser.report.schemas.groups import groups_json
from edgeser.report.schemas.hearing import hearing_json
from edgeser.report.schemas.scores import metrics_json
from edgeser.report.schemas.vad import vad_scores_json

EVALUATE_SCHEMA = "edgeser.evaluate/1"
COMPARE_SCHEMA = "edgeser.compare/1"


def evaluate_json(
    float_metrics: Metrics,
    int8_metrics: Metrics | None = None,
    *,
    groups: Sequence[GroupScore] = (),
    verdict: GroupVerdict | None = None,
    conditions: ConditionTable | None = None,
    certainty: CertaintyTable | None = None,
    vad: VadScores | None = None,
    hearing: HearingTable | None = None,
) -> Json:
    """Return the schema ``edgeser.evaluate/1``, but for a committee and drift.

    `verdict` has the gaps between the groups too.
    """
    out: Json = {"schema": EVALUATE_SCHEMA, "float": metrics_json(float_metrics)}
    if int8_metrics is not None:
        out["int8"] = metrics_json(int8_metrics)
    out |= groups_json(groups, verdict)
    if conditions is not None:
        out["conditions"] = conditions_json(conditions)
    if vad is not None:
        out["vad"] = vad_scores_json(vad)
    if hearing is not None:
        out["hearing"] = hearing_json(hearing)
    if certainty is not None:
        out["certainty"] = certainty_json(certainty)
    return out


def compare_json(table: AblationTable) -> Json:
    """Return the schema ``edgeser.compare/1``."""
    return {"schema": COMPARE_SCHEMA, "variants": ablation_json(table)}


def conditions_json(table: ConditionTable) -> Json:
    """Return the object ``conditions``."""
    return {
        "rows": [
            {
                "name": row.name,
                "description": row.description,
                "float_uar": row.float_uar.to_json(),
                "int8_uar": optional(row.int8_uar),
                "drop": table.drop(row),
            }
            for row in table.rows
        ],
        "worst": table.worst.name,
    }


def ablation_json(table: AblationTable) -> list[Json]:
    """Return the rows of an ablation."""
    return [
        {
            "variant": row.variant,
            "seeds": list(row.seeds),
            "uars": list(row.uars),
            "mean": row.mean.to_json(),
            "lowest": row.lowest,
            "highest": row.highest,
            "above_first": optional(row.above_first),
        }
        for row in table.rows
    ]
