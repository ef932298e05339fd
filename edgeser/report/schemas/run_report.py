"""Everything in the report of a run but its pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeser.benchmark.bench_report import Benchmark
from edgeser.report.contents import ReportContents
from edgeser.report.schemas.bench import bench_object
from edgeser.report.schemas.certainty import certainty_json
from edgeser.report.schemas.drift import drift_json
from edgeser.report.schemas.evaluate import ablation_json, conditions_json
from edgeser.report.schemas.form import Json
from edgeser.report.schemas.groups import groups_json
from edgeser.report.schemas.hearing import hearing_json
from edgeser.report.schemas.inputs import inputs_json
from edgeser.report.schemas.parity import float_parity, parity_object
from edgeser.report.schemas.scores import layer_json, metrics_json

REPORT_SCHEMA = "edgeser.report/2"
RUN_SCHEMA = "edgeser.run/1"


def report_json(contents: ReportContents) -> Json:
    """Return the schema ``edgeser.report/2``: all of a report but its pictures."""
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
        out["float"] = metrics_json(contents.float_metrics)
    if contents.int8_metrics is not None:
        out["int8"] = metrics_json(contents.int8_metrics)
    out |= groups_json(contents.groups, contents.groups_verdict)
    out["layers"] = [layer_json(layer) for layer in contents.layers]
    if contents.parity is not None and contents.verdict is not None:
        out["parity"] = parity_object(float_parity(contents.parity, contents.verdict))
    if benched := [found for found in (contents.bench, contents.device) if found is not None]:
        out["bench"] = bench_object(Benchmark.of(*benched))
    if contents.drift is not None:
        out["drift"] = drift_json(contents.drift)
    if contents.conditions is not None:
        out["conditions"] = conditions_json(contents.conditions)
    if contents.hearing is not None:
        out["hearing"] = hearing_json(contents.hearing)
    if contents.certainty is not None:
        out["certainty"] = certainty_json(contents.certainty)
    if contents.ablation is not None:
        out["ablation"] = ablation_json(contents.ablation)
    out["problems"] = list(contents.problems)
    return out


def run_json(
    contents: ReportContents,
    *,
    bundle: Path,
    report: Path,
    model_sha256: str,
    failures: Iterable[str],
) -> Json:
    """Return the schema ``edgeser.run/1``: files of a run, what failed, and its report."""
    return {
        "schema": RUN_SCHEMA,
        "bundle": str(bundle),
        "report_html": str(report),
        "model_sha256": model_sha256,
        "failures": list(failures),
        "report": report_json(contents),
    }
