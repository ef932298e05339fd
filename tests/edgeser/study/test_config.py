"""A study's file, and the jobs that come of it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeser.pipeline.source import resolve_recipe
from edgeser.recipe import Recipe, parse_recipe
from edgeser.study.combine import Cell, combine, common_recipe
from edgeser.study.config import Study, arrangements_of, load_study
from edgeser.typed_tables import to_table
from quantize.foundation.errors import BadInput

Load = Callable[[str], Study]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def from_text(text: str) -> Study:
        path = tmp_path / "study.toml"
        path.write_text(text, "utf-8")
        return load_study(path)

    return from_text


def test_a_study_is_read(load: Load, tmp_path: Path) -> None:
    study = load(
        'name = "phase"\nrecipe = "mine.toml"\nseeds = [0, 7]\nfolds = 3\n'
        '[[variants]]\nname = "a"\n'
        '[[variants]]\nname = "b"\nset = { "network.inputs" = "phase", training.epochs = 3 }\n'
        '[[arrangements]]\nname = "one"\ntrain = ["x"]\ntest = ["x", "y"]\n'
    )
    assert (study.seeds, study.folds, study.held_against) == ((0, 7), 3, "variant")
    assert study.recipe == str(tmp_path / "mine.toml")
    assert study.variants[1].set == {"network.inputs": "phase", "training": {"epochs": 3}}
    assert study.arrangements[0].corpora == ("x", "y")
    assert load('name = "small"').held_against == "arrangement"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "s"\nsede = [1]', "no key 'sede'; did you mean 'seeds'"),
        ('name = "s"\n[[variants]]\nnmae = "a"', "no key 'nmae'; did you mean 'name'"),
        ('name = "s"\n[[arrangements]]\nname = "a"\ntrain = ["x"]', "lacks the key 'test'"),
        (
            'name = "s"\n[[arrangements]]\nname = "a"\ntrain = []\ntest = ["x"]',
            "no corpus to train",
        ),
        ('name = "s"\n[[arrangements]]\nname = "a"\ntrain = ["x", "x"]\ntest = ["x"]', "x twice"),
        ('name = "s"\nseeds = [1, 1]', "seed 1 twice"),
        ('name = "s"\nseeds = []', "needs a seed"),
        ('name = "s"\nseeds = [-1]', "a seed is -1"),
        ('name = "s"\nfolds = 1', "folds is 1"),
        ('name = "s"\nvariants = []', "needs a seed and a variant"),
        ('name = "s"\n[[variants]]\nname = "a"\n[[variants]]\nname = "a"', "variant a twice"),
        ('name = "s"\nagainst = "varaint"', "did you mean 'variant'"),
        ('name = "s"\nprotocols = ["matirx"]', "did you mean 'matrix'"),
        ('name = "s"\nconditions = ["bable_10db"]', "did you mean 'babble_10db'"),
        ('name = "s"\nconditions = ["white_5db", "white_5db"]', "condition white_5db twice"),
        ('name = "s"\nconditions = "white_5db"', "conditions"),
        ('name = ""', "cannot be called"),
        ('name = "a\\u001b[31m"', r"cannot be called 'a\\x1b\[31m'"),
        ("name = ", "is not TOML"),
        ("[" * 3000, "is not TOML"),
    ],
)
def test_what_is_wrong_is_one_line(load: Load, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as error:
        load(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        load_study(tmp_path / "none.toml")
    os.mkfifo(tmp_path / "fifo.toml")
    with pytest.raises(BadInput, match="not a regular file"):
        load_study(tmp_path / "fifo.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(BadInput, match="UTF-8"):
        load_study(tmp_path / "latin.toml")


def test_protocols_arrange_all_corpora(load: Load) -> None:
    study = load('name = "cross"\nprotocols = ["matrix", "leave-one-out"]')
    found = arrangements_of(study, ["a", "b", "c"])
    assert [(x.name, x.train, x.test) for x in found] == [
        ("a", ("a",), ("a", "b", "c")),
        ("b", ("b",), ("a", "b", "c")),
        ("c", ("c",), ("a", "b", "c")),
        ("all but a", ("b", "c"), ("a",)),
        ("all but b", ("a", "c"), ("b",)),
        ("all but c", ("a", "b"), ("c",)),
    ]
    with pytest.raises(BadInput, match="needs two corpora"):
        arrangements_of(study, ["a"])


def cells_of(study: Study, recipe: Recipe) -> tuple[Cell, ...]:
    paths = {"cremad": "/data/c", "emodb": "/data/e"}
    tasks = {"train": "fake_tasks:fake_training"}
    return combine(study, recipe, paths=paths, work_hash=lambda r: r.hash, tasks=tasks)


def test_every_combination_is_a_job(load: Load, two_corpora: Recipe) -> None:
    study = load(
        'name = "s"\nseeds = [0, 1, 2]\nfolds = 2\n'
        '[[variants]]\nname = "a"\n[[variants]]\nname = "b"\nset = { training.epochs = 3 }\n'
        '[[arrangements]]\nname = "one"\ntrain = ["cremad"]\ntest = ["cremad", "emodb"]\n'
        '[[arrangements]]\nname = "two"\ntrain = ["cremad", "emodb"]\ntest = ["emodb"]\n'
    )
    cells = cells_of(study, two_corpora)
    assert len(cells) == len({cell.job.key for cell in cells}) == 2 * 3 * 2 * 2
    last = cells[-1]
    assert (last.variant, last.arrangement, last.seed, last.fold) == ("b", "two", 2, 1)
    assert last.trained == ("cremad", "emodb")
    assert last.job.name == "b, two, seed 2, fold 1"
    assert last.job.arguments["corpora"] == {"cremad": "/data/c", "emodb": "/data/e"}
    recipe = parse_recipe(last.job.arguments["recipe_toml"], where="job")
    assert (recipe.seed, recipe.training.epochs) == (2, 3)
    roles = [(c["name"], c["role"], c["fold"], c["folds"]) for c in to_table(recipe)["corpora"]]
    assert roles == [("cremad", "train", 1, 2), ("emodb", "both", 1, 2)]
    first = parse_recipe(cells[0].job.arguments["recipe_toml"], where="job")
    assert [c["role"] for c in to_table(first)["corpora"]] == ["both", "test"]


def test_keys_for_all_variants_give_way_to_the_command_lines_and_to_a_variants(
    load: Load, two_corpora: Recipe
) -> None:
    study = load(
        'name = "s"\nset = { training = { epochs = 3, batch_size = 7, threads = 1 } }\n'
        '[[variants]]\nname = "a"\n[[variants]]\nname = "b"\nset = { training.threads = 2 }\n'
    )
    common = resolve_recipe(common_recipe(study, two_corpora), settings=["training.epochs=9"])
    found = [
        parse_recipe(cell.job.arguments["recipe_toml"], where="job").training
        for cell in cells_of(study, common)
    ]
    assert [(t.epochs, t.batch_size, t.threads) for t in found] == [(9, 7, 1), (9, 7, 2)]
    with pytest.raises(BadInput, match=r"\[set\]: .*no key 'epoch'; did you mean 'epochs'"):
        common_recipe(load('name = "s"\nset = { training.epoch = 3 }'), two_corpora)
    with pytest.raises(BadInput, match=r"\[set\]: 'seed' is for the study"):
        common_recipe(load('name = "s"\nset = { seed = 3 }'), two_corpora)


def test_names_and_places_are_no_part_of_a_key(load: Load, two_corpora: Recipe) -> None:
    text = 'name = "{}"\n[[variants]]\nname = "{}"\n'
    keys = {
        cells_of(load(text.format(*names)), two_corpora)[0].job.key
        for names in (("s", "a"), ("t", "b"))
    }
    assert len(keys) == 1
    other = dataclasses.replace(two_corpora, name="other")
    assert cells_of(load(text.format("s", "a")), other)[0].job.key not in keys


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('"training.epoch" = 3', "variant b: .*no key 'epoch'; did you mean 'epochs'"),
        ("netwrok.inputs = 3", "variant b: .*no key 'netwrok'; did you mean 'network'"),
        ('training.epochs = "x"', "variant b: .*'epochs' is 'x'"),
        ("training.epochs = 0", "variant b: .*epochs"),
        ("seed = 3", "'seed' is for the study"),
        ('"corpora.cremad.fold" = 3', "'corpora.cremad.fold' is for the study"),
        ("training.epochs = [{ a = 1 }]", "variant b: .*whole number"),
        (f"training.epochs = [{{ a = '{'x' * 99}' }}]", "list of tables"),
    ],
)
def test_a_variant_that_cannot_be_is_named_before_any_job(
    load: Load, two_corpora: Recipe, change: str, said: str
) -> None:
    variants = f'[[variants]]\nname = "a"\n[[variants]]\nname = "b"\nset = {{{change}}}'
    study = load(f'name = "s"\n{variants}')
    with pytest.raises(BadInput, match=said) as error:
        cells_of(study, two_corpora)
    assert "\n" not in str(error.value)
    assert "--set" not in str(error.value)


def test_a_corpus_that_is_not_there_is_named_with_the_nearest(
    load: Load, two_corpora: Recipe
) -> None:
    study = load('name = "s"\n[[arrangements]]\nname = "x"\ntrain = ["cremd"]\ntest = ["emodb"]')
    with pytest.raises(BadInput, match="corpus 'cremd'; did you mean 'cremad'"):
        cells_of(study, two_corpora)
    study = load('name = "s"\nseeds = [' + ",".join(map(str, range(40_000))) + "]\nfolds = 3")
    with pytest.raises(BadInput, match="120000 jobs"):
        cells_of(study, two_corpora)


def test_conditions_are_part_of_what_a_training_is_asked(load: Load, two_corpora: Recipe) -> None:
    text = 'name = "s"\n{}\n[[arrangements]]\nname = "one"\ntrain = ["cremad"]\ntest = ["cremad"]\n'
    (plain,) = cells_of(load(text.format("")), two_corpora)
    (clean,) = cells_of(load(text.format('conditions = ["clean"]')), two_corpora)
    noisy = load(text.format('conditions = ["white_5db", "clean", "babble_10db"]'))
    (asked,) = cells_of(noisy, two_corpora)
    assert "conditions" not in plain.job.arguments
    assert clean.job == plain.job  # as it was before there was a choice
    assert asked.job.arguments["conditions"] == ["babble_10db", "white_5db"]
    assert asked.job.key != plain.job.key
    (again,) = cells_of(
        dataclasses.replace(noisy, conditions=("babble_10db", "white_5db")), two_corpora
    )
    assert again.job.key == asked.job.key


def test_the_study_of_heads_hears_noise_and_other_corpora() -> None:
    study = load_study(Path(__file__).parents[3] / "studies" / "heads.toml")
    assert {name.partition("_")[0] for name in study.changed_conditions} == {"babble", "white"}
    assert study.arrangements[0].test[0] == "cremad"
    assert study.variants[0].name == "plain"
