"""Parity and benchmark of a finished run, by the real commands."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from edgeser.bundle import Bundle, load_bundle, save_bundle
from edgeser.pipeline.recordings import recordings_of_test_speakers
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model

Edgeser = Callable[..., Any]
Road = Any  # of conftest.py
CLASSES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]


def test_parity_leaves_junit_markdown_and_json_and_appends_the_summary(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    ran = edgeser(
        *("parity", road.folder, "--json", "--junit", tmp_path / "p.xml"),
        *("--markdown", tmp_path / "p.md"),
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["schema"], result["passed"]) == ("edgeser.parity/2", True)
    assert result["clips"] == 12
    assert result["target"]["kind"] == "host"
    found = result["float_against_int8"]
    assert found["float"]["classes"] == CLASSES
    assert len(found["worst_clips"]) == 10
    assert sum(row["values"] for row in found["lsb_histogram"]) == 12 * len(CLASSES)
    assert len(found["runtimes"]) >= 2
    exact, librosa = result["comparisons"]
    assert (exact["passed"], exact["differing"]["value"]) == (True, 0)
    assert librosa["passed"] is None
    suite = ET.parse(tmp_path / "p.xml").getroot().find("testsuite")  # noqa: S314  our own file
    assert suite is not None
    assert (suite.get("failures"), suite.get("tests")) == ("0", str(len(result["checks"])))
    markdown = (tmp_path / "p.md").read_text()
    assert "passed" in markdown
    assert summary.read_text() == "# before\n" + markdown


@pytest.fixture(scope="module")
def damaged(road: Road, road_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose int8 classifier says the opposite: it loads, and is wrong."""
    graph = read_model(road_bundle.int8_model).main
    classifier = next(op for op in reversed(graph.operators) if op.name == "FULLY_CONNECTED")
    weights = graph.tensors[classifier.inputs[1]].data
    assert weights is not None
    assert road_bundle.int8_model.count(weights.tobytes()) == 1
    opposite = (-weights.clip(-127, 127)).astype(np.int8)
    model = road_bundle.int8_model.replace(weights.tobytes(), opposite.tobytes())
    path = tmp_path_factory.mktemp("damaged") / "bundle.zip"
    save_bundle(path, replace(road_bundle, int8_model=model), card="")
    return path


