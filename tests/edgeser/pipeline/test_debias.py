"""A debiased training: what it hears beside the recordings, and the same again when resumed."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.corpora import read_audio
from edgeser.debias.config import DebiasConfig
from edgeser.debias.ranking import RANKING
from edgeser.features import FeatureCache
from edgeser.pipeline import train as stage
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.progress import Progress, Reporter
from edgeser.recipe import Recipe, load_recipe, with_settings
from edgeser.training.data import TrainingData
from quantize.foundation.errors import BadInput, ToolMissing

CONFIG = DebiasConfig(convert="confidence", share=0.4, epochs=2)
needs_pyworld = pytest.mark.skipif(
    importlib.util.find_spec("pyworld") is None, reason="no pyworld: install edgeser[debias]"
)


@pytest.fixture(scope="module")
def recipe(tiny_recipe: Path) -> Recipe:
    found = load_recipe(str(tiny_recipe))
    found = with_settings(found, ["corpus.synthetic_speakers=6", "mixing.probability=0.5"])
    training = dataclasses.replace(found.training, epochs=2, refit=True)
    return dataclasses.replace(found, training=training, debias=CONFIG)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def plan(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_run(recipe, folder=RunFolder(tmp_path_factory.mktemp("plan") / "run"))


class Seen:
    """What trainings were given; `then` may interrupt them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from edgeser import training

        self.data: list[TrainingData] = []
        really = training.train

        def train(network: Any, config: Any, augmentation: Any, data: Any, **rest: Any) -> Any:
            self.data.append(data)
            return really(network, config, augmentation, data, **rest)

        monkeypatch.setattr(training, "train", train)


class Stops(Reporter):
    """Interrupts a stage after its first step."""

    def __init__(self, title: str) -> None:
        self.title = title

    def stage(self, title: str) -> Progress:
        def step(done: int, total: int) -> None:
            if title == self.title and done == 1:
                raise KeyboardInterrupt

        return step


Train = Callable[..., Any]


@needs_pyworld
def test_converted_clips_are_trained_on_beside_the_recordings(
    plan: Plan, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen(monkeypatch)
    folder = RunFolder(tmp_path / "run")
    debiased = stage.train(plan, folder=folder, cache=cache, keep_examples=3)
    bare = dataclasses.replace(plan, recipe=dataclasses.replace(plan.recipe, debias=DebiasConfig()))
    plain = stage.train(bare, cache=cache)
    more, less = seen.data
    count = len(less.train)
    converted = len(more.train) - count
    assert converted > 0
    np.testing.assert_array_equal(more.train.features[:, :count], less.train.features)
    np.testing.assert_array_equal(more.train.labels[:count], less.train.labels)
    assert set(more.train.speakers) == set(less.train.speakers)
    np.testing.assert_array_equal(more.development.features, less.development.features)
    assert more.train.mixtures is not None
    assert not more.train.mixtures.shares[:, count:].any(), "what is converted is not mixed"
    assert not (more.train.features[0, count:] == more.train.features[1, count:]).all()
    assert debiased.frontend == plain.frontend
    assert debiased.weights != plain.weights
    (line,) = [line for line in debiased.corpus.problems if "said again" in line]
    assert line.startswith(f"{converted} of {count} training clips said again in other voices")
    assert debiased.corpus.clips_train == count
    pairs = json.loads((folder.examples / "examples.json").read_text())["pairs"]
    assert [pair["pair"] for pair in pairs] == ["01", "02", "03"]
    clips = {u.clip_id: u for u in plan.corpus.utterances}
    for pair in pairs:
        recorded, said = (
            read_audio(folder.examples / f"{pair['pair']}-{which}.wav")
            for which in ("recorded", "converted")
        )
        source = clips[pair["clip"]]
        np.testing.assert_array_equal(recorded, read_audio(source.sound))
        assert said.shape == recorded.shape
        assert (said != recorded).any()
        assert source.speaker == pair["speaker"] != pair["voice_of"]
        trained = {u.speaker for u in plan.split.select(plan.corpus.utterances, "train")}
        assert {pair["speaker"], pair["voice_of"]} <= trained


@needs_pyworld
def test_interrupted_in_the_ranking_it_goes_on_to_the_same_bits(
    plan: Plan, cache: FeatureCache, tmp_path: Path
) -> None:
    whole = stage.train(plan, folder=RunFolder(tmp_path / "whole"), cache=cache)
    folder = RunFolder(tmp_path / "run")
    for title in (RANKING, "Training"):
        with pytest.raises(KeyboardInterrupt):
            stage.train(plan, folder=folder, cache=cache, resume=True, reporter=Stops(title))
        assert folder.holds_interrupted_training()
    resumed = stage.train(plan, folder=folder, cache=cache, resume=True)
    assert resumed.weights == whole.weights
    without_cache = stage.train(plan)
    assert without_cache.weights == whole.weights


@needs_pyworld
def test_random_conversion_is_of_as_many_clips_and_trains_nothing_before(
    plan: Plan, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen(monkeypatch)
    at_random = dataclasses.replace(CONFIG, convert="random")
    folder = RunFolder(tmp_path / "run")
    other = dataclasses.replace(plan, recipe=dataclasses.replace(plan.recipe, debias=at_random))
    stage.train(plan, cache=cache)
    stage.train(other, folder=folder, cache=cache)
    by_confidence, random = seen.data
    assert len(by_confidence.train) == len(random.train)
    assert sorted(by_confidence.train.labels) == sorted(random.train.labels)
    assert not (folder.checkpoint / "ranking").exists()


def test_examples_of_nothing_are_refused(plan: Plan) -> None:
    bare = dataclasses.replace(plan, recipe=dataclasses.replace(plan.recipe, debias=DebiasConfig()))
    with pytest.raises(BadInput, match="converts no voices"):
        stage.train(bare, keep_examples=10)


def test_a_missing_vocoder_is_named_before_anything_is_trained(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = metadata.version

    def version(name: str) -> str:
        if name == "pyworld":
            raise metadata.PackageNotFoundError(name)
        return really(name)

    monkeypatch.setattr(metadata, "version", version)
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(ToolMissing, match=r"pyworld is not installed"):
        stage.train(plan, folder=folder)
    assert not folder.root.exists()
