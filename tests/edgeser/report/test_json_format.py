from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgeser.benchmark.bench_report import Benchmark, BenchResult
from edgeser.benchmark.committee import CommitteeCost
from edgeser.benchmark.target_parity import Parity
from edgeser.evaluation.certainty import MemberScore
from edgeser.report.contents import ReportContents
from edgeser.report.schemas.bench import BENCH_SCHEMA, bench_json
from edgeser.report.schemas.certainty import committee_json
from edgeser.report.schemas.drift import drift_json
from edgeser.report.schemas.evaluate import EVALUATE_SCHEMA, compare_json, evaluate_json
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.parity import PARITY_SCHEMA, float_parity, parity_json
from edgeser.report.schemas.run_report import REPORT_SCHEMA, report_json
from quantize.edgetpu.difference import OutputDifference, Tolerances
from quantize.foundation.errors import CheckFailed, ToolMissing
from quantize.foundation.measurement import Evidence, Measurement

DOCS = Path(__file__).resolve().parents[3] / "docs" / "json-schemas.md"
FIGURE = Measurement(3.0, "count", Evidence.MEASURED, "made up")
MEMBERS = (MemberScore("example", 7, "0c" * 32, FIGURE, FIGURE),)
COST = CommitteeCost(2, FIGURE, FIGURE, FIGURE, 1, FIGURE, FIGURE)
FIGURE_KEYS = {"value", "unit", "evidence", "source"}


def paths(value: Any, at: str = "") -> Iterator[str]:
    """Yield each key's path down to figures, the members of lists as ``[]``."""
    if isinstance(value, dict):
        if value.keys() >= FIGURE_KEYS:
            yield at
            return
        for key, member in value.items():
            yield from paths(member, f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        if not value:
            return
        for member in value:
            yield from paths(member, f"{at}[]")
    else:
        yield at


def documented() -> dict[str, set[str]]:
    sections: dict[str, set[str]] = {}
    for block in DOCS.read_text("utf-8").split("\n## ")[1:]:
        head, _, body = block.partition("\n")
        sections[head.strip("`")] = set(re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE))
    return sections


WITHIN_A_REPORT = {
    "parity.": PARITY_SCHEMA,
    "bench.": BENCH_SCHEMA,
    "conditions.": EVALUATE_SCHEMA,
    "certainty.": EVALUATE_SCHEMA,
    "hearing.": EVALUATE_SCHEMA,
    "groups[].": EVALUATE_SCHEMA,
    "drift.": "edgeser.drift/1",
    "gaps[].": EVALUATE_SCHEMA,
    "groups_verdict.": EVALUATE_SCHEMA,
}
WHOLE = {"parity.", "bench.", "drift."}
FLOAT = "float_against_int8."


def not_documented(found: set[str], schema: str) -> set[str]:
    docs = documented()
    missing = set()
    for path in found:
        section, key = schema, path
        for prefix, other in WITHIN_A_REPORT.items():
            if key.startswith(prefix) and section == REPORT_SCHEMA:
                section = other
                key = key.removeprefix(prefix) if prefix in WHOLE else key
                break
        if section == BENCH_SCHEMA and key.startswith("results[].parity."):
            section, key = PARITY_SCHEMA, key.removeprefix("results[].parity.")
        if section == REPORT_SCHEMA and key.startswith("layers[]."):
            section, key = PARITY_SCHEMA, FLOAT + key
        for form in ("certainty.rows[].float.", "certainty.rows[].int8."):
            if key.startswith(form):
                section, key = "Certainty", key.removeprefix(form)
        if key.startswith("vad.") and section == EVALUATE_SCHEMA:
            section, key = PARITY_SCHEMA, f"{FLOAT}vad.scores.{key.removeprefix('vad.')}"
        for scores in ("float.", "int8.", f"{FLOAT}float.", f"{FLOAT}int8."):
            if key.startswith(scores):
                section, key = "Scores", key.removeprefix(scores)
        if key not in docs[section]:
            missing.add(f"{path} ({section})")
    return missing


def benchmark(contents: ReportContents, example: ModuleType) -> Benchmark:
    """Every kind of target, one of them within tolerances, and one that did not run."""
    assert contents.bench and contents.device
    apart = OutputDifference(10, 60, ((-1, 1), (0, 59)), 1, Tolerances())
    reports = (contents.bench, contents.device, example.edge_tpu(apart), example.board())
    lacking = BenchResult(contents.device.target, None, ToolMissing("no cc", hint="install it"))
    return Benchmark("example", (*map(BenchResult.of, reports), lacking))


