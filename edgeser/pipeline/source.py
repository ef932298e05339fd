"""Where a run's recordings come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeser.corpora import Corpus, open_corpus, parse_corpus_argument, write_synthetic_corpus
from edgeser.pipeline.folder import RunFolder
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe, load_recipe, with_settings
from quantize.foundation.errors import BadInput

SYNTHETIC = "synthetic"
SYNTHETIC_SEED = 0
"""The embedded default is one corpus, whatever the seed of a training."""


def with_corpus(recipe: Recipe, argument: str | None) -> Recipe:
    """Return the recipe with ``"NAME:PATH"`` as its corpus; unchanged when `None`."""
    if argument is None:
        return recipe
    name, path = parse_corpus_argument(argument)
    return replace(recipe, corpus=replace(recipe.corpus, name=name, path=str(path)))


def resolve_recipe(
    recipe: str | Recipe,
    *,
    corpus: str | None,
    seed: int | None,
    settings: Sequence[str] = (),
) -> Recipe:
    """Return a recipe by name or file, with the command line's settings, corpus and seed in it."""
    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    resolved = with_corpus(with_settings(loaded, settings) if settings else loaded, corpus)
    return resolved if seed is None else replace(resolved, seed=seed)


def corpus_for(
    recipe: Recipe,
    *,
    argument: str | None = None,
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> Corpus:
    """Open the corpus that the argument names, or the run's folder, or the recipe.

    Synthetic voices are made where they are not yet there: in the run's folder.

    Raises
    ------
    BadInput
        When a corpus of recordings has no path, or its folder is not what it should be.
    """
    choice = with_corpus(recipe, argument).corpus
    if choice.path is None and folder is not None and folder.recipe.is_file():
        stored = load_recipe(str(folder.recipe)).corpus
        if stored.name == choice.name:
            choice = replace(choice, path=stored.path)
    if choice.name == SYNTHETIC and choice.path is None:
        root = (folder.root if folder else Path.cwd()) / "synthetic-voices"
        made = write_synthetic_corpus(
            root,
            seed=SYNTHETIC_SEED,
            speakers=choice.synthetic_speakers,
            utterances=choice.synthetic_utterances,
            progress=reporter.stage("Making synthetic voices"),
        )
        return replace(made, label_kind=recipe.labels.kind)
    if choice.path is None:
        raise BadInput(
            f"this needs the recordings of {choice.name}",
            hint=f"give --corpus {choice.name}:PATH",
        )
    return open_corpus(choice.name, Path(choice.path), labels=recipe.labels.kind)