def test_parity_of_a_model_that_differs_fails_and_names_clip_and_layer(
    damaged: Path, road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    ran = edgeser(
        *("parity", damaged, "--corpus", road.corpus, "--json", "--quiet"),
        *("--max-flips", "0", "--max-uar-drop", "0", "--junit", tmp_path / "p.xml"),
    )
    assert ran.code == 1, ran.err
    result = json.loads(ran.out)
    assert result["passed"] is False
    found = result["float_against_int8"]
    assert found["tolerances"] == {"max_uar_drop": 0.0, "max_flips": 0.0}
    worst = found["worst_clips"][0]["clip"]
    assert found["worst_layer"]["name"]
    (line, *_more) = ran.err.splitlines()
    assert line.startswith("edgeser: parity failed: ")
    assert "look at clip " in line
    assert f"at layer {found['worst_layer']['name']}" in line
    assert any(clip["clip"] in line for clip in found["worst_clips"]), worst
    suite = ET.parse(tmp_path / "p.xml").getroot().find("testsuite")  # noqa: S314  our own file
    assert suite is not None
    assert int(suite.get("failures", "0")) == len(result["failures"]) > 0


def test_the_report_judges_by_the_tolerances_that_were_given_last(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    shutil.copytree(road.folder, work)

    def reported() -> dict[str, Any]:
        ran = edgeser("report", work, "--format", "json", "--to", tmp_path / "report.json")
        assert ran.code == 0, ran.err
        return json.loads((tmp_path / "report.json").read_text())["parity"]["float_against_int8"]

    by_recipe = reported()["tolerances"]
    for given in ({"max_uar_drop": 0.5, "max_flips": 0.25}, {"max_uar_drop": 0.125}):
        options = [(f"--{name.replace('_', '-')}", limit) for name, limit in given.items()]
        assert edgeser("parity", work, *sum(options, ())).code in {0, 1}
        assert reported()["tolerances"] == by_recipe | given
    (work / "state" / "parity-tolerances.json").unlink()  # as earlier runs have none
    assert reported()["tolerances"] == by_recipe


def test_parity_without_the_test_speakers_is_refused(
    road: Road, edgeser: Edgeser, clips: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copy(clips["plain"], tmp_path / "a.wav")
    (tmp_path / "manifest.csv").write_text("path,emotion,speaker\na.wav,anger,nobody\n")
    ran = edgeser("parity", road.folder, "--corpus", f"generic:{tmp_path}", "--quiet")
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert f"{tmp_path} has no clip of the bundle's test speakers" in line


def test_a_device_hears_any_corpus_in_which_nobody_was_trained_on(
    road: Road, clips: dict[str, Path], tmp_path: Path
) -> None:
    bundle = load_bundle(road.folder / "bundle.zip")
    shutil.copy(clips["plain"], tmp_path / "a.wav")
    rows = ["path,emotion,speaker", "a.wav,anger,nobody"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    corpora = [f"generic:{tmp_path}"]
    found = recordings_of_test_speakers(bundle, count=5, corpora=corpora)
    assert found.source == "of speakers who took no part in the training (generic)"
    assert len(found) == 1 and found.names[0].startswith("generic/a")
    learnt_from = min(bundle.trained.split.train)
    choice, speaker = bundle.trained.recipe.corpora[0].name, learnt_from.split("/")[-1]
    (tmp_path / "manifest.csv").write_text(f"{rows[0]}\na.wav,anger,{speaker}\n")
    with pytest.raises(BadInput, match="no clip of the bundle's test speakers"):
        recordings_of_test_speakers(bundle, count=5, corpora=[f"{choice}=generic:{tmp_path}"])


def test_bench_of_a_bundle_measures_model_features_and_both(road: Road, edgeser: Edgeser) -> None:
    ran = edgeser("bench", road.folder / "bundle.zip", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["schema"], result["passed"]) == ("edgeser.bench/2", True)
    (result,) = result["results"]
    found = {name: figure["value"] for name, figure in result["figures"].items()}
    p50, p90, p99 = (found[f"inference_{name}_ms"] for name in ("p50", "p90", "p99"))
    assert 0 < p50 <= p90 <= p99
    assert len(result["samples_ms"]) == 200
    assert found["end_to_end_p50_ms"] > p50
    model = (road.folder / "model_int8.tflite").stat().st_size
    assert found["model_bytes"] == model
    parts = ("persistent", "non_persistent")
    assert found["arena_bytes"] == sum(found[f"arena_{part}_bytes"] for part in parts) > 0
    assert found["peak_rss_bytes"] > 1 << 20
    assert {budget["name"] for budget in result["budgets"]} == {"memory", "latency"}


def test_a_broken_budget_is_exit_code_1_and_names_the_figure(road: Road, edgeser: Edgeser) -> None:
    ran = edgeser("bench", road.folder, "--max-memory", "1000", "--quiet")
    assert ran.code == 1
    (line,) = ran.err.splitlines()
    assert re.search(r"budget broken: memory is [\d,]+ bytes, the limit 1,000", line)


def test_bench_measures_models_of_others(shared: Path, edgeser: Edgeser) -> None:
    model = shared / "mlperf_tiny" / "kws_ref_model.tflite"
    ran = edgeser("bench", model, "--json", "--max-latency", "0.000001")
    assert ran.code == 1
    result = json.loads(ran.out)
    assert result["passed"] is False
    found = result["results"][0]["figures"]
    assert not {"features_ms_per_audio_s", "end_to_end_p50_ms"} & found.keys()
    assert found["model_bytes"]["value"] == model.stat().st_size
    assert "budget broken: latency" in ran.err
