"""Scores by group of speakers, how far groups are apart, and the verdict on that."""

from __future__ import annotations

from collections.abc import Sequence

from edgeser.evaluation.group_gaps import LabelGap
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore, worst_speaker
from edgeser.report.schemas.form import Json, optional


def groups_json(groups: Sequence[GroupScore], verdict: GroupVerdict | None) -> Json:
    """Return ``groups``, ``worst_speaker`` and ``gaps``; ``groups_verdict`` where it was asked."""
    worst = worst_speaker(groups)
    out: Json = {
        "groups": [_group(group) for group in groups],
        "worst_speaker": None if worst is None else worst.name,
        "gaps": [
            {
                "kind": kind.kind,
                "groups": list(kind.groups),
                "left_out": list(kind.left_out),
                "judged": kind.judged,
                "true_positive_rate": [_gap(gap) for gap in kind.true_positives],
                "demographic_parity": [_gap(gap) for gap in kind.parity],
            }
            for kind in (verdict.gaps if verdict is not None else ())
        ],
    }
    if verdict is not None and verdict.tolerances:
        out["groups_verdict"] = {
            "passed": verdict.passed,
            "failures": list(verdict.failures),
            "checks": [{"name": c.name, "passed": c.failure is None} for c in verdict.checks],
            "not_judged": [{"name": name, "why": why} for name, why in verdict.skipped],
            "tolerances": {
                "max_tpr_gap": verdict.tolerances.max_tpr_gap,
                "max_dp_gap": verdict.tolerances.max_dp_gap,
            },
        }
    return out


def _group(group: GroupScore) -> Json:
    return {
        "kind": group.kind,
        "name": group.name,
        "clips": group.clips,
        "speakers": group.speakers,
        "too_few": group.too_few,
        "float_uar": group.float_uar.to_json(),
        "int8_uar": optional(group.int8_uar),
        "float_macro_f1": optional(group.float_macro_f1),
        "int8_macro_f1": optional(group.int8_macro_f1),
    }


def _gap(gap: LabelGap) -> Json:
    return {
        "label": gap.label,
        "float": gap.of_float.to_json(),
        "int8": optional(gap.of_int8),
        "widened": optional(gap.widened),
        "lowest": gap.lowest,
        "lowest_rate": gap.lowest_rate,
        "highest": gap.highest,
        "highest_rate": gap.highest_rate,
        "of_truth": gap.of_truth,
        "by_chance": gap.by_chance,
    }
