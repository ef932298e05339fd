"""The whole pipeline by the real command: what a run leaves, and what damage to it does."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.bundle import Bundle, load_trained
from edgeser.pipeline.inference import float_logits, output_grid
from edgeser.pipeline.int8_inference import int8_logits
from edgeser.recipe import load_recipe
from quantize.tflite import read_model

Edgeser = Callable[..., Any]
Road = Any  # of conftest.py


EVIDENCE = {"measured", "emulated", "predicted"}
CLASSES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]


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
    assert report["schema"] == "edgeser.report/2"
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
    road: Road, road_bundle: Bundle, tiny_recipe: Path
) -> None:
    given = load_recipe(str(tiny_recipe))
    assert load_recipe(str(road.folder / "recipe.toml")).hash == given.hash
    assert road_bundle.trained.recipe.hash == given.hash


def test_the_bundle_holds_a_fully_integer_model_of_one_input(
    road: Road, road_bundle: Bundle
) -> None:
    assert (road.folder / "model_int8.tflite").read_bytes() == road_bundle.int8_model
    graph = read_model(road_bundle.int8_model).main
    (given,), (answer,) = graph.input_tensors, graph.output_tensors
    frontend, recipe = road_bundle.trained.frontend, road_bundle.trained.recipe
    assert given.shape == (1, recipe.window.frames, frontend.channels, len(frontend.planes))
    assert answer.shape == (1, len(CLASSES))
    assert {given.dtype.numpy, answer.dtype.numpy} == {np.dtype(np.int8)}
    assert given.quantisation is not None
    assert (given.quantisation.scale, given.quantisation.zero_point) == (1 / 32, 0)


def test_speakers_of_the_three_parts_are_disjoint_and_all_there(road_bundle: Bundle) -> None:
    split, corpus = road_bundle.trained.split, road_bundle.trained.corpus
    assert len(split.train | split.development | split.test) == 5
    assert min(map(len, (split.train, split.development, split.test))) >= 1
    clips = (corpus.clips_train, corpus.clips_development, corpus.clips_test)
    speakers = (len(split.train), len(split.development), len(split.test))
    assert clips == tuple(6 * count for count in speakers)
    assert road_bundle.trained.classes == tuple(CLASSES)
    assert corpus.synthetic


def test_the_bundle_keeps_the_figures_that_were_measured(road_bundle: Bundle) -> None:
    assert {"float.uar", "int8.uar", "label_flip_rate"} <= set(road_bundle.metrics)


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
        assert json.loads(text)["schema"] == "edgeser.report/2"
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
    ran = edgeser("train", tiny_recipe, "--out", again, "--fresh", "--json", anew=True, **cold)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["schema"] == "edgeser.train/1"
    first = load_trained(road.folder / "trained.zip")
    second = load_trained(again / "trained.zip")
    assert second.weights == first.weights
    assert second.history == first.history
    assert second.frontend == first.frontend
    assert second.corpus == first.corpus
    ran = edgeser("export", again, "--target", "int8", "--json", anew=True, **cold)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["schema"] == "edgeser.export/1"
    model = (again / "model_int8.tflite").read_bytes()
    assert model == (road.folder / "model_int8.tflite").read_bytes()


def test_a_second_training_is_told_of_and_is_in_report_and_model_card(
    edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    settings = ("--set", "training.refit=true", "--set", "training.epochs=2")
    settings += ("--set", "training.teachers=1")
    ran = edgeser("train", tiny_recipe, *settings, "--out", folder, "--json")
    assert ran.code == 0, ran.err
    assert (json.loads(ran.out)["refit"], json.loads(ran.out)["teachers"]) == (True, 2)
    assert "Training teacher 1 of 1, development speakers too" in ran.err
    assert "Training again, development speakers too" in ran.err
    for command in (("export", folder), ("report", folder)):
        ran = edgeser(*command)
        assert ran.code == 0, ran.err
    report = (folder / "report.html").read_text()
    assert "a second network was trained for as many" in report
    assert "it learnt from the answers of 2 trained before it" in report
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        (card,) = (n for n in archive.namelist() if n.endswith(".md"))
        assert "Then trained again" in archive.read(card).decode()
        assert "taught by 2 networks" in archive.read(card).decode()


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


@pytest.mark.parametrize("state", ["parity", "test-set", "parity-tolerances"])
def test_a_state_that_is_damaged_is_named(
    state: str, road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    shutil.copytree(road.folder, work)
    (work / "state" / f"{state}.json").write_text('{"model_hash": ')
    ran = edgeser("report", work, "--quiet")
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert f"state/{state}.json: it is damaged; run 'edgeser parity' again" in line


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


def test_the_model_answers_as_the_library_says(road: Road, road_bundle: Bundle) -> None:
    """The library and the command share one path: float and int8 logits lie close together."""
    shape = read_model(road_bundle.int8_model).main.input_tensors[0].shape[1:]
    features = np.random.default_rng(0).integers(-60, 60, (3, *shape), np.int8)
    grid = output_grid(road_bundle.int8_model)
    integer = grid.dequantise(int8_logits(road_bundle.int8_model, features))
    floating = float_logits(road_bundle.trained, features)
    assert integer.shape == floating.shape == (3, len(CLASSES))
    assert np.abs(integer - floating).max() < 0.5
