"""One job of a study: a training, and what its network says of every clip that was kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeser.bundle import TrainedModel
from edgeser.corpora import Utterance
from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.hearing import SHUFFLED
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.pipeline.groups import kinds_of
from edgeser.pipeline.hearing import with_wrong_words
from edgeser.pipeline.inference import float_logits, predictions_of
from edgeser.pipeline.jobs.form import feature_cache, predictions_json, recipe_of
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.pipeline.train import train
from edgeser.pipeline.training_data.conditions import evaluation_babble, evaluation_variant
from edgeser.pipeline.training_data.dataset import raw_features, windows_of
from edgeser.progress import SILENT, Reporter
from edgeser.study.scores import part_of
from edgeser.study.tasks import CONDITIONS
from edgeser.training.variants import EVALUATION_CONDITIONS, Condition


def train_and_score(arguments: Mapping[str, Any], *, reporter: Reporter = SILENT) -> dict[str, Any]:
    """Train a recipe's network and return its logits for the test clips of each corpus.

    Parameters
    ----------
    arguments
        ``recipe_toml``; ``corpora``, paths by name; ``features_dir``, where features are cached,
        or ``None``; ``conditions``, where clips are heard under some: their names.
    reporter
        Told of stages.

    Returns
    -------
    ``predictions`` (one for each corpus that is tested on, and each condition; where it is known
    whether words tell an emotion, of these clips apart too), ``hearings`` (the same with wrong
    words, by what is heard, of networks of words and voice), ``costs`` (``None``: the study
    measures them once a variant) and ``facts`` of the training.
    """
    recipe = recipe_of(arguments)
    cache = feature_cache(arguments)
    plan = plan_run(recipe, reporter=reporter)
    trained = train(plan, cache=cache, reporter=reporter)
    best = trained.history[trained.best_epoch]
    asked = arguments.get(CONDITIONS, ())
    conditions = [c for c in EVALUATION_CONDITIONS if c.name == CLEAN or c.name in asked]
    said = list(_test_predictions(plan, trained, conditions, cache, reporter))
    hearings: dict[str, list[Any]] = {}
    for told in said:
        if told.heard:
            hearings.setdefault(told.heard, []).append(told.to_json())
    return {
        "predictions": [told.to_json() for told in said if not told.heard],
        **({"hearings": hearings} if hearings else {}),
        "costs": None,
        "facts": {
            "best_epoch": trained.best_epoch,
            "epochs": len(trained.history),
            "development_uar": best.development_uar,
            "seconds": trained.seconds,
            "clips_train": trained.corpus.clips_train,
            "input_hash": plan.input_hash,
            "problems": list(trained.corpus.problems),
        },
    }


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of clips of a corpus, under a condition; `heard` where that was made wrong."""

    name: str
    condition: str
    predictions: Predictions
    clips: Sequence[Utterance]
    heard: str = ""

    def to_json(self) -> dict[str, Any]:
        return predictions_json(
            self.name, self.predictions, condition=self.condition, groups=kinds_of(self.clips)
        )


def _test_predictions(
    plan: Plan,
    trained: TrainedModel,
    conditions: Sequence[Condition],
    cache: FeatureCache | None,
    reporter: Reporter,
) -> Iterator[_Told]:
    """Yield what is said of the clips of each corpus under each condition."""
    every = plan.split.select(plan.corpus.utterances, "test")
    tested: dict[str, list[Utterance]] = {}
    for utterance in every:
        tested.setdefault(utterance.corpus, []).append(utterance)
    babble = np.zeros(0, np.int16)
    if any(condition.kind == "babble" for condition in conditions):
        babble = evaluation_babble(plan.corpus.utterances, plan.split, every)
    for name, utterances in tested.items():
        for condition in conditions:
            clean = condition.name == CLEAN
            raw = raw_features(
                utterances,
                trained.frontend,
                title=f"Test clips of {name}{'' if clean else f', {condition.name}'}",
                variant=evaluation_variant(condition, babble),
                cache=cache,
                reporter=reporter,
            )
            features = windows_of(raw.features, trained.frontend, trained.recipe.window.frames)
            answers = {"": float_logits(trained, features)}
            wrong = with_wrong_words(trained, raw.utterances, features) if clean else None
            if wrong is not None:
                answers[SHUFFLED] = wrong
            for heard, logits in answers.items():
                said = predictions_of(raw.utterances, logits, trained)
                yield _Told(name, condition.name, said, raw.utterances, heard)
                for part, of_part, clips in _by_wording(raw.utterances, said):
                    yield _Told(part_of(name, part), condition.name, of_part, clips, heard)


def _by_wording(
    utterances: Sequence[Utterance], said: Predictions
) -> Iterator[tuple[str, Predictions, Sequence[Utterance]]]:
    """Yield what is said of clips whose words tell an emotion, and of those whose do not."""
    for wording in sorted({u.wording for u in utterances if u.wording is not None}):
        chosen = np.array([u.wording == wording for u in utterances])
        clips = [u for u in utterances if u.wording == wording]
        yield f"{wording} words", said.select(chosen), clips
