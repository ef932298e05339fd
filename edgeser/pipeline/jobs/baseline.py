"""One job of a study: the classical baseline, fitted and tested on the very split of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeser.baseline.cache import FunctionalsCache
from edgeser.baseline.choice import Baseline
from edgeser.baseline.classifiers import fit_and_predict
from edgeser.baseline.functionals import Functionals, functionals_of
from edgeser.baseline.licence import LICENCE, baseline_versions
from edgeser.pipeline.groups import kinds_of
from edgeser.pipeline.jobs.form import features_folder, predictions_json, recipe_of
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.progress import SILENT, Reporter
from edgeser.typed_tables import from_table

_LEARNS = ("train", "development")
"""A strength of regularisation is chosen by folds of speakers, so none has to be kept apart."""


def fit_and_score(arguments: Mapping[str, Any], *, reporter: Reporter = SILENT) -> dict[str, Any]:
    """Fit a classifier on functionals of a plan's speakers and return what it says of the others.

    It learns from the training and development speakers, which the network learns from and chooses
    by, and is tested on the same clips as the network.

    Parameters
    ----------
    arguments
        As those of `edgeser.pipeline.jobs.training.train_and_score`; ``baseline`` too: a `Baseline`
        as a table. Functionals are cached in ``features_dir``.
    reporter
        Told of stages, and of clips that are left out.

    Returns
    -------
    ``predictions`` (log-probabilities, one table for each corpus that is tested on), ``costs``
    (``None``: it runs on no device) and ``facts``: what was chosen, counted and left out.

    Raises
    ------
    BadInput
        When nothing is left to train or to test on.
    ToolMissing
        Without the extra ``edgeser[baseline]``.
    """
    baseline = from_table(Baseline, arguments["baseline"], where="the baseline of the job")
    versions = baseline_versions()
    folder = features_folder(arguments)
    cache = FunctionalsCache(folder) if folder else None
    plan = plan_run(recipe_of(arguments), reporter=reporter)
    for line in plan.oddities:
        reporter.note(f"recordings: {line}")
    train = _functionals(plan, _LEARNS, baseline, cache, reporter)
    test = _functionals(plan, ("test",), baseline, cache, reporter)
    result = fit_and_predict(
        train, test, plan.corpus.emotions, baseline.classifier, seed=plan.recipe.seed
    )
    names = np.array([utterance.corpus for utterance in test.utterances])
    return {
        "predictions": [
            predictions_json(
                name,
                result.predictions.select(names == name),
                groups=kinds_of([u for u in test.utterances if u.corpus == name]),
            )
            for name in dict.fromkeys(names.tolist())
        ],
        "costs": None,
        "facts": {
            "baseline": str(baseline),
            "strength": result.tuning.strength,
            "tuning_folds": result.tuning.folds,
            "tuning_uars": [list(pair) for pair in result.tuning.uars],
            "converged": result.converged,
            "features": result.features,
            "not_finite": list(result.not_finite),
            "clips_train": len(train),
            "input_hash": plan.input_hash,
            "problems": [*plan.oddities, *train.problems, *test.problems],
            "versions": versions,
            "licence": LICENCE,
        },
    }


def _functionals(
    plan: Plan,
    parts: tuple[str, ...],
    baseline: Baseline,
    cache: FunctionalsCache | None,
    reporter: Reporter,
) -> Functionals:
    """Return those of some parts; by one child process at a time, since a job counts as one."""
    return functionals_of(
        [u for part in parts for u in plan.split.select(plan.corpus.utterances, part)],
        baseline.functionals,
        title=f"{baseline.functionals} of {' and '.join(parts)} clips",
        cache=cache,
        workers=1,
        reporter=reporter,
    )
