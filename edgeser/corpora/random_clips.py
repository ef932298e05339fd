"""The protocol `random-clips`: clips divided at random, every speaker on all sides.

Much of what is published on speech emotion is measured so. A model then knows the voices that it is
tested on, and its figures say little of other people: 10 to 30 points more are usual. It is here to
be compared with such figures, never the default, and everything that shows a figure of it says that
it hears its test speakers in training (`caveat_of`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from edgeser.corpora.utterance import Corpus, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

RANDOM_CLIPS = "random-clips"
HEARS_TEST_SPEAKERS = "hears its test speakers in training"
_FEWEST_CLIPS = 3


class Division(Protocol):
    """What divides clips into parts: a `SpeakerSplit`, or a `RandomClips`."""

    def select(self, utterances: Iterable[Utterance], part: str) -> tuple[Utterance, ...]:
        """Return the utterances of ``"train"``, ``"development"`` or ``"test"``, in their order."""
        ...

    def to_json(self) -> Any:
        """Return it as JSON."""
        ...


@dataclass(frozen=True, slots=True)
class RandomClips:
    """Three sets of clips, whoever speaks in them.

    Not a `SpeakerSplit`, whose sets are of speakers: its sets have other names, its JSON another
    form, and `caveat_of` tells them apart.

    Parameters
    ----------
    train_clips, development_clips, test_clips
        Clip ids.
    seed
        Of the draw.

    Raises
    ------
    BadInput
        When a clip is in two sets.
    """

    train_clips: frozenset[str]
    development_clips: frozenset[str]
    test_clips: frozenset[str]
    seed: int

    def __post_init__(self) -> None:
        parts = (self.train_clips, self.development_clips, self.test_clips)
        if len(frozenset().union(*parts)) != sum(map(len, parts)):
            twice = min(
                (parts[0] & parts[1]) | (parts[0] & parts[2]) | (parts[1] & parts[2]),
            )
            raise BadInput(f"the clip {printable(twice)} is in two parts of {RANDOM_CLIPS}")

    def select(self, utterances: Iterable[Utterance], part: str) -> tuple[Utterance, ...]:
        """Return the utterances in `part`, in their order."""
        clips = {
            "train": self.train_clips,
            "development": self.development_clips,
            "test": self.test_clips,
        }[part]
        return tuple(u for u in utterances if u.clip_id in clips)

    def to_json(self) -> dict[str, Any]:
        """Return protocol, caveat, seed and the clips of each part, sorted."""
        return {
            "protocol": RANDOM_CLIPS,
            "caveat": HEARS_TEST_SPEAKERS,
            "seed": self.seed,
            "train_clips": sorted(self.train_clips),
            "development_clips": sorted(self.development_clips),
            "test_clips": sorted(self.test_clips),
        }


def caveat_of(division: Division) -> str:
    """Return what every table with a figure of this division must say; empty for speakers."""
    return HEARS_TEST_SPEAKERS if isinstance(division, RandomClips) else ""


def describe_random_clips(division: RandomClips) -> str:
    """Return where the parts come from, one line."""
    counts = len(division.train_clips), len(division.development_clips), len(division.test_clips)
    return (
        f"{RANDOM_CLIPS}: {counts[0]} clips to train on, {counts[1]} to choose by and {counts[2]} "
        f"to test on, drawn by the seed {division.seed}; it {HEARS_TEST_SPEAKERS}"
    )


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
        train_clips=frozenset(rest) - development,
        development_clips=frozenset(development),
        test_clips=frozenset(test),
        seed=seed,
    )


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
