"""What a study's trainings depend on: each one's plan, from corpora that are read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from edgeser.corpora import Corpus, Member, join, open_corpus
from edgeser.corpora.audio.files import content_hash
from edgeser.corpora.division import is_by_clip
from edgeser.corpora.synthesis.nothing import with_nothing
from edgeser.pipeline.plan import plan_on
from edgeser.pipeline.training_data.words import with_encoder
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.typed_tables import to_table
from edgeser.wording import LabelKind


class Recordings:
    """The corpora of a study, each opened once, each file hashed once.

    Parameters
    ----------
    adapters, paths
        Which adapter reads each corpus, and where it is, by its name.
    labels
        What the study's recipe takes for labels; a variant may take others.
    reporter
        Of stages.

    Raises
    ------
    BadInput
        When a corpus cannot be opened.
    """

    def __init__(
        self,
        adapters: Mapping[str, str],
        paths: Mapping[str, str],
        *,
        labels: LabelKind = "emotions",
        reporter: Reporter = SILENT,
    ) -> None:
        progress = reporter.stage("Reading corpora")
        self._joined: dict[str, Corpus] = {}
        self._content_hash = cache(content_hash)
        self._open = cache(
            lambda name, kind: open_corpus(adapters[name], Path(paths[name]), labels=kind)
        )
        for number, name in enumerate(paths, 1):
            self._open(name, labels)
            progress(number, len(paths))

    def work_hash(self, recipe: Recipe) -> str:
        """Return the hash of the plan that the training of a recipe will make.

        Raises
        ------
        BadInput
            When its corpora cannot be joined or divided: before any job, not in each of them.
        """
        plan = plan_on(recipe, self._join(recipe), content_hash=self._content_hash)
        return plan.hash

    def _join(self, recipe: Recipe) -> Corpus:
        """Join a recipe's corpora, once for all recipes that join them alike."""
        table = to_table(recipe)
        alike = [{k: c[k] for k in c if k not in _OF_DIVISION} for c in table["corpora"]]
        by_clip = [is_by_clip(choice) for choice in recipe.corpora]
        asked = json.dumps([alike, table["labels"], table["nothing"], by_clip], sort_keys=True)
        if asked not in self._joined:
            members = [
                Member(choice, self._open(choice.name, recipe.labels.kind))
                for choice in recipe.corpora
            ]
            joined = join(members, recipe.labels)
            self._joined[asked] = with_nothing(joined, recipe.nothing, recipe.corpora)
        return self._joined[asked]


def with_its_encoder(recipe: Recipe) -> Recipe:
    """Return a variant's recipe with what is known of its encoder of words, at its full path.

    Errors are those of `edgeser.pipeline.training_data.words.with_encoder`.
    """
    found = with_encoder(recipe)
    if found.words.encoder is None:
        return found
    path = str(Path(found.words.encoder).absolute())
    return replace(found, words=replace(found.words, encoder=path))


_OF_DIVISION = {"folds", "fold", "seed", "development_share", "split", "weight"}
"""Keys of a corpus's choice that change who is in which part, and not what is joined."""
