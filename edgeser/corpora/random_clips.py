"""The protocol `random-clips`: clips divided at random, every speaker on all sides.

Much of what is published on speech emotion is measured so. A model then knows the voices that it is
tested on, and its figures say little of other people: 10 to 30 points more are usual. It is here to
be compared with such figures, never the default, and everything that shows a figure of it says that
it hears its test speakers in training (`caveat_of`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from edgeser.corpora.parts import PARTS, Parts
from edgeser.corpora.utterance import Corpus, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

RANDOM_CLIPS: Final = "random-clips"
PUBLISHED_CLIPS: Final = "published-clips"
BY_CLIP = (RANDOM_CLIPS, PUBLISHED_CLIPS)
"""Divisions in which test speakers are heard in training."""
HEARS_TEST_SPEAKERS = "hears its test speakers in training"
_FEWEST_CLIPS = 3
_CLIPS = "_clips"


@dataclass(frozen=True, slots=True)
class RandomClips(Parts):
    """Three sets of clips with none in two of them, whoever speaks in them.

    Its names are clip ids.

    Raises
    ------
    BadInput
        When a clip is in two sets.
    """

    def __post_init__(self) -> None:
        if shared := self.in_two():
            raise BadInput(f"the clip {printable(shared[0])} is in two parts of {RANDOM_CLIPS}")

    def select(self, utterances: Iterable[Utterance], part: str) -> tuple[Utterance, ...]:
        """Return the utterances in `part`, in their order."""
        clips = self.of(part)
        return tuple(u for u in utterances if u.clip_id in clips)

    def to_json(self) -> dict[str, list[str]]:
        """Return the three sets as sorted lists, under names that say that they are of clips."""
        return {f"{part}{_CLIPS}": sorted(self.of(part)) for part in PARTS}


def random_clips_from_json(table: Mapping[str, Iterable[str]]) -> RandomClips | None:
    """Return what `RandomClips.to_json` wrote; `None` of a table that is none."""
    names = [f"{part}{_CLIPS}" for part in PARTS]
    if set(table) != set(names):
        return None
    return RandomClips(*(frozenset(table[name]) for name in names))


def random_clips(
    corpus: Corpus,
    *,
    seed: int,
    development_share: float = 0.12,
    folds: int = 5,
    fold: int = 0,
) -> RandomClips:
    """Divide a corpus by clip, at random but alike in each emotion (and corpus, of joined ones).

    The arguments are those of `published_or_folds`, with clips in the place of speakers: the clips
    are dealt into `folds` groups, group `fold` is tested, and a share of the rest chooses the
    epoch. Over all folds each clip is tested once.

    Raises
    ------
    BadInput
        When there are fewer than three clips, or the fold does not exist.
    """
    if not 0.0 < development_share < 1.0:
        raise BadInput(f"development_share is {development_share:g}, not between 0 and 1")
    clips = len(corpus.utterances)
    if clips < _FEWEST_CLIPS:
        raise BadInput(
            f"{printable(corpus.name)} at {corpus.root} has {clips} clips; {RANDOM_CLIPS} needs "
            "at least three"
        )
    groups = min(folds, clips)
    if folds < 2 or not 0 <= fold < groups:
        raise BadInput(
            f"fold {fold} of {folds} does not exist",
            hint="choose at least two folds, and 0 <= fold < folds",
        )
    order = _shuffled_by_label(corpus.utterances, seed)
    test = order[fold::groups]
    rest = [clip for place, clip in enumerate(order) if place % groups != fold]
    chosen = min(max(1, round(development_share * len(rest))), len(rest) - 1)
    # evenly spaced through clips that lie label by label: each label gives its share
    development = {rest[(2 * i + 1) * len(rest) // (2 * chosen)] for i in range(chosen)}
    return RandomClips(
        train=frozenset(rest) - development,
        development=frozenset(development),
        test=frozenset(test),
    )


def published_clips(corpus: Corpus, *, seed: int, development_share: float) -> RandomClips:
    """Divide a corpus by clip as it is published, whoever speaks in several parts.

    Where no development clips are published a share of the training clips chooses the epoch.

    Raises
    ------
    BadInput
        When no test clips are published, or nothing is left to train on.
    """
    parts = {
        part: frozenset(u.clip_id for u in corpus.utterances if u.split == part) for part in PARTS
    }
    if not parts["test"] or not parts["train"]:
        raise BadInput(
            f"{printable(corpus.name)} at {corpus.root} publishes no training and test clips",
            hint='use split = "folds"',
        )
    if parts["development"]:
        return RandomClips(**parts)
    order = _shuffled_by_label((u for u in corpus.utterances if u.split == "train"), seed)
    if len(order) < 2:
        raise BadInput(f"{printable(corpus.name)} has one clip to train on and none to choose by")
    chosen = min(max(1, round(development_share * len(order))), len(order) - 1)
    development = frozenset(order[(2 * i + 1) * len(order) // (2 * chosen)] for i in range(chosen))
    return RandomClips(parts["train"] - development, development, parts["test"])


def _shuffled_by_label(utterances: Iterable[Utterance], seed: int) -> list[str]:
    generator = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    groups: dict[tuple[str, str], list[str]] = {}
    for utterance in sorted(utterances, key=lambda u: u.clip_id):
        groups.setdefault((utterance.corpus, utterance.emotion), []).append(utterance.clip_id)
    order: list[str] = []
    for key in sorted(groups):
        generator.shuffle(groups[key])
        order += groups[key]
    return order
