"""What the jobs of a study are given, and what they answer, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgeser.evaluation.predictions import Predictions
from edgeser.recipe import Recipe, parse_recipe


def recipe_of(arguments: Mapping[str, Any]) -> Recipe:
    """Return a job's recipe with the paths of its corpora."""
    recipe = parse_recipe(arguments["recipe_toml"], where="the recipe of the job")
    paths = arguments["corpora"]
    return replace(
        recipe,
        corpora=tuple(replace(c, path=paths.get(c.name, c.path)) for c in recipe.corpora),
    )


def predictions_json(corpus: str, predictions: Predictions) -> dict[str, Any]:
    """Return what was said of the clips of a corpus as JSON."""
    return {
        "corpus": corpus,
        "clip_ids": list(predictions.clip_ids),
        "speakers": list(predictions.speakers),
        "anonymous": sorted(predictions.anonymous.intersection(predictions.speakers)),
        "labels": predictions.labels.tolist(),
        "classes": list(predictions.classes),
        "logits": predictions.logits.tolist(),
    }
