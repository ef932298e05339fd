"""What was taught by an embedding of others says so, and is refused where something ships."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import edgeser
from edgeser.bundle import TrainedModel, load_bundle, load_trained, save_trained
from edgeser.bundle.shipping import require_shippable
from edgeser.bundle.trained import TRAINING
from edgeser.features.public_embedding import PUBLIC_EMBEDDING
from edgeser.network.words_config import WordsConfig
from edgeser.pipeline import train as stage
from edgeser.pipeline.plan import plan_run
from edgeser.pipeline.report import _statement
from edgeser.pipeline.source import resolve_recipe
from edgeser.pipeline.training_data import heard
from edgeser.report.model_card import _derived
from edgeser.training.losses.config import LossConfig
from quantize.foundation.errors import CheckFailed

TINY = Path(__file__).parents[2] / "tiny_recipe.toml"
SHIPPED = Path(edgeser.__file__).parent / "pretrained"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """A network that learnt beside a made-up public embedding."""

    def made_up(parts: dict[str, list[object]], **_: object) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(0)
        sizes = {name: len(clips) for name, clips in parts.items() if name != "test"}
        return {n: rng.normal(size=(s, 6)).astype(np.float32) for n, s in sizes.items()}

    from edgeser.pipeline.folder import RunFolder

    settings = ["loss.public=0.2", "training.epochs=1", "training.refit=true"]
    settings += ["conditions.variants=0"]
    recipe = resolve_recipe(str(TINY), settings=settings)
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heard, "public_embeddings", made_up)
        return stage.train(plan_run(recipe, folder=folder))


def test_it_says_what_it_is_derived_from(trained: TrainedModel, tmp_path: Path) -> None:
    (source,) = trained.derived_from
    assert "livekit-wakeword 0.3.0" in source
    assert json.loads(trained.to_members()[TRAINING])["derived_from"] == [source]
    assert source in _statement(trained)
    assert "do not pass this model on" in _derived(trained.derived_from)[0]
    save_trained(tmp_path / "x.zip", trained)
    assert load_trained(tmp_path / "x.zip").derived_from == (source,)


def test_it_cannot_ship(trained: TrainedModel) -> None:
    with pytest.raises(CheckFailed, match="cannot ship"):
        require_shippable(trained)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (LossConfig(imitate=1.0), WordsConfig()),
        (LossConfig(), WordsConfig(kind="frozen", derived_from=PUBLIC_EMBEDDING)),
        (LossConfig(public=1.0), WordsConfig(kind="frozen", derived_from=PUBLIC_EMBEDDING)),
    ],
)
def test_what_imitates_it_or_hears_words_by_it_is_derived_too(
    trained: TrainedModel, loss: LossConfig, words: WordsConfig
) -> None:
    other = replace(trained, recipe=replace(trained.recipe, loss=loss, words=words))
    assert other.derived_from == (PUBLIC_EMBEDDING,)
    with pytest.raises(CheckFailed, match="cannot ship"):
        require_shippable(other)


def test_what_is_not_derived_from_others_may(trained: TrainedModel) -> None:
    recipe = replace(trained.recipe, loss=replace(trained.recipe.loss, public=0.0))
    own = replace(trained, recipe=recipe)
    require_shippable(own)
    assert "derived_from" not in json.loads(own.to_members()[TRAINING])
    assert "derived" not in _statement(own)
    assert _derived(own.derived_from) == []


def test_what_ships_may_ship() -> None:
    bundles = sorted(SHIPPED.rglob("*.zip"))
    assert bundles
    for path in bundles:
        trained = load_bundle(path).trained
        require_shippable(trained)
        assert trained.derived_from == ()
