"""What a study's trainings depend on beside their recipes: the recordings, hashed once a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from edgeser.corpora import Corpus, Member, divide, join, open_corpus
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.study.jobs import canonical_json
from edgeser.typed_tables import to_table
from quantize.foundation.errors import EdgeserError
from quantize.foundation.files import sha256_of_file


def corpus_hash(corpus: Corpus) -> str:
    """Return SHA-256 over what is known of a corpus's clips, and their contents.

    A file that cannot be opened counts by its name alone, as it does in a training.
    """
    digest = hashlib.sha256()
    for clip in corpus.utterances:
        try:
            content = sha256_of_file(clip.path)
        except EdgeserError:
            content = "unreadable"
        known = [str(getattr(clip, field.name)) for field in fields(clip) if field.name != "path"]
        digest.update(canonical_json([*known, content]))
    return digest.hexdigest()


class Recordings:
    """The corpora of a study, each opened and hashed once.

    Parameters
    ----------
    adapters, paths
        Which adapter reads each corpus, and where it is, by its name.
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
        reporter: Reporter = SILENT,
    ) -> None:
        progress = reporter.stage("Reading corpora")
        self._corpora: dict[str, Corpus] = {}
        self._hashes: dict[str, str] = {}
        self._joined: set[bytes] = set()
        for number, (name, path) in enumerate(paths.items(), 1):
            self._corpora[name] = open_corpus(adapters[name], Path(path))
            self._hashes[name] = corpus_hash(self._corpora[name])
            progress(number, len(paths))

    def work_hash(self, recipe: Recipe) -> str:
        """Return the hash of a recipe and the recordings that it names.

        Raises
        ------
        BadInput
            When its corpora cannot be joined or divided: before any job, not in each of them.
        """
        self._require_joinable(recipe)
        heard = {choice.name: self._hashes.get(choice.name, "") for choice in recipe.corpora}
        return hashlib.sha256(canonical_json([recipe.hash, heard])).hexdigest()

    def _require_joinable(self, recipe: Recipe) -> None:
        table = to_table(recipe)
        asked = canonical_json([table["corpora"], table["labels"]])
        if asked in self._joined or not all(c.name in self._corpora for c in recipe.corpora):
            return
        members = [Member(choice, self._corpora[choice.name]) for choice in recipe.corpora]
        divide(join(members, recipe.labels).members, recipe.corpora)
        self._joined.add(asked)
