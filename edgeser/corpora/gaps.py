"""Labels that a part lacks, or has in one clip only: told before hours go into a training."""

from __future__ import annotations

from collections import Counter

from edgeser.corpora.division import Division
from edgeser.corpora.parts import PARTS
from edgeser.corpora.utterance import Corpus
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable


def require_two_labels(corpus: Corpus) -> None:
    """Refuse a corpus in which there is nothing to tell apart.

    Raises
    ------
    BadInput
        When all its clips have the same label.
    """
    if len(corpus.emotions) < 2:
        raise BadInput(
            f"{corpus.name} at {corpus.root} holds one {corpus.words.one} only, "
            f"{printable(corpus.emotions[0])}: there is nothing to tell apart",
            hint=f"join it with recordings of other {corpus.words.many} in one manifest",
        )


def gaps(corpus: Corpus, split: Division) -> tuple[str, ...]:
    """Return a line for each part that lacks labels, or has one clip of some.

    What the training speakers lack is never learned; what the test speakers lack is never scored,
    and UAR is then over the others.
    """
    found = []
    for part in PARTS:
        counts = Counter(u.emotion for u in split.select(corpus.utterances, part))
        for what, number in (("no clip", 0), ("one clip", 1)):
            names = [name for name in corpus.emotions if counts[name] == number]
            if names:
                found.append(f"{_named(part)} have {what} of {', '.join(map(printable, names))}")
    return tuple(found)


def _named(part: str) -> str:
    return "training speakers" if part == "train" else f"{part} speakers"
