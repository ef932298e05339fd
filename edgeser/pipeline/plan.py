"""What a run is about, resolved once: its recipe, recordings, and who is tested."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from edgeser.corpora import (
    Corpus,
    Division,
    SpeakerSplit,
    caveat_of,
    divide,
    gaps,
    problem_lines,
    require_two_labels,
    split_problems,
    without_same_person,
)
from edgeser.corpora.audio import files
from edgeser.corpora.parts import PARTS
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.source import corpora_of
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from quantize.foundation.errors import EdgeserError
from quantize.foundation.foreign import printable

ContentHash = Callable[[files.Sound], str]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a run is about.

    Parameters
    ----------
    recipe
        Every choice, resolved; with the paths of the recordings.
    corpus
        The recordings: all corpora of the recipe, joined (see `edgeser.corpora.join`).
    split
        Who is trained on, chosen by, and tested on.
    input_hash
        SHA-256 over part, name and content of each clip, in hexadecimal.
    oddities
        What is left out, missing or odd, a line each: files, copies, labels that a part lacks.
    """

    recipe: Recipe
    corpus: Corpus
    split: Division
    input_hash: str
    oddities: tuple[str, ...]

    @property
    def hash(self) -> str:
        """SHA-256 that names the work: the same choices on the same recordings, anywhere."""
        return hashlib.sha256(f"{self.recipe.hash}\n{self.input_hash}\n".encode()).hexdigest()


def plan_run(
    recipe: Recipe,
    *,
    folder: RunFolder | None = None,
    fresh: bool = False,
    reporter: Reporter = SILENT,
) -> Plan:
    """Open the recipe's corpora, divide their speakers, and say what is odd.

    Parameters
    ----------
    recipe
        Every choice; `edgeser.pipeline.source.resolve_recipe` puts paths into it.
    folder
        Of the run: where synthetic voices are made, and where the paths of an earlier run are.
    fresh
        Replace a run of another recipe in the folder, which is refused otherwise.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When a corpus cannot be opened or divided, or holds one label only; when the folder holds a
        run of another recipe.
    """
    if folder is not None:
        folder.begin(recipe, fresh=fresh)
    return plan_on(recipe, corpora_of(recipe, folder=folder, reporter=reporter))


def plan_on(
    recipe: Recipe, corpus: Corpus, *, content_hash: ContentHash = files.content_hash
) -> Plan:
    """Divide the speakers of a recipe's joined corpora, and say what is odd.

    Parameters
    ----------
    recipe
        Every choice.
    corpus
        Its corpora, joined.
    content_hash
        Returns SHA-256 of a file, or of a stretch of one; whoever makes many plans may remember it.

    Raises
    ------
    BadInput
        When the corpora cannot be divided, or hold one label only.
    """
    require_two_labels(corpus)
    split = divide(corpus.members, recipe.corpora)
    left_out: tuple[str, ...] = ()
    if isinstance(split, SpeakerSplit):
        split, left_out = without_same_person(split, corpus.same_person)
    oddities = _oddities(corpus, split)
    if left_out:
        oddities += (
            "speakers who share recordings with a speaker of another part take no part: "
            f"{', '.join(map(printable, left_out))}",
        )
    return Plan(recipe, corpus, split, input_hash(corpus, split, content_hash), oddities)


def input_hash(
    corpus: Corpus, split: Division, content_hash: ContentHash = files.content_hash
) -> str:
    """Return SHA-256 over part, name and content of each clip of the split, in order.

    A file that cannot be opened counts by its name alone; reading it later names it as a problem.
    """
    digest = hashlib.sha256()
    for part in PARTS:
        for utterance in split.select(corpus.utterances, part):
            try:
                content = content_hash(utterance.sound)
            except EdgeserError:
                content = "unreadable"
            digest.update(f"{part}\n{utterance.clip_id}\n{content}\n".encode())
    return digest.hexdigest()


def _oddities(corpus: Corpus, split: Division) -> tuple[str, ...]:
    caveat = caveat_of(split)
    lines = [f"test clips are drawn at random: the model {caveat}"] if caveat else []
    for member in corpus.members:
        odd = split_problems(member, split) if isinstance(split, SpeakerSplit) else []
        found = problem_lines((*member.problems, *odd), member.root)
        lines += found if len(corpus.members) == 1 else [f"{member.name}: {line}" for line in found]
    return (*lines, *gaps(corpus, split))
