"""The whole road by the real command, on the smallest recipe: every stage and what it leaves."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

from edgeser.bundle import Bundle, CalibrationSet, load_bundle, load_trained, save_bundle
from edgeser.bundle.trained import encode_calibration
from edgeser.pipeline.inference import bundle_logits
from edgeser.recipe import load_recipe
from firmware_bridge.frontend import FrontendConfig, compute_features
from quantize.tflite import read_model

Edgeser = Callable[..., Any]
EVIDENCE = {"measured", "emulated", "predicted"}
CLASSES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]


@dataclass(frozen=True)
class Road:
    """A finished run: its folder and what the command said."""

    folder: Path
    ran: Any

    @property
    def corpus(self) -> str:
        """Its recordings, for ``--corpus``."""
        return f"synthetic:{self.folder / 'synthetic-voices'}"


@pytest.fixture(scope="module")
def road(edgeser: Edgeser, tiny_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Road:
    folder = tmp_path_factory.mktemp("road") / "run"
    ran = edgeser("run", tiny_recipe, "--out", folder, "--json")
    assert ran.code == 0, ran.err
    return Road(folder, ran)


@pytest.fixture(scope="module")
def bundle(road: Road) -> Bundle:
    return load_bundle(road.folder / "bundle.zip")


def figures(value: Any) -> Iterable[dict[str, Any]]:
    """Yield every measurement in a JSON result."""
    if isinstance(value, dict):
        if {"value", "unit"} <= value.keys():
            yield value
        for member in value.values():
            yield from figures(member)
    elif isinstance(value, list):
        for member in value:
            yield from figures(member)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# The run


def test_a_run_leaves_every_file_that_the_next_one_picks_up(road: Road) -> None:
    for name in (
        *("recipe.toml", "trained.zip", "bundle.zip", "model_int8.tflite"),
        *("parity.json", "bench.json", "report.html", "report.md", "report.json"),
    ):
        assert (road.folder / name).stat().st_size > 0, name
    assert not list(road.folder.rglob("*.tmp"))


def test_the_result_is_json_with_a_schema_and_says_that_it_is_synthetic(road: Road) -> None:
    result = json.loads(road.ran.out)
    assert result["schema"] == "edgeser.run/1"
    assert result["failures"] == []
    report = result["report"]
    assert report["schema"] == "edgeser.report/1"
    assert report["synthetic"] is True
    assert "synthetic voices" in report["statement"]
    assert report["passed"] is True
    assert result["model_sha256"] in {entry["value"] for entry in report["recipe"]["hashes"]}
    for name in ("float", "int8", "parity", "bench", "training", "environment", "corpus"):
        assert report[name], name


def test_every_figure_of_the_report_has_unit_evidence_and_source(road: Road) -> None:
    found = list(figures(json.loads(road.ran.out)))
    assert len(found) > 30
    for figure in found:
        assert figure["evidence"] in EVIDENCE
        assert figure["unit"]
        assert figure["source"]
        assert np.isfinite(figure["value"])


def test_stages_were_told_on_stderr_without_bars(road: Road) -> None:
    for stage in ("Making synthetic voices", "Training", "Converting to int8", "Writing"):
        assert stage in road.ran.err
    assert "━" not in road.ran.err
    assert "\x1b" not in road.ran.err


def test_the_resolved_recipe_is_kept_and_is_the_bundles(
    road: Road, bundle: Bundle, tiny_recipe: Path
) -> None:
    given = load_recipe(str(tiny_recipe))
    assert load_recipe(str(road.folder / "recipe.toml")).hash == given.hash
    assert bundle.trained.recipe.hash == given.hash


def test_the_bundle_holds_a_fully_integer_model_of_one_input(road: Road, bundle: Bundle) -> None:
    assert (road.folder / "model_int8.tflite").read_bytes() == bundle.int8_model
    graph = read_model(bundle.int8_model).main
    (given,), (answer,) = graph.input_tensors, graph.output_tensors
    frontend, recipe = bundle.trained.frontend, bundle.trained.recipe
    assert given.shape == (1, recipe.window.frames, frontend.channels, len(frontend.planes))
    assert answer.shape == (1, len(CLASSES))
    assert {given.dtype.numpy, answer.dtype.numpy} == {np.dtype(np.int8)}
    assert given.quantisation is not None
    assert (given.quantisation.scale, given.quantisation.zero_point) == (1 / 32, 0)


def test_speakers_of_the_three_parts_are_disjoint_and_all_there(bundle: Bundle) -> None:
    split, corpus = bundle.trained.split, bundle.trained.corpus
    assert len(split.train | split.development | split.test) == 5
    assert min(map(len, (split.train, split.development, split.test))) >= 1
    clips = (corpus.clips_train, corpus.clips_development, corpus.clips_test)
    speakers = (len(split.train), len(split.development), len(split.test))
    assert clips == tuple(6 * count for count in speakers)
    assert bundle.trained.classes == tuple(CLASSES)
    assert corpus.synthetic


def test_the_bundle_keeps_the_figures_that_were_measured(bundle: Bundle) -> None:
    assert {"float.uar", "int8.uar", "label_flip_rate"} <= set(bundle.metrics)


def test_the_html_report_is_whole_in_itself(road: Road) -> None:
    page = (road.folder / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert "synthetic" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "<script" not in page
    assert "nan" not in re.sub(r"<[^>]*>", " ", page).lower().split()


@pytest.mark.parametrize(("suffix", "name"), [("markdown", "x.md"), ("json", "x.json")])
def test_the_report_can_be_written_again_in_every_format(
    suffix: str, name: str, road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    ran = edgeser("report", road.folder, "--format", suffix, "--to", tmp_path / name, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == {
        "schema": "edgeser.report-file/1",
        "path": str(tmp_path / name),
        "format": suffix,
    }
    text = (tmp_path / name).read_text("utf-8")
    if suffix == "json":
        assert json.loads(text)["schema"] == "edgeser.report/1"
    else:
        assert text.startswith("#")
        assert "synthetic" in text


def test_a_second_run_keeps_the_stages_and_the_bytes(
    road: Road, edgeser: Edgeser, tiny_recipe: Path
) -> None:
    before = snapshot(road.folder)
    ran = edgeser("run", tiny_recipe, "--out", road.folder)
    assert ran.code == 0, ran.err
    assert "training: kept" in ran.err
    assert "int8 model: kept" in ran.err
    assert "Converting" not in ran.err
    assert "report.html" in ran.out
    after = snapshot(road.folder)
    for name in ("trained.zip", "model_int8.tflite", "recipe.toml"):
        assert after[name] == before[name], name


def test_another_recipe_in_the_same_folder_is_refused_and_nothing_changes(
    road: Road, edgeser: Edgeser
) -> None:
    before = snapshot(road.folder)
    for verb in ("run", "train"):
        ran = edgeser(verb, "demo", "--out", road.folder)
        assert (ran.code, ran.out) == (2, "")
        (line,) = ran.err.splitlines()
        assert "holds a run of another recipe" in line
        assert "--fresh" in line
    assert snapshot(road.folder) == before


def test_fresh_and_resume_exclude_each_other(
    road: Road, edgeser: Edgeser, tiny_recipe: Path
) -> None:
    before = snapshot(road.folder)
    for verb in ("run", "train"):
        ran = edgeser(verb, tiny_recipe, "--out", road.folder, "--fresh", "--resume", "--quiet")
        assert (ran.code, ran.out) == (2, "")
        assert "exclude each other" in ran.err
    assert snapshot(road.folder) == before


def test_the_same_recipe_gives_the_same_weights_and_the_same_model_file(
    road: Road, edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    """Stage by stage, in the place of another run, with a cache of its own."""
    cold = {"EDGESER_CACHE": str(tmp_path / "cache")}
    again = tmp_path / "again"
    again.mkdir()
    (again / "recipe.toml").write_text(load_recipe("demo").to_toml())
    ran = edgeser("train", tiny_recipe, "--out", again, "--fresh", "--json", **cold)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["schema"] == "edgeser.train/1"
    first = load_trained(road.folder / "trained.zip")
    second = load_trained(again / "trained.zip")
    assert second.weights == first.weights
    assert second.history == first.history
    assert second.frontend == first.frontend
    assert second.corpus == first.corpus
    ran = edgeser("export", again, "--target", "int8", "--json", **cold)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["schema"] == "edgeser.export/1"
    model = (again / "model_int8.tflite").read_bytes()
    assert model == (road.folder / "model_int8.tflite").read_bytes()


def test_a_disk_that_fills_up_during_a_training_keeps_what_was_there(
    road: Road, edgeser: Edgeser, tiny_recipe: Path, small_disk: Path
) -> None:
    out = small_disk / "run"
    out.mkdir()
    (out / "trained.zip").write_bytes(b"of an earlier run")
    ran = edgeser("train", tiny_recipe, "--corpus", road.corpus, "--out", out, "--quiet")
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert f"cannot write {out}" in line
    assert "No space left on device; free some space" in line
    assert (out / "trained.zip").read_bytes() == b"of an earlier run"
    assert not [path for path in small_disk.rglob("*") if path.name.endswith(".tmp")]


# Parity


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
    assert (result["schema"], result["passed"]) == ("edgeser.parity/1", True)
    assert result["clips"] == 12
    assert result["float"]["classes"] == CLASSES
    assert len(result["worst_clips"]) == 10
    assert sum(row["values"] for row in result["lsb_histogram"]) == 12 * len(CLASSES)
    assert len(result["runtimes"]) >= 2
    exact, librosa = result["features"]
    assert (exact["passed"], exact["differing"]) == (True, 0)
    assert librosa["passed"] is None
    suite = ET.parse(tmp_path / "p.xml").getroot().find("testsuite")  # noqa: S314  our own file
    assert suite is not None
    assert (suite.get("failures"), suite.get("tests")) == ("0", str(len(result["checks"])))
    markdown = (tmp_path / "p.md").read_text()
    assert "passed" in markdown
    assert summary.read_text() == "# before\n" + markdown


@pytest.fixture(scope="module")
def damaged(road: Road, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose int8 classifier says the opposite: it loads, and is wrong."""
    graph = read_model(bundle.int8_model).main
    classifier = next(op for op in reversed(graph.operators) if op.name == "FULLY_CONNECTED")
    weights = graph.tensors[classifier.inputs[1]].data
    assert weights is not None
    assert bundle.int8_model.count(weights.tobytes()) == 1
    opposite = (-weights.clip(-127, 127)).astype(np.int8)
    model = bundle.int8_model.replace(weights.tobytes(), opposite.tobytes())
    path = tmp_path_factory.mktemp("damaged") / "bundle.zip"
    save_bundle(path, replace(bundle, int8_model=model))
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
    assert result["tolerances"] == {"max_uar_drop": 0.0, "max_flips": 0.0}
    worst = result["worst_clips"][0]["clip"]
    assert result["worst_layer"]["name"]
    (line, *_more) = ran.err.splitlines()
    assert line.startswith("edgeser: parity failed: ")
    assert "look at clip " in line
    assert f"at layer {result['worst_layer']['name']}" in line
    assert any(clip["clip"] in line for clip in result["worst_clips"]), worst
    suite = ET.parse(tmp_path / "p.xml").getroot().find("testsuite")  # noqa: S314  our own file
    assert suite is not None
    assert int(suite.get("failures", "0")) == len(result["failures"]) > 0


