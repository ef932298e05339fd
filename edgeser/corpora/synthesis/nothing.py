"""The class "nothing": clips on which nobody says anything, of every corpus that is joined.

Each belongs to a speaker, is as long as one of that speaker's clips, and is on the speaker's side
of a split: what a pause was cut from is never on the other one, and who is tested does not change.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from edgeser.corpora.choice import CorpusChoice
from edgeser.corpora.random_clips import RANDOM_CLIPS
from edgeser.corpora.synthesis.nothing_sound import NothingKind, NothingSound
from edgeser.corpora.utterance import Corpus, Utterance
from edgeser.wording import NOTHING
from quantize.foundation.errors import BadInput

_KINDS: tuple[NothingKind, ...] = ("silence", "room", "noise", "pauses")
_SOURCES = 6
_MOST_SHARE = 10.0
_MOST_WEIGHT = 1e6


@dataclass(frozen=True, slots=True)
class NothingConfig:
    """A class of clips without a voice: ``[nothing]``.

    Parameters
    ----------
    share
        How many such clips, for each clip that a class of the corpus has on average; 0: there is no
        such class.
    silence, room, noise, pauses
        Of what they are, in which shares of one another. Silence is zeros, or what a converter's
        last bits say; a room has falling noise, hum and knocks; noise has any colour; pauses are
        what is between a speaker's words, joined. The first three are synthetic.
    room_dbfs, noise_dbfs
        From and to which RMS these two are, in dB against full scale.
    seed
        Of what is drawn; apart from the training's.
    """

    share: float = 0.0
    silence: float = 0.1
    room: float = 0.3
    noise: float = 0.3
    pauses: float = 0.3
    room_dbfs: tuple[float, float] = (-80.0, -45.0)
    noise_dbfs: tuple[float, float] = (-55.0, -20.0)
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.share) and 0.0 <= self.share <= _MOST_SHARE):
            raise BadInput(
                f"[nothing] share is {self.share:g}", hint=f"choose 0 to {_MOST_SHARE:g}"
            )
        for kind in _KINDS:
            weight = self.weight(kind)
            if not (math.isfinite(weight) and 0.0 <= weight <= _MOST_WEIGHT):
                raise BadInput(f"[nothing] {kind} is {weight:g}", hint="choose 0 or more")
        if not any(map(self.weight, _KINDS)):
            raise BadInput(
                f"[nothing] {', '.join(_KINDS)} are all 0", hint="give one of them a share"
            )
        for name in ("room_dbfs", "noise_dbfs"):
            low, high = getattr(self, name)
            if not -120.0 <= low <= high <= 0.0:
                raise BadInput(
                    f"[nothing] {name} is {low:g} to {high:g}", hint="give -120 <= from <= to <= 0"
                )
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"[nothing] seed is {self.seed}", hint="choose 0 to 2**63 - 1")

    @property
    def asked(self) -> bool:
        """Whether there is such a class."""
        return self.share > 0.0

    def weight(self, kind: NothingKind) -> float:
        """Return the share of a kind, as it is given."""
        return float(getattr(self, kind))

    def level_of(self, kind: NothingKind) -> tuple[float, float]:
        """Return the levels that a kind is drawn from, in dBFS; zeros where it has its own."""
        return {"room": self.room_dbfs, "noise": self.noise_dbfs}.get(kind, (0.0, 0.0))


def with_nothing(
    corpus: Corpus,
    config: NothingConfig,
    choices: Sequence[CorpusChoice],
    *,
    classes: Collection[str] | None = None,
) -> Corpus:
    """Return joined corpora with the class `NOTHING`, each with clips of its own speakers.

    The same clips for the same recordings and settings; nothing is read or written here: a clip is
    made when it is read (see `edgeser.corpora.synthesis.nothing_sound`).

    Parameters
    ----------
    corpus, choices
        From `edgeser.corpora.join`, and how its members were chosen. Where clips are dealt at
        random, and so pauses could be on both sides, a member has synthetic clips alone.
    config
        Of the recipe.
    classes
        The labels of a model that is there already; `None` before a training. One that does not
        know the class gets no such clips.

    Raises
    ------
    BadInput
        When only pauses are asked for, and clips are dealt at random.
    """
    if not config.asked or (classes is not None and NOTHING not in classes):
        return corpus
    members = tuple(
        _member_with_nothing(member, config, choice)
        for member, choice in zip(corpus.members, choices, strict=True)
    )
    clips = [u for member in members for u in member.utterances]
    known = NOTHING in corpus.emotions
    return replace(
        corpus,
        utterances=tuple(sorted(clips, key=lambda u: u.clip_id)),
        emotions=corpus.emotions if known else tuple(sorted((*corpus.emotions, NOTHING))),
        members=members,
    )


def of_voices(utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Return the clips that are not made of nothing: those on which somebody speaks."""
    return tuple(u for u in utterances if not isinstance(u.made, NothingSound))


