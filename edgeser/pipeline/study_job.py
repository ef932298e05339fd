"""One job of a study: a training, and what its network says of every clip that was kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgeser.bundle import TrainedModel
from edgeser.corpora import Utterance
from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.pipeline.conditions import evaluation_babble, evaluation_variant
from edgeser.pipeline.dataset import raw_features, windows_of
from edgeser.pipeline.groups import kinds_of
from edgeser.pipeline.inference import float_logits, predictions_of
from edgeser.pipeline.job_form import feature_cache, predictions_json, recipe_of
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.pipeline.train import train
from edgeser.progress import SILENT, Reporter
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
    ``predictions`` (one for each corpus that is tested on, and each condition), ``costs``
    (``None``: the study measures them once a variant) and ``facts`` of the training.
    """
    recipe = recipe_of(arguments)
    cache = feature_cache(arguments)
    plan = plan_run(recipe, reporter=reporter)
    trained = train(plan, cache=cache, reporter=reporter)
    best = trained.history[trained.best_epoch]
    asked = arguments.get(CONDITIONS, ())
    conditions = [c for c in EVALUATION_CONDITIONS if c.name == CLEAN or c.name in asked]
    return {
        "predictions": [
            predictions_json(name, predictions, condition=condition, groups=kinds_of(clips))
            for name, condition, clips, predictions in _test_predictions(
                plan, trained, conditions, cache, reporter
            )
        ],
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


def _test_predictions(
    plan: Plan,
    trained: TrainedModel,
    conditions: Sequence[Condition],
    cache: FeatureCache | None,
    reporter: Reporter,
) -> Iterator[tuple[str, str, Sequence[Utterance], Predictions]]:
    """Yield the clips of each corpus under each condition, by name, and what is said of them."""
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
            logits = float_logits(trained, features)
            said = predictions_of(raw.utterances, logits, trained)
            yield name, condition.name, raw.utterances, said