def all_outputs(contents: ReportContents, example: ModuleType) -> list[dict[str, Any]]:
    assert contents.parity and contents.verdict
    assert contents.device and contents.device.parity
    assert contents.float_metrics and contents.int8_metrics and contents.ablation
    held = Parity(contents.device.target, against_host=contents.device.parity)
    near = example.edge_tpu(OutputDifference(10, 60, ((-1, 1), (0, 59)), 1, Tolerances()))
    return [
        parity_json(float_parity(contents.parity, contents.verdict)),
        parity_json(held),
        parity_json(Parity(near.target, against_host=near.parity)),
        bench_json(benchmark(contents, example)),
        evaluate_json(
            contents.float_metrics,
            contents.int8_metrics,
            groups=contents.groups,
            verdict=contents.groups_verdict,
            conditions=contents.conditions,
            certainty=contents.certainty,
            vad=contents.parity.vad.scores if contents.parity.vad else None,
            hearing=contents.hearing,
        )
        | {"committee": committee_json(MEMBERS, COST)},
        compare_json(contents.ablation),
        report_json(contents),
    ]


def test_every_key_of_drift_is_documented_and_every_documented_one_written(
    example: ModuleType,
) -> None:
    written = set(paths(drift_json(example.drift())))
    assert written == documented()["edgeser.drift/1"]


def test_every_key_is_documented(
    whole: ReportContents, failing: ReportContents, example: ModuleType
) -> None:
    for contents in (whole, failing):
        for output in all_outputs(contents, example):
            assert not_documented(set(paths(output)), output["schema"]) == set()


def test_every_documented_key_is_written(
    whole: ReportContents, failing: ReportContents, example: ModuleType
) -> None:
    written: dict[str, set[str]] = {}
    for contents in (whole, failing):
        for output in all_outputs(contents, example):
            written.setdefault(output["schema"], set()).update(paths(output))
    docs = documented()
    form = "certainty.rows[].int8."
    found = written[EVALUATE_SCHEMA]
    written["Certainty"] = {p.removeprefix(form) for p in found if p.startswith(form)}
    for schema, found in written.items():
        prefixes = {re.sub(r"(\[\])+$", "", p) for p in found} | found
        for key in docs[schema]:
            bare = key.removesuffix("[]")
            held = any(p == key or p.startswith((f"{bare}.", f"{bare}[]")) for p in prefixes)
            assert held, f"{schema} documents {key}, which is not written"


def test_a_schema_that_ended_is_named_and_nowhere_else_in_use() -> None:
    """One schema of a benchmark, one of parity: whatever the target is."""
    ended = re.findall(r"`(edgeser\.[a-z-]+/1)`", DOCS.read_text("utf-8").partition("ended")[2])
    assert len(ended) == 8
    log = (DOCS.parents[1] / "CHANGELOG.md").read_text("utf-8")
    for name in ended:
        assert name in log
        assert f"## `{name}`" not in DOCS.read_text("utf-8")


def test_every_figure_of_a_benchmark_has_evidence(
    whole: ReportContents, example: ModuleType
) -> None:
    kinds = []
    for result in bench_json(benchmark(whole, example))["results"]:
        kinds.append(result["target"]["kind"])
        for figure in result["figures"].values():
            assert figure.keys() >= FIGURE_KEYS
    assert kinds == ["host", "emulator", "edgetpu", "serial", "emulator"]


def test_what_an_emulated_device_gives_is_emulated(whole: ReportContents) -> None:
    assert whole.device and whole.device.parity
    found = parity_json(Parity(whole.device.target, against_host=whole.device.parity))
    assert {row["differing"]["evidence"] for row in found["comparisons"]} == {"emulated"}
    assert found["float_against_int8"] is None and found["within_tolerances"] is None


def test_the_keys_that_were_promised_are_there(whole: ReportContents) -> None:
    assert whole.parity and whole.verdict and whole.bench
    parity = parity_json(float_parity(whole.parity, whole.verdict))["float_against_int8"]
    (bench,) = bench_json(Benchmark.of(whole.bench))["results"]
    assert parity["float"]["uar"]["value"] == whole.parity.float_metrics.uar.value
    assert parity["int8"]["uar"]["interval"] == list(whole.parity.int8_metrics.uar.interval or ())
    assert parity["label_flip_rate"]["unit"] == "ratio"
    assert parity["max_lsb"] == whole.parity.max_lsb
    assert bench["figures"]["inference_p50_ms"]["evidence"] == "measured"
    assert bench["figures"]["arena_bytes"]["value"] == 148_480
    assert sum(entry["values"] for entry in parity["lsb_histogram"]) == whole.parity.clips * 6


def test_text_reads_back_as_strict_json(whole: ReportContents, hostile: ReportContents) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for contents in (whole, hostile):
        text = dump_json(report_json(contents))
        assert json.loads(text, parse_constant=refuse)["title"] == contents.title


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_is_refused_by_name(whole: ReportContents, value: float) -> None:
    assert whole.bench is not None
    speed = replace(FIGURE, value=value)
    broken = replace(whole.bench, figures=replace(whole.bench.figures, inferences_per_s=speed))
    with pytest.raises(CheckFailed, match=r"results\[0\].figures.inferences_per_s\.value is"):
        dump_json(bench_json(Benchmark.of(broken)))


def test_what_is_not_there_is_absent(bare: ReportContents) -> None:
    output = report_json(bare)
    assert output["passed"] is None
    assert not {"parity", "bench", "float", "recipe", "training"} & output.keys()
