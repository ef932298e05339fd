"""A study's job: the classical baseline, trained and tested on the very split of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeser.baseline.cache import FunctionalsCache
from edgeser.baseline.classifiers import (
    BaselineResult,
    classifier_kind,
    fit_and_predict,
)
from edgeser.baseline.functionals import functional_set, functionals_of
from edgeser.baseline.licence import LICENCE, require_extra
from edgeser.corpora import Utterance, open_corpus
from edgeser.corpora.random_clips import Division, caveat_of
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.dataset import split_of
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import parse_recipe
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class Divided:
    """What the job needs of a run's plan: recordings, labels, and who is tested."""

    utterances: tuple[Utterance, ...]
    classes: tuple[str, ...]
    division: Division
    seed: int


def train_and_score(
    arguments: Mapping[str, Any], *, workers: int = 1, reporter: Reporter = SILENT
) -> dict[str, Any]:
    """Train a classifier on functionals of the training and development speakers, and test it.

    Parameters
    ----------
    arguments
        ``recipe_toml``: the resolved recipe; ``corpora``: name to path; ``features_dir``: where
        functionals are cached, or `None`; ``functionals``: ``"eGeMAPSv02"`` or ``"ComParE_2016"``;
        ``classifier``: ``"logistic"`` or ``"mlp"``.
    workers
        Child processes that compute functionals: a job is counted as one thread.
    reporter
        Told of stages, and of clips that are left out.

    Returns
    -------
    ``predictions``: for each corpus that is tested, clips, truth (indices in ``classes``) and
    log-probabilities; ``costs``: `None`, since this runs on no device; ``facts``: what was chosen,
    counted and left out, and under which licence.

    Raises
    ------
    BadInput
        When an argument is missing or names what there is not, or nothing is left to train on.
    ToolMissing
        Without the extra ``edgeser[baseline]``.
    """
    chosen = functional_set(_text(arguments, "functionals"))
    kind = classifier_kind(_text(arguments, "classifier"))
    versions = {name: require_extra(name) for name in ("opensmile", "scikit-learn")}
    divided = _divided(_text(arguments, "recipe_toml"), arguments.get("corpora") or {})
    folder = arguments.get("features_dir")
    cache = FunctionalsCache(Path(str(folder))) if folder is not None else None
    train, test = (
        functionals_of(
            [u for part in parts for u in divided.division.select(divided.utterances, part)],
            chosen,
            title=f"Computing {chosen} of {parts[0]} clips",
            cache=cache,
            workers=workers,
            reporter=reporter,
        )
        for parts in (("train", "development"), ("test",))
    )
    result = fit_and_predict(train, test, divided.classes, kind, seed=divided.seed)
    facts = {
        "variant": f"{chosen}, {kind}",
        "functionals": str(chosen),
        "classifier": str(kind),
        "trained_on": "training and development clips: strengths are chosen by folds of speakers",
        "train_clips": len(train),
        "train_speakers": len({u.speaker for u in train.utterances}),
        "test_clips": len(test),
        "left_out": [*train.problems, *test.problems],
        "caveat": caveat_of(divided.division),
        "versions": versions,
        "licence": LICENCE,
        **_facts(result),
    }
    by_corpus = _by_corpus(result.predictions, test.utterances)
    return {"predictions": by_corpus, "costs": None, "facts": facts}


def _divided(recipe_toml: str, corpora: Mapping[str, str]) -> Divided:
    """Return the plan of the recipe: the one place that knows how a run divides its recordings."""
    recipe = parse_recipe(recipe_toml, where="the job's recipe")
    name = recipe.corpus.name
    path = corpora.get(name, recipe.corpus.path)
    if path is None:
        raise BadInput(f"this needs the recordings of {name}", hint="name its folder in corpora")
    corpus = open_corpus(name, Path(path))
    return Divided(corpus.utterances, corpus.emotions, split_of(corpus, recipe), recipe.seed)


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str):
        raise BadInput(f"the job's argument '{key}' is not a text")
    return value


def _facts(result: BaselineResult) -> dict[str, Any]:
    return {
        "strength": result.tuning.strength,
        "tuning_folds": result.tuning.folds,
        "tuning_uars": [list(pair) for pair in result.tuning.uars],
        "features": result.features,
        "not_finite": {"train": result.not_finite[0], "test": result.not_finite[1]},
        "converged": result.converged,
    }


def _by_corpus(predictions: Predictions, utterances: Sequence[Utterance]) -> list[dict[str, Any]]:
    names = [utterance.corpus for utterance in utterances]
    found = []
    for name in dict.fromkeys(names):
        of_it = predictions.select(np.asarray([n == name for n in names], np.bool_))
        found.append(
            {
                "corpus": name,
                "clip_ids": list(of_it.clip_ids),
                "speakers": list(of_it.speakers),
                "labels": of_it.labels.tolist(),
                "classes": list(of_it.classes),
                "logits": [[float(x) for x in row] for row in of_it.logits],
            }
        )
    return found
