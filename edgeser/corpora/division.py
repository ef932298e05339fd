"""Recordings divided into those to train on, to choose by and to test on, as was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from edgeser.corpora.choice import CorpusChoice
from edgeser.corpora.parts import PARTS, Parts
from edgeser.corpora.random_clips import (
    BY_CLIP,
    HEARS_TEST_SPEAKERS,
    PUBLISHED_CLIPS,
    RANDOM_CLIPS,
    RandomClips,
    published_clips,
    random_clips,
    random_clips_from_json,
)
from edgeser.corpora.sessions import SESSIONS, folds_of_sessions
from edgeser.corpora.split import (
    SpeakerSplit,
    describe_split,
    draw_development,
    published_or_folds,
    published_split,
)
from edgeser.corpora.utterance import Corpus
from quantize.foundation.errors import BadInput

_WHOLE = {"train": "all speakers are trained on or choose the epoch", "test": "all are tested"}
"""What becomes of a corpus's speakers by its role, where they are not divided."""
TRAINING_FOLDS = "training-folds"
"""How recipes are chosen: whoever is published to test is not there at all."""

Division = SpeakerSplit | RandomClips
"""What divides recordings."""


def divide(corpora: Sequence[Corpus], choices: Sequence[CorpusChoice]) -> Division:
    """Divide the recordings of joined corpora, each corpus as it was chosen.

    Parameters
    ----------
    corpora, choices
        `Corpus.members`, and how each of them was chosen.

    Returns
    -------
    A `SpeakerSplit`; `RandomClips` where a corpus asks for it.

    Raises
    ------
    BadInput
        As `published_or_folds` and `random_clips` do; also when nobody is left to test on or to
        choose by.
    """
    pairs = list(zip(corpora, choices, strict=True))
    if not any(map(is_by_clip, choices)):
        return _joined([_by_role(*pair) for pair in pairs])
    parts = [_clips(*pair) for pair in pairs]
    return RandomClips(*_unions(parts))


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


def is_by_clip(choice: CorpusChoice) -> bool:
    """Return whether a corpus's test speakers are heard in training."""
    return choice.role == "both" and choice.split in BY_CLIP


def caveat_of(division: Division) -> str:
    """Return what everything with a figure of this division must say; empty for speakers."""
    return HEARS_TEST_SPEAKERS if isinstance(division, RandomClips) else ""


def division_from_json(table: Mapping[str, Iterable[str]], *, prefix: str = "") -> Division:
    """Return what `Division.to_json` wrote; `prefix` goes before the names of speakers."""
    clips = random_clips_from_json(table)
    if clips is not None:
        return clips
    return SpeakerSplit(**{p: frozenset(f"{prefix}{who}" for who in table[p]) for p in table})


def describe_division(corpus: Corpus, choice: CorpusChoice) -> str:
    """Return where the parts of a corpus come from, one line."""
    if choice.role in _WHOLE:
        return _WHOLE[choice.role]
    if is_by_clip(choice) and choice.split == PUBLISHED_CLIPS:
        return f"{PUBLISHED_CLIPS}, {corpus.split_source}: a model {HEARS_TEST_SPEAKERS}"
    if is_by_clip(choice):
        return f"{RANDOM_CLIPS}, drawn by the seed: a model {HEARS_TEST_SPEAKERS}"
    if choice.split == TRAINING_FOLDS and _without_published_test(corpus) is not corpus:
        return "folds of the published training speakers: those published to test take no part"
    if choice.split == SESSIONS:
        return "folds of sessions: who was recorded together is on one side"
    return describe_split(corpus, use_published=choice.split == "published")


def _clips(corpus: Corpus, choice: CorpusChoice) -> RandomClips:
    if is_by_clip(choice) and choice.split == PUBLISHED_CLIPS:
        return published_clips(corpus, seed=choice.seed, development_share=choice.development_share)
    if is_by_clip(choice):
        return random_clips(
            corpus,
            seed=choice.seed,
            development_share=choice.development_share,
            folds=choice.folds,
            fold=choice.fold,
        )
    split = _by_role(corpus, choice)
    return RandomClips(
        *(frozenset(u.clip_id for u in split.select(corpus.utterances, name)) for name in PARTS)
    )


def _joined(parts: Sequence[SpeakerSplit]) -> SpeakerSplit:
    split = SpeakerSplit(*_unions(parts))
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


def _unions(parts: Sequence[Parts]) -> list[frozenset[str]]:
    return [frozenset().union(*(part.of(name) for part in parts)) for name in PARTS]


def _by_role(corpus: Corpus, choice: CorpusChoice) -> SpeakerSplit:
    if choice.split == TRAINING_FOLDS:
        corpus = _without_published_test(corpus)
    everyone, nobody = frozenset(corpus.speakers), frozenset[str]()
    use_published = choice.split == "published"
    if choice.role == "test":
        return SpeakerSplit(nobody, nobody, everyone)
    if choice.split == SESSIONS and choice.role == "both":
        return folds_of_sessions(
            corpus,
            seed=choice.seed,
            development_share=choice.development_share,
            folds=choice.folds,
            fold=choice.fold,
        )
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


def _without_published_test(corpus: Corpus) -> Corpus:
    published = published_split(corpus)
    if published is None or not published.test:
        return corpus
    kept = published.train | published.development
    return replace(corpus, utterances=tuple(u for u in corpus.utterances if u.speaker in kept))
