"""One job of a study: a training, and what its network says of every clip that was kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeser.bundle import TrainedModel
from edgeser.corpora import Utterance
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.pipeline.dataset import raw_features, windows_of
from edgeser.pipeline.inference import float_logits, predictions_of
from edgeser.pipeline.job_form import feature_cache, predictions_json, recipe_of
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.pipeline.train import train
from edgeser.progress import SILENT, Reporter


def train_and_score(arguments: Mapping[str, Any], *, reporter: Reporter = SILENT) -> dict[str, Any]:
    """Train a recipe's network and return its logits for the test clips of each corpus.

    Parameters
    ----------
    arguments
        ``recipe_toml``; ``corpora``, paths by name; ``features_dir``, where features are cached,
        or ``None``.
    reporter
        Told of stages.

    Returns
    -------
    ``predictions`` (one for each corpus that is tested on), ``costs`` (``None``: the study measures
    them once a variant) and ``facts`` of the training.
    """
    recipe = recipe_of(arguments)
    cache = feature_cache(arguments)
    plan = plan_run(recipe, reporter=reporter)
    trained = train(plan, cache=cache, reporter=reporter)
    best = trained.history[trained.best_epoch]
    return {
        "predictions": [
            predictions_json(name, predictions)
            for name, predictions in _test_predictions(plan, trained, cache, reporter).items()
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
    plan: Plan, trained: TrainedModel, cache: FeatureCache | None, reporter: Reporter
) -> dict[str, Predictions]:
    tested: dict[str, list[Utterance]] = {}
    for utterance in plan.split.select(plan.corpus.utterances, "test"):
        tested.setdefault(utterance.corpus, []).append(utterance)
    found = {}
    for name, utterances in tested.items():
        raw = raw_features(
            utterances,
            trained.frontend,
            title=f"Test clips of {name}",
            cache=cache,
            reporter=reporter,
        )
        features = windows_of(raw.features, trained.frontend, trained.recipe.window.frames)
        logits = float_logits(trained, features)
        found[name] = predictions_of(raw.utterances, logits, trained)
    return found
