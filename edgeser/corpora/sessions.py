"""Folds of sessions: who was recorded together is on one side.

In a dialogue each microphone hears both speakers, and both speak of one thing. So the published
protocol of IEMOCAP tests on one of its five sessions after the other.
"""

from __future__ import annotations

import random
from typing import Final

from edgeser.corpora.split import SpeakerSplit
from edgeser.corpora.utterance import Corpus
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

SESSIONS: Final = "sessions"
_FEWEST = 3


def sessions_of(corpus: Corpus) -> dict[str, frozenset[str]]:
    """Return the speakers of each session, sessions in order of their names.

    Raises
    ------
    BadInput
        When a clip has no session, or a speaker is in two.
    """
    found: dict[str, str] = {}
    for utterance in corpus.utterances:
        if utterance.session is None:
            raise BadInput(
                f"{printable(corpus.name)} at {corpus.root} does not say in which session "
                f"{printable(utterance.clip_id)} was recorded",
                hint='use split = "folds", or give its manifest a column session',
            )
        if found.setdefault(utterance.speaker, utterance.session) != utterance.session:
            raise BadInput(
                f"the speaker {printable(utterance.speaker)} is in two sessions of "
                f"{printable(corpus.name)}",
                hint='use split = "folds"',
            )
    sessions = sorted(set(found.values()))
    return {s: frozenset(who for who in found if found[who] == s) for s in sessions}


def folds_of_sessions(
    corpus: Corpus, *, seed: int, development_share: float, folds: int, fold: int
) -> SpeakerSplit:
    """Deal sessions, in the order of their names, into folds, and test on one of them.

    With as many folds as sessions, fold 0 tests the first session. The epoch is chosen by whole
    sessions too, drawn from the rest until they hold the share of its speakers.

    Parameters
    ----------
    seed, development_share, folds, fold
        As of `published_or_folds`.

    Raises
    ------
    BadInput
        When sessions are not known, there are fewer than three, or the fold does not exist.
    """
    sessions = sessions_of(corpus)
    if len(sessions) < _FEWEST:
        raise BadInput(
            f"{printable(corpus.name)} at {corpus.root} has {len(sessions)} session(s); one to "
            "test, one to choose by and one to train on are needed",
            hint='use split = "folds"',
        )
    groups = min(folds, len(sessions))
    if folds < 2 or not 0 <= fold < groups:
        raise BadInput(
            f"fold {fold} does not exist: {printable(corpus.name)} has {groups} folds of sessions, "
            "counted from 0"
        )
    names = list(sessions)
    test = frozenset[str]().union(*(sessions[name] for name in names[fold::groups]))
    left = [name for place, name in enumerate(names) if place % groups != fold]
    random.Random(seed).shuffle(left)  # noqa: S311 - a reproducible draw, not a secret
    wanted = development_share * sum(len(sessions[name]) for name in left)
    development: frozenset[str] = frozenset()
    while len(left) > 1 and (not development or len(development) < round(wanted)):
        development |= sessions[left.pop()]
    train = frozenset[str]().union(*(sessions[name] for name in left))
    return SpeakerSplit(train, development, test)
