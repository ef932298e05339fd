"""A training by random clips, with the levels of its corpus: what its records say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import TrainedModel, load_trained, save_trained, speakers_in
from edgeser.corpora import write_synthetic_corpus
from edgeser.pipeline.calibrate import calibrate
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.pipeline.source import resolve_recipe
from edgeser.pipeline.train import train
from edgeser.progress import SilentReporter

TINY = Path(__file__).parents[2] / "tiny_recipe.toml"
HEARD = "hears its test speakers in training"


class Notes(SilentReporter):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("voices")
    write_synthetic_corpus(root / "v", speakers=5, utterances=2)
    found: dict[str, Any] = {"path": root / "v"}
    for split in ("random-clips", "folds"):
        settings = [f'corpora.synthetic.split="{split}"', "training.epochs=1"]
        if split == "folds":
            settings.append("conditions.variants=0")
        recipe = resolve_recipe(str(TINY), corpora=[f"synthetic:{root / 'v'}"], settings=settings)
        notes = Notes()
        plan = plan_run(recipe)
        found[split] = plan, train(plan, reporter=notes), notes.lines
    return found


def test_random_clips_are_said_of_a_training(trainings: dict[str, Any], tmp_path: Path) -> None:
    plan: Plan
    model: TrainedModel
    plan, model, notes = trainings["random-clips"]
    tested = plan.split.select(plan.corpus.utterances, "test")
    learned = plan.split.select(plan.corpus.utterances, "train")
    assert not {u.clip_id for u in tested} & {u.clip_id for u in learned}
    assert {u.speaker for u in tested} & {u.speaker for u in learned}
    assert model.corpus.caveat == HEARD
    assert any(HEARD in line for line in model.corpus.caveats)
    assert HEARD in model.corpus.split_source
    assert any(HEARD in line for line in notes)
    assert any(HEARD in line for line in model.corpus.problems)
    assert speakers_in(model, "test") == len({u.speaker for u in tested})
    save_trained(tmp_path / "t.zip", model)
    again = load_trained(tmp_path / "t.zip")
    assert (again.split, again.corpus) == (model.split, model.corpus)


def test_calibration_hears_no_test_clip(trainings: dict[str, Any]) -> None:
    plan, model, _ = trainings["random-clips"]
    found = calibrate(model, corpora=[f"synthetic:{trainings['path']}"], count=16)
    clips = {name.partition("@")[0] for name in found.chosen.clips}
    assert clips <= plan.split.train


def test_speakers_are_apart_otherwise(trainings: dict[str, Any]) -> None:
    _, model, notes = trainings["folds"]
    assert (model.corpus.caveat, model.corpus.caveats) == ("", ())
    assert not any(HEARD in line for line in notes)


def test_levels_are_measured_before_a_training_and_kept(trainings: dict[str, Any]) -> None:
    _, with_conditions, quiet = trainings["random-clips"]
    _, without, notes = trainings["folds"]
    for model in (with_conditions, without):
        (member,) = model.corpus.members
        assert member.levels is not None
        assert member.levels.clips == 60
        low, middle, high = member.levels.rms_dbfs
        assert -60 < low <= middle <= high < -5
    assert "which covers that" in with_conditions.corpus.level_span
    assert not any(line.startswith("levels:") for line in quiet)
    assert "does not cover that" in without.corpus.level_span
    (note,) = [line for line in notes if line.startswith("levels:")]
    assert "conditions.level_db" in note
    (note,) = [line for line in notes if line.startswith("noise floors:")]
    assert "conditions.floor_raise_db, gate_db" in note
    for model in (with_conditions, without):
        assert "above their noise floors" in model.corpus.level_span
