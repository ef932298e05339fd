"""Reports as JSON for machines: documented in docs/json-schemas.md.

Every figure is a `Measurement` object with value, unit, evidence and source; counts that follow
from the data alone are plain numbers. NaN and infinity are refused, never written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from edgeser.benchmark.records import (
    BenchReport,
    BudgetCheck,
    DeviceParity,
    DeviceReport,
    MemoryPart,
    Percentiles,
)
from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.concordance import VadScores
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.metrics import Metrics, ratio, recalls
from edgeser.evaluation.parity import ParityReport
from edgeser.evaluation.verdict import Verdict
from edgeser.report.certainty import certainty_json
from edgeser.report.contents import ReportContents
from edgeser.report.distributions import distribution_json
from edgeser.report.drift_json import drift_json
from edgeser.report.groups import groups_json
from edgeser.report.hearing import hearing_json, without_nothing_json
from edgeser.report.inputs_json import inputs_json
from edgeser.report.vad_json import vad_parity_json, vad_scores_json
from quantize.foundation.errors import CheckFailed
from quantize.foundation.measurement import Measurement
from quantize.layer_error import LayerError

PARITY_SCHEMA = "edgeser.parity/1"
BENCH_SCHEMA = "edgeser.bench/1"
DEVICE_SCHEMA = "edgeser.device/1"
DEVICE_PARITY_SCHEMA = "edgeser.device-parity/1"
EVALUATE_SCHEMA = "edgeser.evaluate/1"
COMPARE_SCHEMA = "edgeser.compare/1"
REPORT_SCHEMA = "edgeser.report/1"

Json = dict[str, Any]


def dump_json(value: Json) -> str:
    """Return `value` as indented JSON text, in ASCII: no name in it steers a terminal.

    Raises
    ------
    CheckFailed
        When a NaN or an infinity is among the figures; the message says where.
    """
    try:
        return json.dumps(value, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        where = next(_not_finite(value, ""), "an unknown place")
        raise CheckFailed(
            f"a figure of the report is NaN or infinite: {where}", hint="nothing was written"
        ) from error


def parity_json(report: ParityReport, verdict: Verdict) -> Json:
    """Return the schema ``edgeser.parity/1``."""
    return {"schema": PARITY_SCHEMA, **_parity(report, verdict)}


def bench_json(report: BenchReport) -> Json:
    """Return the schema ``edgeser.bench/1``."""
    return {"schema": BENCH_SCHEMA, **_bench(report)}


def device_json(report: DeviceReport) -> Json:
    """Return the schema ``edgeser.device/1``."""
    return {"schema": DEVICE_SCHEMA, **_device(report)}


def device_parity_json(parity: DeviceParity) -> Json:
    """Return the schema ``edgeser.device-parity/1``."""
    return {"schema": DEVICE_PARITY_SCHEMA, **_device_parity(parity)}


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
    out: Json = {"schema": EVALUATE_SCHEMA, "float": _metrics(float_metrics)}
    if int8_metrics is not None:
        out["int8"] = _metrics(int8_metrics)
    out |= groups_json(groups, verdict)
    if conditions is not None:
        out["conditions"] = _conditions(conditions)
    if vad is not None:
        out["vad"] = vad_scores_json(vad)
    if hearing is not None:
        out["hearing"] = hearing_json(hearing)
    if certainty is not None:
        out["certainty"] = certainty_json(certainty)
    return out


def compare_json(table: AblationTable) -> Json:
    """Return the schema ``edgeser.compare/1``."""
    return {"schema": COMPARE_SCHEMA, "variants": _ablation(table)}


def report_json(contents: ReportContents) -> Json:
    """Return the schema ``edgeser.report/1``: all of a report but its pictures."""
    out: Json = {
        "schema": REPORT_SCHEMA,
        "title": contents.title,
        "created": contents.created,
        "synthetic": contents.synthetic,
        "statement": contents.statement,
        "law": contents.words.law,
        "passed": contents.passed,
        **inputs_json(contents),
    }
    if contents.float_metrics is not None:
        out["float"] = _metrics(contents.float_metrics)
    if contents.int8_metrics is not None:
        out["int8"] = _metrics(contents.int8_metrics)
    out |= groups_json(contents.groups, contents.groups_verdict)
    out["layers"] = [_layer(layer) for layer in contents.layers]
    if contents.parity is not None and contents.verdict is not None:
        out["parity"] = _parity(contents.parity, contents.verdict)
    if contents.bench is not None:
        out["bench"] = _bench(contents.bench)
    if contents.device is not None:
        out["device"] = _device(contents.device)
    if contents.drift is not None:
        out["drift"] = drift_json(contents.drift)
    if contents.conditions is not None:
        out["conditions"] = _conditions(contents.conditions)
    if contents.hearing is not None:
        out["hearing"] = hearing_json(contents.hearing)
    if contents.certainty is not None:
        out["certainty"] = certainty_json(contents.certainty)
    if contents.ablation is not None:
        out["ablation"] = _ablation(contents.ablation)
    out["problems"] = list(contents.problems)
    return out


def _metrics(metrics: Metrics) -> Json:
    recall = recalls(metrics.confusion)
    return {
        "uar": metrics.uar.to_json(),
        "accuracy": metrics.accuracy.to_json(),
        "macro_f1": metrics.macro_f1.to_json(),
        "clips": metrics.clips,
        "speakers": metrics.speakers,
        "classes": list(metrics.classes),
        "classes_in_play": list(metrics.in_play),
        "chance": ratio(metrics.chance, "one over the classes in play").to_json(),
        "caveats": list(metrics.caveats),
        "recall": [
            None if value is None else ratio(value, metrics.uar.source).to_json()
            for value in recall
        ],
        "confusion": metrics.confusion.tolist(),
        "distributions": distribution_json(metrics.distributions),
        **without_nothing_json(metrics.without_nothing),
    }


def _parity(report: ParityReport, verdict: Verdict) -> Json:
    worst = report.worst_layer
    return {
        "passed": verdict.passed,
        "failures": list(verdict.failures),
        "checks": [
            {"name": check.name, "passed": check.failure is None} for check in verdict.checks
        ],
        "tolerances": {
            "max_uar_drop": verdict.tolerances.max_uar_drop,
            "max_flips": verdict.tolerances.max_flips,
            **({} if report.vad is None else {"max_ccc_drop": verdict.tolerances.max_ccc_drop}),
        },
        "clips": report.clips,
        "float": _metrics(report.float_metrics),
        "int8": _metrics(report.int8_metrics),
        "uar_drop": report.uar_drop.to_json(),
        "label_flips": report.label_flips,
        "label_flip_rate": report.label_flip_rate.to_json(),
        "cosine": {
            "mean": report.cosine_mean.to_json(),
            "worst": report.cosine_worst.to_json(),
        },
        "max_lsb": report.max_lsb,
        "lsb_histogram": [
            {"difference": step, "values": count} for step, count in report.lsb_histogram
        ],
        "beyond_grid": report.beyond_grid,
        "output_scale": report.grid.scale,
        "output_zero_point": report.grid.zero_point,
        "worst_clips": [_clip(report, i) for i in range(len(report.worst_clips))],
        "runtimes": [
            {
                "runtime": runtime.runtime.label,
                "oracle": runtime.oracle.label,
                "compared": runtime.values,
                "mismatches": runtime.mismatches,
                "max_lsb": runtime.max_lsb,
                "label_flips": runtime.label_flips,
            }
            for runtime in report.runtimes
        ],
        "features": [
            {
                "check": check.check,
                "compared": check.compared,
                "differing": check.differing,
                "passed": check.passed,
                "detail": check.detail,
            }
            for check in report.features
        ],
        "layers": [_layer(layer) for layer in report.layers],
        "worst_layer": None if worst is None else _layer(worst),
        **({} if report.vad is None else {"vad": vad_parity_json(report.vad)}),
    }


def _clip(report: ParityReport, index: int) -> Json:
    clip = report.worst_clips[index]
    return {
        "clip": clip.clip_id,
        "speaker": clip.speaker,
        "label": clip.label,
        "float_label": clip.float_label,
        "int8_label": clip.int8_label,
        "flipped": clip.flipped,
        "cosine": clip.cosine,
        "max_lsb": clip.max_lsb,
    }


def _layer(layer: LayerError) -> Json:
    return {
        "index": layer.index,
        "name": layer.name,
        "operator": layer.operator,
        "sqnr_db": layer.sqnr_db,
    }


def _bench(report: BenchReport) -> Json:
    return {
        "passed": report.passed,
        "model": report.model,
        "runtime": report.runtime,
        "latency_ms": _percentiles(report.latency_ms),
        "samples_ms": list(report.samples_ms),
        "throughput_per_s": report.throughput_per_s.to_json(),
        "features_ms_per_audio_s": _optional(report.features_ms_per_audio_s),
        "end_to_end_ms": None
        if report.end_to_end_ms is None
        else _percentiles(report.end_to_end_ms),
        "flash_bytes": report.flash_bytes.to_json(),
        "arena_bytes": _optional(report.arena_bytes),
        "arena_persistent_bytes": _optional(report.arena_persistent_bytes),
        "arena_non_persistent_bytes": _optional(report.arena_non_persistent_bytes),
        "no_arena": report.no_arena,
        "timed": report.timed,
        "oddities": [oddity.to_json() for oddity in report.oddities],
        "peak_rss_bytes": _optional(report.peak_rss_bytes),
        "budgets": budgets_json(report.budgets),
    }


def budgets_json(checks: Iterable[BudgetCheck]) -> list[Json]:
    """Return budgets, what was found and whether each holds."""
    return [
        {
            "name": check.name,
            "limit": check.limit,
            "value": check.value.to_json(),
            "passed": check.passed,
        }
        for check in checks
    ]


def _device(report: DeviceReport) -> Json:
    return {
        "passed": report.passed,
        "model": report.model,
        "device": report.device,
        "inference": report.inference.to_json(),
        "inference_ms": _optional(report.inference_ms),
        "per_mac": _optional(report.per_mac),
        "features": _optional(report.features),
        "features_largest": _optional(report.features_largest),
        "features_ms": _optional(report.features_ms),
        "operators": [
            {
                "index": operator.index,
                "kind": operator.kind,
                "layer": operator.layer,
                "macs": operator.macs,
                "cost": operator.cost.to_json(),
            }
            for operator in report.operators
        ],
        "flash_bytes": _optional(report.flash),
        "ram_bytes": _optional(report.ram),
        "memory": _parts(report.memory),
        "sections": _parts(report.sections),
        "scratch_bytes": _optional(report.scratch),
        "stack_used_bytes": _optional(report.stack_used),
        "budgets": budgets_json(report.budgets),
        "parity": None if report.parity is None else _device_parity(report.parity),
    }


def _parts(parts: Iterable[MemoryPart]) -> list[Json]:
    return [
        {"name": part.name, "memory": part.memory, "size": part.size.to_json()} for part in parts
    ]


def _device_parity(parity: DeviceParity) -> Json:
    return {
        "passed": parity.passed,
        "clips": parity.clips,
        "source": parity.source,
        "feature_values": parity.feature_values,
        "feature_differences": parity.feature_differences,
        "logits": parity.logits,
        "logit_differences": parity.logit_differences,
        "decisions": parity.decisions,
        "decision_differences": parity.decision_differences,
        "first_difference": parity.first_difference,
        "edge_tpu": None if parity.edge_tpu is None else parity.edge_tpu.to_json(),
    }


def _percentiles(figures: Percentiles) -> Json:
    return {
        "p50": figures.p50.to_json(),
        "p90": figures.p90.to_json(),
        "p99": figures.p99.to_json(),
    }


def _conditions(table: ConditionTable) -> Json:
    return {
        "rows": [
            {
                "name": row.name,
                "description": row.description,
                "float_uar": row.float_uar.to_json(),
                "int8_uar": _optional(row.int8_uar),
                "drop": table.drop(row),
            }
            for row in table.rows
        ],
        "worst": table.worst.name,
    }


def _ablation(table: AblationTable) -> list[Json]:
    return [
        {
            "variant": row.variant,
            "seeds": list(row.seeds),
            "uars": list(row.uars),
            "mean": row.mean.to_json(),
            "lowest": row.lowest,
            "highest": row.highest,
            "above_first": _optional(row.above_first),
        }
        for row in table.rows
    ]


def _optional(figure: Measurement | None) -> Json | None:
    return None if figure is None else figure.to_json()


def _not_finite(value: object, where: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{where} is {value}"
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _not_finite(member, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _not_finite(member, f"{where}[{index}]")
