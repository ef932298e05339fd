"""What a model said of every clip, checked once at the door."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.wording import plural
from quantize.foundation.errors import BadInput, CheckFailed


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The logits of one model on a set of clips, with the truth beside them.

    Parameters
    ----------
    clip_ids
        One name a clip, without duplicates.
    labels
        int64 ``[clips]``: index of the true class in `classes`.
    speakers
        One speaker a clip; the clusters of every interval.
    logits
        float32 ``[clips, classes]``, before any softmax.
    classes
        The classes' names, in the order of the logits.
    anonymous
        Those of `speakers` that nobody knows (`Utterance.speaker_known`).
    votes
        float32 ``[clips, classes]``: the shares of a clip's listeners, summing to 1, or to 0 where
        nobody voted; ``None`` where nobody did on any.

    Raises
    ------
    BadInput
        When the shapes, types, labels or names do not fit together.
    CheckFailed
        When a logit is NaN or infinite; the message names the first such clip.
    """

    clip_ids: tuple[str, ...]
    labels: NDArray[np.int64]
    speakers: tuple[str, ...]
    logits: NDArray[np.float32]
    classes: tuple[str, ...]
    anonymous: frozenset[str] = frozenset()
    votes: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        n, classes = len(self.clip_ids), len(self.classes)
        if n == 0 or classes < 2:
            raise BadInput(
                f"cannot evaluate {n} clips in {classes} classes",
                hint="give at least one clip and two classes",
            )
        shapes = (self.labels.shape, self.logits.shape, len(self.speakers))
        if shapes != ((n,), (n, classes), n):
            raise BadInput(
                f"predictions of {n} clips in {classes} classes do not fit together: labels "
                f"{self.labels.shape}, logits {self.logits.shape}, {len(self.speakers)} speakers"
            )
        if self.labels.dtype != np.int64 or self.logits.dtype != np.float32:
            raise BadInput(
                f"predictions need int64 labels and float32 logits, not {self.labels.dtype} "
                f"and {self.logits.dtype}"
            )
        if self.votes is not None:
            _check_votes(self.votes, (n, classes))
        if len(set(self.clip_ids)) != n:
            raise BadInput("predictions name the same clip twice", hint="give each clip its own id")
        if int(self.labels.min()) < 0 or int(self.labels.max()) >= classes:
            raise BadInput(f"a label lies outside the {classes} classes")
        require_finite(self.logits, self.clip_ids, what="logits")

    def __len__(self) -> int:
        return len(self.clip_ids)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The class of the largest logit, int64 ``[clips]``; the first one on a tie."""
        return np.asarray(np.argmax(self.logits, axis=1), dtype=np.int64)

    @property
    def known_speakers(self) -> int:
        """How many speakers there are that are known."""
        return len(set(self.speakers) - self.anonymous)

    @property
    def anonymous_clips(self) -> int:
        """How many of the clips are of no known speaker."""
        return sum(speaker in self.anonymous for speaker in self.speakers)

    def describe(self, speakers: str = "speakers") -> str:
        """Return how many clips of how many `speakers` these are, in words."""
        return clips_in_words(self.speakers, self.anonymous, speakers)

    def select(self, mask: NDArray[np.bool_]) -> Predictions:
        """Return the clips where `mask`, bool ``[clips]``, is true (at least one)."""
        kept = np.flatnonzero(mask)
        return replace(
            self,
            clip_ids=tuple(self.clip_ids[i] for i in kept),
            labels=self.labels[kept],
            speakers=tuple(self.speakers[i] for i in kept),
            logits=self.logits[kept],
            votes=None if self.votes is None else self.votes[kept],
        )


def _check_votes(votes: NDArray[np.float32], shape: tuple[int, int]) -> None:
    if votes.shape != shape or votes.dtype != np.float32:
        raise BadInput(f"votes are {votes.dtype} {votes.shape}, expected float32 {shape}")
    sums = votes.sum(axis=1)
    if not (np.all(votes >= 0.0) and np.all((sums == 0.0) | np.isclose(sums, 1.0, atol=1e-4))):
        raise BadInput("the votes of a clip are no shares", hint="give shares that sum up to 1")


def clips_in_words(speakers: Sequence[str], anonymous: Collection[str], called: str) -> str:
    """Return how many clips there are, and of how many speakers, of which some are not known.

    Parameters
    ----------
    speakers
        One a clip.
    anonymous
        Those of them that stand for a speaker nobody knows.
    called
        What the others are called, several of them: ``"unseen speakers"``.

    Examples
    --------
    >>> clips_in_words(["kim", "kim", "7"], {"7"}, "speakers")
    '3 clips of 1 speaker (1 of no known speaker)'
    """
    known = len(set(speakers).difference(anonymous))
    unknown = sum(speaker in anonymous for speaker in speakers)
    rest = f" ({unknown} of no known speaker)" if unknown else ""
    clips, who = plural("clip", len(speakers)), plural(called.removesuffix("s"), known)
    return f"{len(speakers)} {clips} of {known} {who}{rest}"


def require_finite(values: NDArray[np.floating], clip_ids: Sequence[str], *, what: str) -> None:
    """Refuse NaN and infinity in `values`, ``[clips, ...]``.

    Raises
    ------
    CheckFailed
        Naming the first clip concerned and how many there are.
    """
    finite = np.isfinite(values).reshape(len(clip_ids), -1).all(axis=1)
    bad = np.flatnonzero(~finite)
    if bad.size:
        raise CheckFailed(
            f"NaN or infinity in the {what} of clip {clip_ids[int(bad[0])]} "
            f"({bad.size} of {len(clip_ids)} clips)",
            hint="look at that clip's features and at the model's first non-finite layer",
        )
