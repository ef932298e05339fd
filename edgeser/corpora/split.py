"""Speakers to train on, to choose by, and to test on; never clips.

Clips of one speaker in both training and test inflate every figure: 90 % and more have been
published for models that score near 60 % on speakers they have not heard.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeser.corpora.parts import PARTS, Parts
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

_FEWEST_SPEAKERS = 3
_BALANCE_FROM_SPEAKERS = 6
_NAMED = 8
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class SpeakerSplit(Parts):
    """Three sets of speakers with none in two of them.

    Raises
    ------
    BadInput
        When a speaker is in more than one set.
    """

    def __post_init__(self) -> None:
        if shared := self.in_two():
            raise BadInput(
                f"a speaker split must be disjoint, but {', '.join(map(printable, shared))} "
                "is in more than one part",
                hint="give each speaker to one of train, development and test; if published so, "
                'use split = "folds", or "published-clips"',
            )

    def select(self, utterances: Iterable[Utterance], part: str) -> tuple[Utterance, ...]:
        """Return the utterances whose speaker is in `part`, in their order."""
        speakers = self.of(part)
        return tuple(u for u in utterances if u.speaker in speakers)

    def to_json(self) -> dict[str, list[str]]:
        """Return the three sets as sorted lists."""
        return {part: sorted(self.of(part)) for part in PARTS}


def published_or_folds(
    corpus: Corpus,
    *,
    seed: int,
    development_share: float = 0.12,
    folds: int = 5,
    fold: int = 0,
    use_published: bool = True,
) -> SpeakerSplit:
    """Split a corpus by speaker: as published where it is, else by seeded folds.

    Where the corpus names test speakers, those are the test set whatever the seed; speakers
    whom its split does not name take no part. Otherwise the speakers are dealt into `folds`
    groups, each balanced by sex, and group `fold` is the test set. Development speakers are
    the published ones, or are drawn from the rest by `seed`, balanced by sex.

    Parameters
    ----------
    seed
        Of the draw; the same seed gives the same split on every machine.
    development_share
        Share of the speakers that are not in the test set, between 0 and 1; at least one
        speaker, and at least one of each sex where six or more are left.
    folds, fold
        How many groups to deal (at most one a speaker), and which of them to test on.
    use_published
        Whether a published split goes before folds.

    Raises
    ------
    BadInput
        When there are fewer than three speakers, the fold does not exist, or the published
        split has a speaker in two parts.
    """
    if not 0.0 < development_share < 1.0:
        raise BadInput(f"development_share is {development_share:g}, not between 0 and 1")
    if folds < 2:
        raise BadInput(f"folds is {folds}; at least two are needed to train on one side")
    sex = corpus.sex_of_speakers()
    if len(sex) < _FEWEST_SPEAKERS:
        raise BadInput(
            f"{corpus.name} at {corpus.root} has {len(sex)} speaker(s); a speaker-disjoint split "
            "needs at least three",
            hint="give it the role 'train' or 'test' beside another corpus: "
            f"--set corpora.{printable(corpus.name)}.role=train",
        )
    published = published_split(corpus) if use_published else None
    if published is not None and published.test:
        if published.development:
            return published
        development = draw_development(published.train, sex, development_share, seed)
        return SpeakerSplit(published.train - development, development, published.test)
    groups = _deal(list(sex), sex, min(folds, len(sex)), seed)
    if not 0 <= fold < len(groups):
        raise BadInput(
            f"fold {fold} does not exist: {corpus.name} has {len(groups)} folds, counted from 0"
        )
    test = frozenset(groups[fold])
    rest = frozenset(sex) - test
    development = draw_development(rest, sex, development_share, seed)
    return SpeakerSplit(rest - development, development, test)


def not_in_split(corpus: Corpus, place: Path) -> list[FileProblem]:
    """Return the problem of speakers without a part while the split names test speakers."""
    parts = _parts(corpus)
    if not parts["test"]:
        return []
    left = sorted(set(corpus.speakers).difference(*parts.values()))
    if not left:
        return []
    clips = sum(utterance.speaker in left for utterance in corpus.utterances)
    detail = (
        f"it does not name {len(left)} speakers ({clips} clips): they take no part: {_some(left)}"
    )
    return [FileProblem(place, "not-in-split", detail)]


def split_problems(corpus: Corpus, split: SpeakerSplit | None = None) -> list[FileProblem]:
    """Return how the speakers that take part in a training differ from the published split.

    Parameters
    ----------
    split
        That of the training; without it the lines say what any training will do.
    """
    parts = _parts(corpus)
    if not any(parts.values()):
        return []
    twice = sorted(
        s for s in corpus.speakers if sum(s in speakers for speakers in parts.values()) > 1
    )
    if twice:
        detail = f"it has {len(twice)} speakers in two parts: {_some(twice)}"
        return [FileProblem(corpus.root, "speaker-in-two-parts", detail)]
    if not parts["test"]:
        detail = "it names no test speakers and is not used: speakers are dealt into folds"
        return [FileProblem(corpus.root, "split-not-used", detail)]
    if parts["development"]:
        return []
    which = "some"
    if split is not None:
        moved = sorted(split.development & parts["train"])
        which = f"{len(moved)} ({_some(moved)})"
    detail = (
        f"it names no development speakers: {which} of its {len(parts['train'])} training "
        "speakers, drawn by the seed, choose the epoch instead"
    )
    return [FileProblem(corpus.root, "development-from-train", detail)]


def describe_split(corpus: Corpus, *, use_published: bool = True) -> str:
    """Return where the parts come from, one line."""
    if _parts(corpus)["test"] and not use_published:
        return "folds dealt by the seed, not the published split"
    if _parts(corpus)["test"]:
        return f"as published: {corpus.split_source or 'a split that names test speakers'}"
    return "folds dealt by the seed: no split is published"


def _parts(corpus: Corpus) -> dict[str, set[str]]:
    parts: dict[str, set[str]] = {part: set() for part in PARTS}
    for utterance in corpus.utterances:
        if utterance.split is not None:
            parts[utterance.split].add(utterance.speaker)
    return parts


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(printable(name, limit=_LONGEST) for name in names[:_NAMED]) + more


def published_split(corpus: Corpus) -> SpeakerSplit | None:
    """Return the split that comes with a corpus, `None` where none does.

    Raises
    ------
    BadInput
        When it has a speaker in two parts.
    """
    parts = _parts(corpus)
    if not any(parts.values()):
        return None
    return SpeakerSplit(*(frozenset(parts[name]) for name in PARTS))


def _shuffled_by_sex(
    speakers: Collection[str], sex: dict[str, str], seed: int
) -> dict[str, list[str]]:
    generator = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    groups: dict[str, list[str]] = {}
    for speaker in sorted(speakers):
        groups.setdefault(sex[speaker], []).append(speaker)
    for name in sorted(groups):
        generator.shuffle(groups[name])
    return dict(sorted(groups.items()))


def _deal(
    speakers: Collection[str], sex: dict[str, str], groups: int, seed: int
) -> Sequence[list[str]]:
    """Deal like cards, one sex after the other, so that sizes differ by one at most."""
    order = [s for group in _shuffled_by_sex(speakers, sex, seed).values() for s in group]
    return [order[first::groups] for first in range(groups)]


def draw_development(
    speakers: frozenset[str], sex: dict[str, str], share: float, seed: int
) -> frozenset[str]:
    """Draw from each sex in turn, the larger group first, until the share is reached."""
    if len(speakers) < _FEWEST_SPEAKERS - 1:
        raise BadInput(
            f"only {len(speakers)} speaker(s) are left to train on and to choose by",
            hint="use fewer test speakers",
        )
    groups = sorted(_shuffled_by_sex(speakers, sex, seed).values(), key=len, reverse=True)
    wanted = max(1, round(share * len(speakers)))
    if len(speakers) >= _BALANCE_FROM_SPEAKERS:
        wanted = max(wanted, len(groups))
    drawn: list[str] = []
    while len(drawn) < min(wanted, len(speakers) - 1):
        for group in groups:
            if group and len(drawn) < wanted:
                drawn.append(group.pop())
    return frozenset(drawn)