def test_parity_without_the_test_speakers_is_refused(
    road: Road, edgeser: Edgeser, clips: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copy(clips["plain"], tmp_path / "a.wav")
    (tmp_path / "manifest.csv").write_text("path,emotion,speaker\na.wav,anger,nobody\n")
    ran = edgeser("parity", road.folder, "--corpus", f"generic:{tmp_path}", "--quiet")
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert f"{tmp_path} has no clip of the bundle's test speakers" in line


# Bench


def test_bench_of_a_bundle_measures_model_features_and_both(road: Road, edgeser: Edgeser) -> None:
    ran = edgeser("bench", road.folder / "bundle.zip", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["schema"], result["passed"]) == ("edgeser.bench/1", True)
    p50, p90, p99 = (result["latency_ms"][name]["value"] for name in ("p50", "p90", "p99"))
    assert 0 < p50 <= p90 <= p99
    assert len(result["samples_ms"]) == 200
    assert result["end_to_end_ms"]["p50"]["value"] > p50
    model = (road.folder / "model_int8.tflite").stat().st_size
    assert result["flash_bytes"]["value"] == model
    arena, parts = result["arena_bytes"]["value"], ("persistent", "non_persistent")
    assert arena == sum(result[f"arena_{part}_bytes"]["value"] for part in parts) > 0
    assert result["peak_rss_bytes"]["value"] > 1 << 20
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
    assert result["features_ms_per_audio_s"] is None
    assert result["end_to_end_ms"] is None
    assert result["flash_bytes"]["value"] == model.stat().st_size
    assert "budget broken: latency" in ran.err


# The other verbs on what the run left


def test_inspect_shows_the_model_of_a_run(road: Road, edgeser: Edgeser) -> None:
    by_bundle = edgeser("inspect", road.folder, "--json")
    by_file = edgeser("inspect", road.folder / "model_int8.tflite", "--json")
    assert (by_bundle.code, by_file.code) == (0, 0)
    result = json.loads(by_file.out)
    assert json.loads(by_bundle.out)["operators"] == result["operators"]
    assert result["fully_int8"] is True
    shown = edgeser("inspect", road.folder / "model_int8.tflite").out
    assert "CONV_2D" in shown
    assert "fully int8: yes" in shown


@pytest.fixture(scope="module")
def clips(road: Road, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One recording as it is, at another rate, in stereo, and made long."""
    folder = tmp_path_factory.mktemp("clips")
    source = sorted((road.folder / "synthetic-voices" / "audio").iterdir())[0]
    samples, rate = soundfile.read(source)
    assert rate == 16_000
    soundfile.write(folder / "stereo.wav", np.stack([samples, samples], axis=1), rate)
    soundfile.write(folder / "long.flac", np.tile(samples, 8), rate)
    soundfile.write(folder / "fast.wav", np.repeat(samples, 3), 48_000)
    soundfile.write(folder / "odd.wav", samples, 44_100)
    soundfile.write(folder / "short.wav", samples[:100], rate)
    (folder / "text.wav").write_text("not audio")
    return {"plain": source} | {path.stem: path for path in folder.iterdir()}


def test_predict_labels_recordings_of_every_rate_and_length(
    road: Road, clips: dict[str, Path], edgeser: Edgeser
) -> None:
    names = ("plain", "stereo", "long", "fast", "odd")
    ran = edgeser("predict", road.folder, *(clips[name] for name in names), "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["schema"], result["arithmetic"]) == ("edgeser.predict/1", "int8")
    assert result["synthetic"] is True
    found = dict(zip(names, result["clips"], strict=True))
    for clip in found.values():
        assert set(clip["probabilities"]) == set(CLASSES)
        assert sum(clip["probabilities"].values()) == pytest.approx(1.0)
        assert clip["label"] == max(clip["probabilities"], key=clip["probabilities"].get)
    assert found["stereo"]["probabilities"] == found["plain"]["probabilities"]
    assert found["long"]["windows"] > found["plain"]["windows"] >= 1


def test_predict_by_float_and_by_int8_agree_closely(
    road: Road, clips: dict[str, Path], edgeser: Edgeser
) -> None:
    runs = [
        json.loads(edgeser("predict", road.folder, clips["plain"], "--json", *more).out)
        for more in ((), ("--float",))
    ]
    assert [run["arithmetic"] for run in runs] == ["int8", "float"]
    integer, floating = (run["clips"][0]["probabilities"] for run in runs)
    for name in CLASSES:
        assert integer[name] == pytest.approx(floating[name], abs=0.05)


def test_predict_names_what_it_cannot_read_and_labels_the_rest(
    road: Road, clips: dict[str, Path], edgeser: Edgeser
) -> None:
    ran = edgeser("predict", road.folder, clips["plain"], clips["text"], clips["short"])
    assert ran.code == 2
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [str(clips["plain"])]
    problems = [line for line in ran.err.splitlines() if line.startswith("edgeser: ")]
    assert len(problems) == 2
    assert str(clips["text"]) in problems[0]
    assert str(clips["short"]) in problems[1]
    assert "synthetic voices; on people it means nothing" in ran.err


def test_features_of_the_preset_are_pymicro_features_own(
    clips: dict[str, Path], edgeser: Edgeser, tmp_path: Path
) -> None:
    ran = edgeser(
        *("features", clips["plain"], "--frontend", "microfrontend", "--out", tmp_path, "--json")
    )
    assert ran.code == 0, ran.err
    (told,) = json.loads(ran.out)["files"]
    samples = soundfile.read(clips["plain"], dtype="int16")[0]
    with np.load(told["output"], allow_pickle=False) as found:
        assert found["amplitude"].dtype == np.uint16
        assert found["amplitude"].shape == (told["frames"], 40)
        assert found["phase"].shape == (told["frames"], 40, 0)
        config = FrontendConfig.from_dict(json.loads(str(found["frontend"])))
        expected = compute_features(samples, config).amplitude
        np.testing.assert_array_equal(found["amplitude"], expected)
    assert json.loads(ran.out)["frontend_hash"] == config.hash


def test_features_of_a_recipe_have_its_phase_planes(
    clips: dict[str, Path], edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    ran = edgeser("features", clips["plain"], "--frontend", tiny_recipe, "--out", tmp_path)
    assert ran.code == 0, ran.err
    with np.load(tmp_path / f"{clips['plain'].stem}.npz", allow_pickle=False) as found:
        assert found["phase_planes"].tolist() == ["if_re", "gd_mod"]
        assert found["phase"].dtype == np.int16
        assert found["phase"].shape[2] == 2


def test_calibration_clips_are_chosen_and_used(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    shutil.copytree(road.folder, work)
    chosen = tmp_path / "calibration.npz"
    ran = edgeser("calibrate", work, "--out", chosen, "--count", "12", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.calibrate/1"
    assert len(result["clips"]) == 12
    held_out = load_trained(work / "trained.zip").split.test
    assert not [c for c in result["clips"] if any(f"/{s}_" in c for s in held_out)]
    assert [plane["plane"] for plane in result["planes"]] == ["amplitude", "if_re", "gd_mod"]
    assert {path.name for path in tmp_path.iterdir()} == {"work", "calibration.npz"}
    ran = edgeser("export", work, "--calibration", chosen, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["calibration"] == result["source"]
    assert load_bundle(work / "bundle.zip").calibration["clips"] == result["clips"]


def test_calibration_clips_of_another_frontend_are_refused(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    other = CalibrationSet("elsewhere", ("a",), np.zeros((1, 9, 9, 1), np.int8))
    (tmp_path / "c.npz").write_bytes(encode_calibration(other))
    before = (road.folder / "bundle.zip").read_bytes()
    ran = edgeser("export", road.folder, "--calibration", tmp_path / "c.npz", "--quiet")
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert "the calibration features are (9, 9, 1)" in line
    assert (road.folder / "bundle.zip").read_bytes() == before


def test_evaluate_scores_every_condition(road: Road, edgeser: Edgeser) -> None:
    ran = edgeser("evaluate", road.folder, "--conditions", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.evaluate/1"
    names = [row["name"] for row in result["conditions"]["rows"]]
    assert names[0] == "clean"
    assert len(names) >= 16
    for row in result["conditions"]["rows"]:
        for kind in ("float_uar", "int8_uar"):
            low, high = row[kind]["interval"]
            assert 0 <= low <= row[kind]["value"] <= high <= 1


def test_evaluate_without_conditions_scores_groups_on_clean_clips(
    road: Road, edgeser: Edgeser
) -> None:
    ran = edgeser("evaluate", road.folder, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert "conditions" not in result
    speakers = [group for group in result["groups"] if group["kind"] == "speaker"]
    assert len(speakers) == result["float"]["speakers"]
    assert sum(group["clips"] for group in speakers) == result["float"]["clips"]
    assert {group["name"] for group in result["groups"] if group["kind"] == "sex"}


def test_a_run_scores_conditions_for_its_report_unless_the_recipe_says_no(
    road: Road, edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    assert "conditions" not in json.loads(road.ran.out)["report"]
    settings = ("--set", "evaluation.conditions=true", "--set", "training.epochs=1")
    tolerant = ("--set", "parity.max_uar_drop=1.0", "--set", "parity.max_flips=1.0")
    ran = edgeser("run", tiny_recipe, *settings, *tolerant, "--out", tmp_path / "run", "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)["report"]
    assert len(report["conditions"]["rows"]) >= 16
    assert report["training"]["epochs"][-1]["number"] == 1
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert 'id="conditions"' in html


# Comparison


@pytest.fixture(scope="module")
def other_seed(edgeser: Edgeser, tiny_recipe: Path, road: Road) -> Path:
    folder = road.folder.parent / "seed1"
    ran = edgeser("train", tiny_recipe, "--seed", 1, "--out", folder)
    assert ran.code == 0, ran.err
    return folder


def test_compare_sums_up_seeds_and_puts_the_table_into_a_report(
    road: Road, other_seed: Path, edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    work, amplitude = tmp_path / "work", tmp_path / "amplitude"
    shutil.copytree(road.folder, work)
    heard = ("--set", "network.inputs=amplitude", "--set", "training.epochs=1")
    assert edgeser("train", tiny_recipe, *heard, "--out", amplitude).code == 0
    ran = edgeser("compare", work, other_seed, amplitude, "--into", work, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.compare/1"
    both, alone = result["variants"]
    assert (both["variant"], both["seeds"]) == ("both", [0, 1])
    assert (alone["variant"], alone["seeds"]) == ("amplitude", [0])
    assert both["mean"]["value"] == pytest.approx(sum(both["uars"]) / 2)
    assert both["lowest"] <= both["mean"]["value"] <= both["highest"]
    assert both["uars"][0] == json.loads(road.ran.out)["report"]["float"]["uar"]["value"]
    report = json.loads((work / "report.json").read_text(encoding="utf-8"))
    assert report["ablation"] == result["variants"]
    assert 'id="ablation"' in (work / "report.html").read_text(encoding="utf-8")


def test_what_cannot_be_compared_is_named(
    road: Road, other_seed: Path, edgeser: Edgeser, tmp_path: Path
) -> None:
    for arguments, words in (
        ((road.folder, road.folder), "is the second run of 'both' with seed 0"),
        ((road.folder, tmp_path), "holds no trained network"),
        ((road.folder, "--into", other_seed), "holds no bundle"),
    ):
        ran = edgeser("compare", *arguments, "--quiet")
        assert (ran.code, ran.out) == (2, "")
        (line,) = ran.err.splitlines()
        assert words in line


def test_evaluate_on_the_speakers_it_was_trained_on_is_refused(
    road: Road, edgeser: Edgeser
) -> None:
    ran = edgeser("evaluate", road.folder, "--all-speakers", "--quiet")
    assert ran.code == 2
    assert "was trained on speakers of synthetic" in ran.err


# Damage


@pytest.mark.parametrize("verb", ["inspect", "bench", "parity", "predict"])
def test_a_bundle_with_a_changed_byte_is_refused(
    verb: str, road: Road, clips: dict[str, Path], edgeser: Edgeser, tmp_path: Path
) -> None:
    data = bytearray((road.folder / "bundle.zip").read_bytes())
    data[len(data) // 2] ^= 1
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    ran = edgeser(verb, path, *([clips["plain"]] if verb == "predict" else []))
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert str(path) in line
    assert [p.name for p in tmp_path.iterdir()] == ["bundle.zip"]


def test_a_state_that_is_damaged_is_named(road: Road, edgeser: Edgeser, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(road.folder, work)
    (work / "state" / "parity.json").write_text('{"model_hash": ')
    ran = edgeser("report", work, "--quiet")
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert "state/parity.json: it is damaged; run 'edgeser parity' again" in line


def test_a_report_that_cannot_be_written_leaves_the_earlier_one(
    road: Road, edgeser: Edgeser, small_disk: Path
) -> None:
    report = small_disk / "report.html"
    report.write_text("earlier")
    ran = edgeser("report", road.folder, "--to", report, "--quiet")
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert "No space left" in line
    assert report.read_text() == "earlier"
    assert [p.name for p in small_disk.iterdir()] == ["report.html"]


def test_the_model_answers_as_the_library_says(road: Road, bundle: Bundle) -> None:
    """The library and the command share one path: float and int8 logits lie close together."""
    shape = read_model(bundle.int8_model).main.input_tensors[0].shape[1:]
    features = np.random.default_rng(0).integers(-60, 60, (3, *shape), np.int8)
    integer = bundle_logits(bundle, features, use_float=False)
    floating = bundle_logits(bundle, features, use_float=True)
    assert integer.shape == floating.shape == (3, len(CLASSES))
    assert np.abs(integer - floating).max() < 0.5
