"""The study of late fusion that ships: IEMOCAP, five sessions, voice and words apart and fused."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from edgeser.pipeline.source import resolve_recipe
from edgeser.recipe import Recipe
from edgeser.study.combine import combine
from edgeser.study.config import Study, load_study

STUDY = Path(__file__).resolve().parents[3] / "studies" / "late-fusion-iemocap.toml"
HEARS_WORDS = "words" in {field.name for field in fields(Recipe)}


def cells_of(study: Study) -> list[tuple[str, str, int, int | None]]:
    recipe = resolve_recipe(
        study.recipe, corpora=("iemocap:/data/IEMOCAP", "nothing=generic:/data/nothing")
    )
    found = combine(study, recipe, paths={}, work_hash=lambda _: "")
    for cell in found:
        assert cell.job.arguments["recipe_toml"].count("excitement")
    return [(cell.variant, cell.arrangement, cell.seed, cell.fold) for cell in found]


def without_words(study: Study) -> Study:
    kept = tuple(v for v in study.variants if "words" not in v.set)
    return replace(study, variants=kept)


def test_it_names_the_published_comparison() -> None:
    study = load_study(STUDY)
    names = [variant.name for variant in study.variants]
    assert names[:3] == ["voice", "words", "voice and words"]
    assert (study.held_against, study.folds, len(study.seeds)) == ("variant", 5, 3)
    assert {a.name for a in study.arrangements} == {"without nothing", "with nothing"}
    assert [v.name for v in without_words(study).variants] == ["voice"]


def test_every_fold_is_a_session_with_and_without_nothing() -> None:
    cells = cells_of(without_words(load_study(STUDY)))
    assert len(cells) == len(set(cells)) == 2 * 3 * 5


@pytest.mark.skipif(not HEARS_WORDS, reason="recipes have no [words] here")
def test_every_variant_is_a_recipe() -> None:
    study = load_study(STUDY)
    cells = cells_of(study)
    assert len(cells) == len(set(cells)) == 5 * 2 * 3 * 5
