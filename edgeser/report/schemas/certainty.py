"""How much a model's probabilities are worth, and what a committee gives and costs."""

from __future__ import annotations

from collections.abc import Iterable

from edgeser.benchmark.committee import CommitteeCost
from edgeser.evaluation.certainty import CertaintyScores, CertaintyTable, MemberScore
from edgeser.evaluation.reliability import BINS, WIDTH_BINS
from edgeser.evaluation.selective import SHOWN_COVERAGE
from edgeser.report.schemas.form import Json, optional


def certainty_json(table: CertaintyTable) -> Json:
    """Return the object ``certainty`` of ``edgeser.evaluate/1`` and ``edgeser.report/2``."""
    return {
        "calibrated": table.calibrated,
        "temperatures": {"float": table.temperatures[0], "int8": table.temperatures[1]},
        "threshold": table.threshold,
        "wanted": table.wanted,
        "development_risk": table.development_risk,
        "development_coverage": table.development_coverage,
        "source": table.source,
        "note": table.note,
        "bins": BINS,
        "width_bins": WIDTH_BINS,
        "shown_coverage": SHOWN_COVERAGE,
        "rows": [
            {
                "kind": row.kind,
                "name": row.name,
                "description": row.description,
                "float": _scores(row.of_float),
                "int8": _scores(row.of_int8),
            }
            for row in table.rows
        ],
    }


def committee_json(members: Iterable[MemberScore], cost: CommitteeCost) -> Json:
    """Return the object ``committee`` of ``edgeser.evaluate/1``."""
    return {
        "members": [
            {
                "recipe": member.name,
                "seed": member.seed,
                "model_sha256": member.model_hash,
                "float_uar": member.float_uar.to_json(),
                "int8_uar": member.int8_uar.to_json(),
            }
            for member in members
        ],
        "cost": _cost(cost),
    }


def _cost(cost: CommitteeCost) -> Json:
    return {
        "members": cost.members,
        "model_bytes": cost.model_bytes.to_json(),
        "macs": cost.macs.to_json(),
        "arena_bytes": cost.arena_bytes.to_json(),
        "frontends": cost.frontends,
        "instructions": optional(cost.instructions),
        "milliseconds": optional(cost.milliseconds),
    }


def _scores(scores: CertaintyScores) -> Json:
    return {
        "clips": scores.clips,
        "ece": scores.error.to_json(),
        "ece_if_true": scores.error_if_true,
        "ece_equal_width": scores.error_equal_width,
        "confidence": scores.confidence,
        "accuracy": scores.accuracy,
        "reliability": [
            {"clips": b.clips, "confidence": b.confidence, "accuracy": b.accuracy}
            for b in scores.bins
        ],
        "aurc": scores.area.to_json(),
        "gain": scores.gain.to_json(),
        "curve": [{"coverage": p.coverage, "risk": p.risk} for p in scores.curve],
        "answered": optional(scores.answered),
        "risk": optional(scores.risk),
        "sets": [
            {
                "method": s.method,
                "stated": s.stated,
                "found": s.found.to_json(),
                "size": s.size.to_json(),
                "empty": s.empty,
            }
            for s in scores.sets
        ],
    }
