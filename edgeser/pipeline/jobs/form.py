"""What the jobs of a study are given, and what they answer, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.recipe import Recipe, parse_recipe


def recipe_of(arguments: Mapping[str, Any]) -> Recipe:
    """Return a job's recipe with the paths of its corpora."""
    recipe = parse_recipe(arguments["recipe_toml"], where="the recipe of the job")
    paths = arguments["corpora"]
    return replace(
        recipe,
        corpora=tuple(replace(c, path=paths.get(c.name, c.path)) for c in recipe.corpora),
    )


def features_folder(arguments: Mapping[str, Any]) -> Path | None:
    """Return where a job keeps features for the next one; ``None`` where nothing is kept."""
    folder = arguments.get("features_dir")
    return Path(folder) if folder else None


def feature_cache(arguments: Mapping[str, Any]) -> FeatureCache | None:
    """Return the cache in that folder."""
    folder = features_folder(arguments)
    return FeatureCache(folder) if folder else None


def predictions_json(
    corpus: str,
    predictions: Predictions,
    *,
    condition: str = CLEAN,
    groups: Sequence[tuple[str, Sequence[str]]] = (),
) -> dict[str, Any]:
    """Return what was said of the clips of a corpus, heard under a condition, as JSON.

    `groups` are what clips can be grouped by, and the group of each.
    """
    return {
        "corpus": corpus,
        **({} if condition == CLEAN else {"condition": condition}),
        "clip_ids": list(predictions.clip_ids),
        "speakers": list(predictions.speakers),
        "anonymous": sorted(predictions.anonymous.intersection(predictions.speakers)),
        "labels": predictions.labels.tolist(),
        "classes": list(predictions.classes),
        "logits": predictions.logits.tolist(),
        **({"groups": {kind: list(names) for kind, names in groups}} if groups else {}),
    }
