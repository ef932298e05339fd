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

from edgeser.benchmark.committee import CommitteeCost
from edgeser.evaluation.certainty import MemberScore
from edgeser.report import json_format
from edgeser.report.certainty import committee_json
from edgeser.report.contents import ReportContents
from edgeser.report.schemas.drift import drift_json
from quantize.foundation.errors import CheckFailed
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


def not_documented(found: set[str], schema: str) -> set[str]:
    docs = documented()
    elsewhere = {
        "parity.": json_format.PARITY_SCHEMA,
        "bench.": json_format.BENCH_SCHEMA,
        "device.": json_format.DEVICE_SCHEMA,
        "conditions.": json_format.EVALUATE_SCHEMA,
        "certainty.": json_format.EVALUATE_SCHEMA,
        "hearing.": json_format.EVALUATE_SCHEMA,
        "groups[].": json_format.EVALUATE_SCHEMA,
        "drift.": "edgeser.drift/1",
        "gaps[].": json_format.EVALUATE_SCHEMA,
        "groups_verdict.": json_format.EVALUATE_SCHEMA,
        "layers[].": json_format.PARITY_SCHEMA,
    }
    missing = set()
    for path in found:
        section, key = schema, path
        for prefix, other in elsewhere.items():
            if key.startswith(prefix) and section == json_format.REPORT_SCHEMA:
                section = other
                whole = prefix in {"parity.", "bench.", "device.", "drift."}
                key = key.removeprefix(prefix) if whole else key
                break
        for form in ("certainty.rows[].float.", "certainty.rows[].int8."):
            if key.startswith(form):
                section, key = "Certainty", key.removeprefix(form)
        if key.startswith("vad.") and section == json_format.EVALUATE_SCHEMA:
            section, key = json_format.PARITY_SCHEMA, f"vad.scores.{key.removeprefix('vad.')}"
        for scores in ("float.", "int8."):
            if key.startswith(scores):
                section, key = "Scores", key.removeprefix(scores)
        if key not in docs[section]:
            missing.add(f"{path} ({section})")
    return missing


def all_outputs(contents: ReportContents) -> dict[str, dict[str, Any]]:
    assert contents.parity and contents.verdict and contents.bench
    assert contents.device and contents.device.parity
    assert contents.float_metrics and contents.int8_metrics and contents.ablation
    return {
        json_format.PARITY_SCHEMA: json_format.parity_json(contents.parity, contents.verdict),
        json_format.BENCH_SCHEMA: json_format.bench_json(contents.bench),
        json_format.DEVICE_SCHEMA: json_format.device_json(contents.device),
        json_format.DEVICE_PARITY_SCHEMA: json_format.device_parity_json(contents.device.parity),
        json_format.EVALUATE_SCHEMA: json_format.evaluate_json(
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
        json_format.COMPARE_SCHEMA: json_format.compare_json(contents.ablation),
        json_format.REPORT_SCHEMA: json_format.report_json(contents),
    }


def test_every_key_of_drift_is_documented_and_every_documented_one_written(
    example: ModuleType,
) -> None:
    written = set(paths(drift_json(example.drift())))
    assert written == documented()["edgeser.drift/1"]


def test_every_key_is_documented(whole: ReportContents, failing: ReportContents) -> None:
    for contents in (whole, failing):
        for schema, output in all_outputs(contents).items():
            assert output["schema"] == schema
            assert not_documented(set(paths(output)), schema) == set()


def test_every_documented_key_is_written(whole: ReportContents, failing: ReportContents) -> None:
    written: dict[str, set[str]] = {}
    for contents in (whole, failing):
        for schema, output in all_outputs(contents).items():
            written.setdefault(schema, set()).update(paths(output))
    docs = documented()
    form = "certainty.rows[].int8."
    found = written[json_format.EVALUATE_SCHEMA]
    written["Certainty"] = {p.removeprefix(form) for p in found if p.startswith(form)}
    for schema, found in written.items():
        prefixes = {re.sub(r"(\[\])+$", "", p) for p in found} | found
        for key in docs[schema]:
            bare = key.removesuffix("[]")
            held = any(p == key or p.startswith((f"{bare}.", f"{bare}[]")) for p in prefixes)
            assert held, f"{schema} documents {key}, which is not written"


def test_the_keys_that_were_promised_are_there(whole: ReportContents) -> None:
    outputs = all_outputs(whole)
    parity, bench = outputs[json_format.PARITY_SCHEMA], outputs[json_format.BENCH_SCHEMA]
    assert whole.parity is not None and whole.bench is not None
    assert parity["float"]["uar"]["value"] == whole.parity.float_metrics.uar.value
    assert parity["int8"]["uar"]["interval"] == list(whole.parity.int8_metrics.uar.interval or ())
    assert parity["label_flip_rate"]["unit"] == "ratio"
    assert parity["max_lsb"] == whole.parity.max_lsb
    assert bench["latency_ms"]["p50"]["evidence"] == "measured"
    assert bench["arena_bytes"]["value"] == 148_480
    assert sum(entry["values"] for entry in parity["lsb_histogram"]) == whole.parity.clips * 6


def test_text_reads_back_as_strict_json(whole: ReportContents, hostile: ReportContents) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for contents in (whole, hostile):
        text = json_format.dump_json(json_format.report_json(contents))
        assert json.loads(text, parse_constant=refuse)["title"] == contents.title


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_is_refused_by_name(whole: ReportContents, value: float) -> None:
    assert whole.bench is not None
    broken = replace(
        whole.bench, throughput_per_s=replace(whole.bench.throughput_per_s, value=value)
    )
    with pytest.raises(CheckFailed, match=r"throughput_per_s\.value is"):
        json_format.dump_json(json_format.bench_json(broken))


def test_what_is_not_there_is_absent(bare: ReportContents) -> None:
    output = json_format.report_json(bare)
    assert output["passed"] is None
    assert not {"parity", "bench", "float", "recipe", "training"} & output.keys()
