"""The speakers of joined corpora, divided: each corpus by its role, one person in one part."""

from __future__ import annotations

from collections.abc import Sequence

from edgeser.corpora.choice import CorpusChoice
from edgeser.corpora.split import (
    SpeakerSplit,
    draw_development,
    published_or_folds,
    published_split,
)
from edgeser.corpora.utterance import Corpus
from quantize.foundation.errors import BadInput


def divide(corpora: Sequence[Corpus], choices: Sequence[CorpusChoice]) -> SpeakerSplit:
    """Divide the speakers of joined corpora, each corpus as it was chosen.

    Parameters
    ----------
    corpora, choices
        `Corpus.members`, and how each of them was chosen.

    Raises
    ------
    BadInput
        As `published_or_folds` does; also when nobody is left to test on or to choose by.
    """
    parts = [_by_role(corpus, choice) for corpus, choice in zip(corpora, choices, strict=True)]
    split = SpeakerSplit(
        train=frozenset().union(*(part.train for part in parts)),
        development=frozenset().union(*(part.development for part in parts)),
        test=frozenset().union(*(part.test for part in parts)),
    )
    if not split.test:
        raise BadInput(
            "no speaker is kept for testing: every corpus has the role 'train'",
            hint="give one the role 'both' or 'test'",
        )
    if not split.development:
        raise BadInput(
            "no speaker is left to choose the epoch by",
            hint="train on a corpus of two speakers or more",
        )
    return split


def without_same_person(
    split: SpeakerSplit, same_person: Sequence[tuple[str, str]]
) -> tuple[SpeakerSplit, tuple[str, ...]]:
    """Take out speakers who are, under another name, in another part.

    Returns
    -------
    split, left_out
        Who takes no part, sorted.
    """
    part_of = {name: part for part, names in split.to_json().items() for name in names}
    out = {
        name
        for name, who in same_person
        if name in part_of and who in part_of and part_of[name] != part_of[who]
    }
    left = SpeakerSplit(split.train - out, split.development - out, split.test - out)
    return left, tuple(sorted(out))


def _by_role(corpus: Corpus, choice: CorpusChoice) -> SpeakerSplit:
    everyone, nobody = frozenset(corpus.speakers), frozenset[str]()
    use_published = choice.split == "published"
    if choice.role == "test":
        return SpeakerSplit(nobody, nobody, everyone)
    if choice.role == "train":
        published = published_split(corpus) if use_published else None
        development = published.development if published else nobody
        if not development and len(everyone) > 1:
            development = draw_development(
                everyone, corpus.sex_of_speakers(), choice.development_share, choice.seed
            )
        return SpeakerSplit(everyone - development, development, nobody)
    return published_or_folds(
        corpus,
        seed=choice.seed,
        development_share=choice.development_share,
        folds=choice.folds,
        fold=choice.fold,
        use_published=use_published,
    )
