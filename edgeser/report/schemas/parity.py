"""Parity: one schema, for float against int8 on the host, and for any target against the host."""

from __future__ import annotations

from edgeser.benchmark.target import TargetFacts
from edgeser.benchmark.target_parity import Parity, TargetParity
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.verdict import Verdict
from edgeser.report.schemas.form import Json
from edgeser.report.schemas.scores import layer_json, metrics_json
from edgeser.report.schemas.vad import vad_parity_json
from quantize.edgetpu.difference import OutputDifference
from quantize.foundation.measurement import Evidence, Measurement

PARITY_SCHEMA = "edgeser.parity/2"
HOST = TargetFacts("host", "host", "this host")


def parity_json(parity: Parity) -> Json:
    """Return the schema ``edgeser.parity/2``."""
    about = {"model": parity.model or None, "model_sha256": parity.model_sha256 or None}
    return {"schema": PARITY_SCHEMA, **about, **parity_object(parity)}


def float_parity(
    report: ParityReport, verdict: Verdict, *, model: str = "", model_sha256: str = ""
) -> Parity:
    """Return float against int8 on this host."""
    return Parity(HOST, report=report, verdict=verdict, model=model, model_sha256=model_sha256)


def parity_object(parity: Parity) -> Json:
    """Return a parity as it stands within other schemas."""
    if parity.against_host is not None:
        return against_host_object(parity.against_host, parity.target)
    report, verdict = parity.report, parity.verdict
    assert report is not None and verdict is not None  # noqa: S101  one of the two is there
    return {
        "target": target_object(parity.target),
        "passed": parity.passed,
        "failures": list(parity.failures),
        "checks": _checks(parity),
        "clips": report.clips,
        "source": report.int8_metrics.uar.source,
        "comparisons": [
            {
                "check": check.check,
                "compared": check.compared,
                "differing": _figure(check.differing, "count", parity.target),
                "passed": check.passed,
                "detail": check.detail,
            }
            for check in report.features
        ],
        "within_tolerances": None,
        "float_against_int8": _float_against_int8(report, verdict),
    }


def against_host_object(held: TargetParity, target: TargetFacts) -> Json:
    """Return a target held to the host's int8."""
    parity = Parity(target, against_host=held)
    return {
        "target": target_object(target),
        "passed": held.passed,
        "failures": list(parity.failures),
        "checks": _checks(parity),
        "clips": held.clips,
        "source": held.source,
        "comparisons": _comparisons(held, target),
        "within_tolerances": None if held.edge_tpu is None else _within(held.edge_tpu, target),
        "float_against_int8": None,
    }


def target_object(target: TargetFacts) -> Json:
    """Return what a model ran on."""
    return {
        "kind": target.kind,
        "name": target.name,
        "core": target.core or None,
        "description": target.description,
    }


def _checks(parity: Parity) -> list[Json]:
    return [{"name": check.name, "passed": check.failure is None} for check in parity.checks]


def _comparisons(held: TargetParity, target: TargetFacts) -> list[Json]:
    """Return what had to be the same, value for value; nothing of what was not compared."""
    counts = (
        ("features", held.feature_values, held.feature_differences),
        ("outputs", held.logits, held.logit_differences),
        ("decisions", held.decisions, held.decision_differences),
    )
    return [
        {
            "check": f"{what} as on the host",
            "compared": compared,
            "differing": _figure(differing, "count", target),
            "passed": differing == 0,
            "detail": held.first_difference if differing else "",
        }
        for what, compared, differing in counts
        if compared
    ]


def _within(found: OutputDifference, target: TargetFacts) -> Json:
    return {
        "samples": found.samples,
        "values": found.values,
        "max_lsb": _figure(found.max_lsb, "steps", target),
        "label_flips": found.flips,
        "label_flip_rate": _figure(found.flips / found.samples, "ratio", target),
        "lsb_histogram": [{"difference": step, "values": count} for step, count in found.histogram],
        "tolerances": {
            "max_lsb": found.tolerances.max_lsb,
            "max_flips": found.tolerances.max_flips,
        },
    }


def _figure(value: float, unit: str, target: TargetFacts) -> Json:
    """Return a figure of a target: what an emulated one gives is emulated."""
    evidence = Evidence.EMULATED if target.kind == "emulator" else Evidence.MEASURED
    return Measurement(value, unit, evidence, target.description).to_json()


def _float_against_int8(report: ParityReport, verdict: Verdict) -> Json:
    worst = report.worst_layer
    return {
        "tolerances": {
            "max_uar_drop": verdict.tolerances.max_uar_drop,
            "max_flips": verdict.tolerances.max_flips,
            **({} if report.vad is None else {"max_ccc_drop": verdict.tolerances.max_ccc_drop}),
        },
        "float": metrics_json(report.float_metrics),
        "int8": metrics_json(report.int8_metrics),
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
        "layers": [layer_json(layer) for layer in report.layers],
        "worst_layer": None if worst is None else layer_json(worst),
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
