"""Where a run's recordings come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeser.corpora import (
    Corpus,
    CorpusChoice,
    Member,
    join,
    open_corpus,
    parse_corpus_argument,
)
from edgeser.corpora.choice import refuse_same_names, require_paths
from edgeser.corpora.join import NOT_LEARNED
from edgeser.corpora.synthesis.making import make_corpus, place_of
from edgeser.corpora.synthesis.nothing import with_nothing
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.training_data.teacher import with_teacher
from edgeser.pipeline.training_data.words import refuse_wordless, with_encoder
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe, load_recipe, with_settings


def with_corpora(recipe: Recipe, arguments: Sequence[str]) -> Recipe:
    """Return the recipe with the corpora of the arguments, see `choices_of`."""
    return replace(recipe, corpora=choices_of(recipe, arguments)) if arguments else recipe


def choices_of(recipe: Recipe, arguments: Sequence[str]) -> tuple[CorpusChoice, ...]:
    """Return the corpora of ``"NAME:PATH"`` arguments, and no others; without any, the recipe's.

    A corpus that the recipe names keeps what it says of it; another is divided as the recipe's
    first one is.

    Raises
    ------
    BadInput
        When one is named twice, is unknown or has no path.
    """
    if not arguments:
        return recipe.corpora
    known = {choice.name: choice for choice in recipe.corpora}
    first = recipe.corpora[0]
    other = CorpusChoice(
        development_share=first.development_share,
        seed=first.seed,
        folds=first.folds,
        fold=first.fold,
    )
    chosen = []
    for argument in arguments:
        name, adapter, path = parse_corpus_argument(argument)
        choice = known.get(name, replace(other, name=name))
        read_by = None if adapter == name else adapter
        chosen.append(replace(choice, adapter=read_by, path=str(path)))
    refuse_same_names(chosen)
    return tuple(chosen)


def resolve_recipe(
    recipe: str | Recipe,
    *,
    corpora: Sequence[str] = (),
    seed: int | None = None,
    settings: Sequence[str] = (),
    teacher: Path | None = None,
) -> Recipe:
    """Return a recipe by name or file, with what the command line says put into it.

    That is corpora, settings, seed, and the weights of its public teacher; with it what is known of
    its encoder of words.
    """
    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    resolved = with_corpora(loaded, corpora)
    resolved = with_settings(resolved, settings) if settings else resolved
    resolved = with_encoder(with_teacher(resolved, teacher))
    return resolved if seed is None else replace(resolved, seed=seed)


def corpora_of(
    recipe: Recipe,
    *,
    arguments: Sequence[str] = (),
    classes: Sequence[str] | None = None,
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> Corpus:
    """Open the corpora that the arguments name, or the recipe, and join them.

    Paths that the recipe lacks are those of the run in `folder`. Synthetic voices are made where
    they are not yet there: in the run's folder. Where the recipe asks for a class "nothing", they
    have one.

    Parameters
    ----------
    recipe, arguments
        The choices; ``"NAME:PATH"`` arguments go before them.
    classes
        Labels of a model that is there already: clips with others are named and left out.
    folder, reporter
        Of the run; of stages.

    Raises
    ------
    BadInput
        When a corpus of recordings has no path, or its folder is not what it should be; when nobody
        says a word in it where a network hears nothing else.
    """
    choices = choices_of(recipe, arguments)
    stored = _stored_paths(choices, folder)
    choices = tuple(replace(c, path=c.path or stored.get(c.name)) for c in choices)
    require_paths(choices)
    refuse_wordless(recipe, choices)
    members = [Member(choice, _opened(choice, recipe, folder, reporter)) for choice in choices]
    joined = join(members, recipe.labels, classes=classes)
    corpus = with_nothing(joined, recipe.nothing, choices, classes=classes)
    if classes is not None:
        for problem in corpus.problems:
            if problem.kind == NOT_LEARNED:
                reporter.note(f"left out of {problem.path}: {problem.detail}")
    return corpus


def _stored_paths(
    choices: Sequence[CorpusChoice], folder: RunFolder | None
) -> dict[str, str | None]:
    if folder is None or not folder.recipe.is_file() or all(choice.path for choice in choices):
        return {}
    return {choice.name: choice.path for choice in load_recipe(str(folder.recipe)).corpora}


def _opened(
    choice: CorpusChoice, recipe: Recipe, folder: RunFolder | None, reporter: Reporter
) -> Corpus:
    kind = recipe.labels.kind
    if choice.path is not None:
        return open_corpus(choice.read_by, Path(choice.path), labels=kind)
    root = place_of(choice, folder.root if folder else Path.cwd())
    made = make_corpus(choice, root, reporter=reporter)
    return replace(made, label_kind=kind)
