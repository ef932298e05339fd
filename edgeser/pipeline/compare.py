"""Several trainings on the same test clips: what a choice brings, against what chance brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeser.bundle import Bundle, TrainedModel, load_bundle, load_trained
from edgeser.evaluation.ablation import AblationTable, summarise_variants
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.inference import float_logits, predictions_of
from edgeser.pipeline.source import corpora_of
from edgeser.pipeline.training_data.dataset import raw_features, windows_of
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from quantize.foundation.errors import BadInput

STATE = "compare"
"""Name of the stage under which the report finds the table."""


def compare_runs(
    folders: Sequence[RunFolder],
    *,
    corpora: Sequence[str] = (),
    into: RunFolder | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> AblationTable:
    """Score the float networks of several runs on the same test clips.

    Runs whose recipes differ in nothing but the seed are one variant. It is named by what its
    network listens to, or by its recipe's name where that does not tell the variants apart.

    Parameters
    ----------
    folders
        Of runs or trainings; an int8 model is not needed.
    corpora
        ``"NAME:PATH"``, each; each folder's own when there are none.
    into
        A run whose report shall show the table; none when `None`.
    cache, reporter
        Where features are kept between runs; who is told of stages and progress.

    Returns
    -------
    For each variant UAR by seed, and their mean with a 95 % speaker-clustered bootstrap interval;
    from the second on, how far the mean is above that of the first, on the same speakers.

    Raises
    ------
    BadInput
        Without folders, or when one holds no training, two are the same training, variants have
        the same name, or the runs were not tested on the same clips.
    """
    target = _bundle_of(into) if into is not None else None
    trained = [(folder, _trained_of(folder)) for folder in folders]
    names = _variant_names([model.recipe for _, model in trained])
    tested: dict[str, dict[int, Predictions]] = {}
    for name, (folder, model) in zip(names, trained, strict=True):
        seeds = tested.setdefault(name, {})
        if model.recipe.seed in seeds:
            raise BadInput(
                f"{folder.root} is the second run of '{name}' with seed {model.recipe.seed}",
                hint="give each variant and seed once",
            )
        seeds[model.recipe.seed] = _test_predictions(model, folder, corpora, cache, reporter)
    table = _table(tested, trained[0][1])
    if into is not None and target is not None:
        into.save_state(STATE, table, model_hash=target.model_hash)
    return table


def _trained_of(folder: RunFolder) -> TrainedModel:
    if not folder.trained.exists():
        raise BadInput(
            f"{folder.root} holds no trained network", hint="give folders of 'edgeser train'"
        )
    return load_trained(folder.trained)


def _bundle_of(folder: RunFolder) -> Bundle:
    if not folder.bundle.exists():
        raise BadInput(f"{folder.root} holds no bundle", hint="run 'edgeser export' first")
    return load_bundle(folder.bundle)


def _variant_names(recipes: Sequence[Recipe]) -> list[str]:
    """Return the variant of each recipe: what its network hears, else the recipe's name."""
    unseeded = [replace(recipe, seed=0).hash for recipe in recipes]
    for names in ([r.network.inputs for r in recipes], [r.name for r in recipes]):
        if len(set(names)) == len(set(zip(names, unseeded, strict=True))):
            return [str(name) for name in names]
    raise BadInput(
        "the runs are of different recipes with the same name",
        hint="train each with a name of its own: --set name=...",
    )


def _test_predictions(
    model: TrainedModel,
    folder: RunFolder,
    corpora: Sequence[str],
    cache: FeatureCache | None,
    reporter: Reporter,
) -> Predictions:
    found = corpora_of(
        model.recipe,
        arguments=corpora,
        classes=model.classes,
        folder=folder,
        reporter=reporter,
    )
    raw = raw_features(
        model.split.select(found.utterances, "test"),
        model.frontend,
        title=f"{folder.root.name}: test clips",
        cache=cache,
        reporter=reporter,
    )
    features = windows_of(raw.features, model.frontend, model.recipe.window.frames)
    return predictions_of(raw.utterances, float_logits(model, features), model)


def _table(tested: dict[str, dict[int, Predictions]], model: TrainedModel) -> AblationTable:
    runs = [run for seeds in tested.values() for run in seeds.values()]
    if any(run.clip_ids != runs[0].clip_ids for run in runs):
        raise BadInput(
            "the runs were not tested on the same clips", hint="train them on the same corpus"
        )
    kind = "synthetic voices" if model.corpus.synthetic else model.corpus.name
    caveat = model.corpus.caveat
    clips = f"{runs[0].describe('speakers' if caveat else 'unseen speakers')} of {kind}"
    source = f"float networks, {clips}" + (f": each {caveat}" if caveat else "")
    return summarise_variants(tested, source=source)
