"""The other commands on a finished run: inspect, predict, features, calibrate, evaluate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.bundle import Bundle, CalibrationSet, load_bundle, load_trained
from edgeser.bundle.trained import encode_calibration
from firmware_bridge.frontend import FrontendConfig, compute_features

Edgeser = Callable[..., Any]
Road = Any  # of conftest.py


CLASSES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]


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


def test_an_overlay_has_the_noise_of_a_runs_layers(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    overlay, parity = tmp_path / "overlay.json", road.folder / "parity.json"
    chosen = ("--overlay-of", "sqnr", "--parity", parity)
    ran = edgeser("inspect", road.folder, "--overlay", overlay, *chosen, "-q")
    assert (ran.code, ran.err) == (0, "")
    layers = json.loads(parity.read_text())["float_against_int8"]["layers"]
    expected = [layer["sqnr_db"] for layer in layers if layer["sqnr_db"] is not None]
    results = json.loads(overlay.read_text())["main"]["results"]
    assert [row["value"] for row in results.values()] == expected
    assert len(expected) > 10


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


def test_predict_says_unsure_where_too_little_is_certain(
    edgeser: Edgeser, road: Road, road_bundle: Bundle, clips: dict[str, Path]
) -> None:
    voices = sorted((road.folder / "synthetic-voices" / "audio").iterdir())[:12]
    assert road_bundle.rule.calibrated
    ran = edgeser("predict", road.folder, *voices, "--coverage", 0.5, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    rule = result["decision"]
    assert (rule["wanted"], rule["calibrated"]) == ("coverage 0.5", True)
    assert rule["unsure_below"] > 0
    for clip in result["clips"]:
        assert clip["unsure"] == (clip["probability"] * 32768 < rule["unsure_below"])
        assert clip["probability"] == max(clip["probabilities"].values())
    assert {clip["unsure"] for clip in result["clips"]} == {False, True}
    streamed = edgeser(
        "predict", road.folder, clips["long"], "--stream", "--coverage", 0.5, "--json"
    )
    decisions = json.loads(streamed.out)["clips"][0]["decisions"]
    assert decisions
    for decision in decisions:
        assert decision["unsure"] == (decision["probability"] * 32768 < rule["unsure_below"])


def test_a_risk_that_cannot_be_had_is_refused_and_says_what_can(
    edgeser: Edgeser, road: Road, clips: dict[str, Path], tmp_path: Path
) -> None:
    for arguments in (
        ("predict", road.folder, clips["plain"]),
        ("export", road.folder, "--target", "firmware", "--out", tmp_path / "firmware"),
    ):
        ran = edgeser(*arguments, "--risk", 0.001)
        assert ran.code == 2
        assert "risk 0.001 cannot be had on the development clips: the lowest is" in ran.err
        assert ran.err.strip().splitlines()[-1].endswith("or a coverage")
    assert not (tmp_path / "firmware").exists()
    both = edgeser("predict", road.folder, clips["plain"], "--risk", 0.3, "--coverage", 0.5)
    assert (both.code, "give one of them" in both.err) == (2, True)


def test_the_threshold_of_a_finished_run_is_chosen_anew_without_training(
    edgeser: Edgeser, road: Road, tmp_path: Path
) -> None:
    again = tmp_path / "run"
    shutil.copytree(road.folder, again)
    recipe = again / "recipe.toml"
    ran = edgeser("run", recipe, "--out", again, "--set", "decision.coverage=0.5", "--json")
    assert ran.code == 0, ran.err
    assert "kept from the last run" in ran.err
    before, after = load_bundle(road.folder / "bundle.zip"), load_bundle(again / "bundle.zip")
    assert (after.rule.wanted, after.trained.recipe.hash) == (
        "coverage 0.5",
        before.trained.recipe.hash,
    )
    assert after.int8_model == before.int8_model


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
    assert "its array features is int8 [1, 9, 9, 1], not int8 [any, 48, 40, 3]" in line
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
