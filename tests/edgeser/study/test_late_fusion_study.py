"""The studies of words that ship: voice and words apart and fused, with and without "nothing"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeser.pipeline.source import with_corpora
from edgeser.recipe import Recipe, load_recipe, parse_recipe
from edgeser.study.combine import Cell, combine, common_recipe
from edgeser.study.config import Study, load_study

STUDIES = Path(__file__).resolve().parents[3] / "studies"
LATE_FUSION = "late-fusion-iemocap"
WORDS = {
    LATE_FUSION: ("iemocap", 10 * 3 * 5),
    "words": ("spoken", 4 * 3 * 4),
    "words-cremad": ("cremad", 4 * 3),
}


def study_named(name: str) -> Study:
    return load_study(STUDIES / f"{name}.toml")


def cells_of(study: Study, corpus: str) -> tuple[Cell, ...]:
    common = with_corpora(
        common_recipe(study, load_recipe(study.recipe)), [f"{corpus}:/data/{corpus}"]
    )
    return combine(study, common, paths={}, work_hash=lambda recipe: recipe.hash)


def recipe_of(cell: Cell) -> Recipe:
    return parse_recipe(cell.job.arguments["recipe_toml"], where="the job")


@pytest.mark.parametrize("name", WORDS)
def test_every_job_is_a_recipe_of_its_own_and_words_have_an_encoder(name: str) -> None:
    corpus, jobs = WORDS[name]
    cells = cells_of(study_named(name), corpus)
    assert len(cells) == len({cell.job.key for cell in cells}) == jobs
    for cell in cells:
        words = recipe_of(cell).words
        assert words.encoder == "runs/keywords"
        if cell.variant.startswith("voice") and "words" not in cell.variant:
            assert words.kind == "none"
        else:
            assert words.kind == "frozen"
            assert words.branches == ("words" if cell.variant.startswith("words") else "both")
            assert words.fusion == ("gated" if "gated" in cell.variant else "concatenation")
    assert {recipe_of(cell).seed for cell in cells} == {0, 1, 2}
    assert cells[0].variant == "voice"


def test_the_published_comparison_is_made_with_the_class_nothing_and_without_it() -> None:
    cells = cells_of(study_named(LATE_FUSION), "iemocap")
    learnt = {cell.variant: recipe_of(cell).nothing.share for cell in cells}
    plain = {name for name, share in learnt.items() if share == 0.0}
    assert {name for name, share in learnt.items() if share == 1.0} == {
        f"{name}, and nothing" for name in plain
    }
    assert len(plain) == 5
    for cell in cells:
        recipe = recipe_of(cell)
        assert recipe.labels.map == {"excitement": "happiness"}
        assert recipe.labels.kind == "emotions"
        assert recipe.corpora[0].split == "sessions"
        assert recipe.corpora[0].folds == 5


def test_all_six_emotions_of_cremad_in_the_published_split() -> None:
    for cell in cells_of(study_named("words-cremad"), "cremad"):
        recipe = recipe_of(cell)
        assert recipe.labels.leave_out == ()
        assert recipe.corpora[0].split == "published"


def test_what_a_variant_names_is_resolved_once_for_each_variant() -> None:
    seen: list[str] = []

    def resolve(recipe: Recipe) -> Recipe:
        seen.append(recipe.words.kind)
        return replace(recipe, words=replace(recipe.words, encoder="/found"))

    study = study_named("words")
    common = with_corpora(common_recipe(study, load_recipe("words")), ["spoken:/data/spoken"])
    cells = combine(study, common, paths={}, work_hash=lambda _: "", resolve=resolve)
    assert seen == ["none", "frozen", "frozen", "frozen"]
    assert {recipe_of(cell).words.encoder for cell in cells} == {"/found"}