def _member_with_nothing(member: Corpus, config: NothingConfig, choice: CorpusChoice) -> Corpus:
    weights = {kind: config.weight(kind) for kind in _KINDS}
    if choice.role == "both" and choice.split == RANDOM_CLIPS:
        weights["pauses"] = 0.0
    if not any(weights.values()):
        raise BadInput(
            f"[nothing] asks for pauses alone, but the clips of {member.name} are dealt at random, "
            "so that one pause could be trained on and tested",
            hint="give silence, room or noise a share, or divide speakers",
        )
    groups = _groups(member.utterances)
    wanted = round(config.share * len(member.utterances) / max(1, len(member.emotions)))
    kinds = _dealt(weights)
    made: list[Utterance] = []
    numbers: dict[str, int] = {}
    for group, count in zip(groups, _counts([len(g) for g in groups], wanted), strict=True):
        for place in range(count):
            number = numbers[group[0].speaker] = numbers.get(group[0].speaker, 0) + 1
            made.append(_clip(group, place, count, number, next(kinds), config))
    return replace(
        member,
        utterances=tuple(sorted((*member.utterances, *made), key=lambda u: u.clip_id)),
        emotions=tuple(sorted({*member.emotions, *(u.emotion for u in made)})),
    )


def _groups(utterances: Sequence[Utterance]) -> list[list[Utterance]]:
    """Return the clips of each speaker; where clips of one are in several parts, of each part."""
    found: dict[tuple[str, str], list[Utterance]] = {}
    for utterance in sorted(utterances, key=lambda u: u.clip_id):
        found.setdefault((utterance.speaker, utterance.split or ""), []).append(utterance)
    return [found[key] for key in sorted(found)]


def _counts(sizes: Sequence[int], wanted: int) -> list[int]:
    """Deal clips to groups by their sizes; the sum is `wanted`."""
    ends = list(accumulate(sizes, initial=0))
    dealt = [wanted * end // max(1, ends[-1]) for end in ends]
    return [after - before for before, after in pairwise(dealt)]


def _dealt(weights: dict[NothingKind, float]) -> Iterator[NothingKind]:
    """Yield kinds without end, so that each has had its share at any time."""
    total = sum(weights.values())
    had = dict.fromkeys(weights, 0)
    while True:
        owed = {
            kind: weights[kind] / total * (sum(had.values()) + 1) - had[kind]
            for kind in weights
            if weights[kind] > 0.0
        }
        kind = max(owed, key=owed.__getitem__)
        had[kind] += 1
        yield kind


def _clip(
    group: Sequence[Utterance],
    place: int,
    count: int,
    number: int,
    kind: NothingKind,
    config: NothingConfig,
) -> Utterance:
    like = group[place * len(group) // count]
    name = f"{like.speaker}@nothing-{number:04d}"
    digest = hashlib.sha256(f"{config.seed}\n{name}".encode()).digest()
    first = _SOURCES * place
    sources = [group[(first + i) % len(group)] for i in range(min(_SOURCES, len(group)))]
    made = NothingSound(
        path=like.path,
        kind=kind,
        seed=int.from_bytes(digest[:8], "big"),
        like=like.sound,
        sources=tuple(source.sound for source in sources) if kind == "pauses" else (),
        level_dbfs=config.level_of(kind),
    )
    return replace(
        like,
        clip_id=name,
        emotion=NOTHING,
        votes=None,
        vad=None,
        wording=None,
        prosody=None,
        start_s=0.0,
        duration_s=None,
        made=made,
    )
