"""The folder of a run: records come back only for the model that they are about."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgeser.benchmark.bench_report import BenchReport, Figures
from edgeser.benchmark.target import TargetFacts
from edgeser.benchmark.target_parity import TargetParity
from edgeser.pipeline.folder import RunFolder, default_folder
from edgeser.recipe import Recipe
from quantize.edgetpu.difference import OutputDifference, Tolerances
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement


@dataclass(frozen=True)
class Finding:
    count: int
    share: float | None


def test_a_record_comes_back_for_its_own_model_only(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.save_state("stage", Finding(3, None), model_hash="a")
    assert folder.load_state("stage", Finding, model_hash="a") == Finding(3, None)
    assert folder.load_state("stage", Finding, model_hash="b") is None
    assert folder.load_state("other", Finding, model_hash="a") is None


def test_a_record_that_is_not_finite_is_not_kept(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.save_state("stage", Finding(3, float("nan")), model_hash="a")
    assert not folder.state("stage").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "3",
        "[]",
        '{"model_hash": "a"}',
        '{"model_hash": "a", "record": 3}',
        '{"model_hash": "a", "record": {"count": "three"}}',
        '{"model_hash": "a", "record": {"size": 3}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    folder = RunFolder(tmp_path)
    folder.state("stage").parent.mkdir()
    folder.state("stage").write_text(text)
    with pytest.raises(BadInput) as caught:
        folder.load_state("stage", Finding, model_hash="a")
    assert str(folder.state("stage")) in caught.value.message
    assert caught.value.hint == "run 'edgeser stage' again"


def test_a_benchmark_of_an_earlier_version_says_what_to_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    earlier = {"model": "m", "device": "a board", "inference": {"value": 3.0, "unit": "ms"}}
    folder.state("device").parent.mkdir()
    folder.state("device").write_text(json.dumps({"model_hash": "a", "record": earlier}))
    with pytest.raises(BadInput, match="of another version of edgeser") as caught:
        folder.load_state("device", BenchReport, model_hash="a")
    assert caught.value.hint == "run 'edgeser bench --device emulator' again"


def test_a_benchmark_comes_back_as_it_was(tmp_path: Path) -> None:
    time = Measurement(2.0, "ms", Evidence.MEASURED, "a clock", (1.0, 3.0), "least and most")
    target = TargetFacts("emulator", "mps2-an500", "a board", "cortex-m7")
    held = TargetParity(2, "random inputs", 0, 0, 0, 0, "", within())
    report = BenchReport("m", target, Figures(inference_ms=time), (2.0,), parity=held)
    folder = RunFolder(tmp_path)
    folder.save_state("device", report, model_hash="a")
    assert folder.load_state("device", BenchReport, model_hash="a") == report


def within() -> OutputDifference:
    return OutputDifference(2, 12, ((-1, 1), (0, 11)), 0, Tolerances())


def test_a_folder_is_refused_to_another_recipe_but_not_to_another_place(tmp_path: Path) -> None:
    folder, recipe = RunFolder(tmp_path), Recipe("mine")
    folder.begin(recipe, fresh=False)
    folder.recipe.write_text(recipe.to_toml())
    folder.begin(recipe, fresh=False)
    moved = replace(recipe, corpora=(replace(recipe.corpora[0], path="elsewhere"),))
    folder.begin(moved, fresh=False)
    with pytest.raises(BadInput, match="holds a run of another recipe") as caught:
        folder.begin(replace(recipe, seed=1), fresh=False)
    assert str(tmp_path) in caught.value.message
    folder.begin(replace(recipe, seed=1), fresh=True)


def test_a_damaged_recipe_stops_all_but_a_fresh_run(tmp_path: Path) -> None:
    folder, recipe = RunFolder(tmp_path), Recipe("mine")
    folder.recipe.write_text("garbage [[")
    with pytest.raises(BadInput, match="not TOML"):
        folder.begin(recipe, fresh=False)
    folder.begin(recipe, fresh=True)
    assert not folder.recipe.exists()
    folder.begin(recipe, fresh=False)


def test_runs_of_other_seeds_have_folders_of_their_own() -> None:
    roots = {default_folder(Recipe("mine", seed=seed)).root for seed in range(3)}
    assert roots == {Path("runs") / f"mine-seed{seed}" for seed in range(3)}


def test_a_run_among_the_recordings_is_refused(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    (recordings / "anger").mkdir(parents=True)
    recipe = Recipe("mine")
    choice = replace(recipe.corpora[0], name="generic", path=str(recordings))
    recipe = replace(recipe, corpora=(choice,))
    for place in (recordings, recordings / "anger" / ".." / "runs" / "mine"):
        with pytest.raises(BadInput, match=r"among the recordings of generic, .*another --out"):
            RunFolder(place).begin(recipe, fresh=True)
    published = replace(recipe, corpora=(replace(choice, name="cremad"),))
    RunFolder(recordings / "runs").begin(published, fresh=False)
    RunFolder(tmp_path).begin(recipe, fresh=False)
    RunFolder(tmp_path / "recordings2").begin(recipe, fresh=False)
