"""What a study's costs are measured of: every variant of the studies that ship can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeser.pipeline.jobs.costs import _barely_trained
from edgeser.recipe import Recipe, load_recipe
from edgeser.study.combine import combine, common_recipe
from edgeser.study.config import load_study
from edgeser.study.tasks import TRAIN

STUDIES = sorted((Path(__file__).parents[3] / "studies").glob("*.toml"))
CORPORA = ("cremad", "ravdess", "nemo", "emodb", "iemocap", "nothing")


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_each_variant_of_a_study_that_ships_can_be_measured(path: Path) -> None:
    study = load_study(path)
    recipe = common_recipe(study, load_recipe(study.recipe))
    named = recipe.corpora[0]
    corpora = tuple(replace(named, name=name, path=f"/data/{name}") for name in CORPORA)
    trained: dict[str, Recipe] = {}

    def hash_of(made: Recipe) -> str:
        trained[made.hash] = made
        return made.hash

    paths = {name: f"/data/{name}" for name in CORPORA}
    cells = combine(study, replace(recipe, corpora=corpora), paths=paths, work_hash=hash_of)
    assert any(cell.job.task == TRAIN for cell in cells)
    assert trained
    for made in trained.values():
        barely = _barely_trained(made)
        assert barely.network == made.network
        assert (barely.training.epochs, barely.conditions.variants) == (1, 0)
        assert barely.mixing.probability == 0.0
        assert barely.teacher.kind == "none"
