"""Several runs side by side, by the real command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Edgeser = Callable[..., Any]
Road = Any  # of conftest.py


@pytest.fixture(scope="module")
def other_seed(another_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained with another seed, and not exported."""
    folder = tmp_path_factory.mktemp("compared") / "seed1"
    folder.mkdir()
    for name in ("recipe.toml", "trained.zip"):
        shutil.copy(another_seed / name, folder)
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
    assert both["above_first"] is None
    above = alone["mean"]["value"] - both["mean"]["value"]
    assert alone["above_first"]["value"] == pytest.approx(above)
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
