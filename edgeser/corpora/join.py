"""Several corpora as one: speakers and clips bear their corpus's name, labels mean one thing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeser.corpora.choice import CorpusChoice, LabelsConfig
from edgeser.corpora.doubles import same_sounds
from edgeser.corpora.emotions import canonical_emotion, why_unknown
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

IN_TWO_CORPORA = "in-two-corpora"
LEFT_OUT = "label-left-out"
NOT_LEARNED = "label-not-learned"
_AS_THEY_ARE = LabelsConfig()


@dataclass(frozen=True, slots=True)
class Member:
    """One of the corpora that are joined: how it was chosen, and what its adapter read."""

    choice: CorpusChoice
    corpus: Corpus

    @property
    def is_trained_on(self) -> bool:
        """Whether any of its speakers is."""
        return self.choice.role != "test"


def join(
    members: Sequence[Member],
    labels: LabelsConfig = _AS_THEY_ARE,
    *,
    classes: Sequence[str] | None = None,
) -> Corpus:
    """Return one corpus of several; of one too, so that its speakers have the same names in both.

    - A speaker is a speaker of a corpus: ``ravdess/03``; so is a clip.
    - Labels are mapped, and left out, as each choice and then `labels` say.
    - The classes are the labels of the corpora that are trained on, or those that a model knows;
      clips with other labels take no part.
    - The same sound in two corpora counts once, in the first of them; the two speakers are then
      one person, which `Corpus.same_person` remembers.

    Parameters
    ----------
    members
        At least one.
    labels
        What holds for all of them.
    classes
        The labels of a model that is there already; `None` before a training.

    Raises
    ------
    BadInput
        When a corpus has no label in common with the others or with `classes`, a label to map is
        unknown, or all sounds of one corpus are in others too.
    """
    read = [Member(m.choice, _relabelled(m, labels)) for m in members]
    if classes is None:
        classes = sorted({e for m in read if m.is_trained_on for e in m.corpus.emotions})
        for member in read:
            _require_common_label(member, read)
    corpora, same_person = _once([_owned(_with_known_labels(m, classes)) for m in read])
    return Corpus(
        name=" + ".join(corpus.name for corpus in corpora),
        root=_common_root([corpus.root for corpus in corpora]),
        utterances=tuple(sorted((u for c in corpora for u in c.utterances), key=_clip_id)),
        emotions=tuple(classes),
        synthetic=any(corpus.synthetic for corpus in corpora),
        licence=_each(corpora, lambda corpus: corpus.licence),
        citation=_each(corpora, lambda corpus: corpus.citation),
        problems=tuple(problem for corpus in corpora for problem in corpus.problems),
        doubles=tuple(pair for corpus in corpora for pair in corpus.doubles),
        split_source=_each(corpora, lambda corpus: corpus.split_source),
        members=tuple(corpora),
        same_person=same_person,
        label_kind=labels.kind,
    )


def _relabelled(member: Member, labels: LabelsConfig) -> Corpus:
    """Return a corpus with its labels mapped, without those that are left out."""
    choice, corpus = member.choice, member.corpus
    own = _mapping(choice.labels, labels)
    every = _mapping(labels.map, labels)
    out = {_label(word, labels) for word in (*choice.leave_out, *labels.leave_out)}
    kept, counts = [], dict.fromkeys(sorted(out), 0)
    for utterance in corpus.utterances:
        label = own.get(utterance.emotion, utterance.emotion)
        label = every.get(label, label)
        gone = next((name for name in (utterance.emotion, label) if name in out), None)
        if gone is None:
            kept.append(
                utterance
                if label == utterance.emotion
                else replace(utterance, emotion=label, votes=_mapped_votes(utterance, own, every))
            )
        else:
            counts[gone] += 1
    if not kept:
        raise BadInput(
            f"{choice.name} at {corpus.root} has no clip left: all its labels are left out",
            hint="leave out fewer labels, or the corpus",
        )
    lines = [f"{number} clips of {printable(name)}" for name, number in counts.items() if number]
    left = [FileProblem(corpus.root, LEFT_OUT, f"as the recipe says: {', '.join(lines)}")]
    return replace(
        corpus,
        utterances=tuple(kept),
        emotions=tuple(sorted({u.emotion for u in kept})),
        problems=(*corpus.problems, *(left if lines else [])),
    )


def _mapped_votes(
    utterance: Utterance, own: Mapping[str, str], every: Mapping[str, str]
) -> tuple[tuple[str, float], ...] | None:
    if utterance.votes is None:
        return None
    shares: dict[str, float] = {}
    for name, share in utterance.votes:
        label = own.get(name, name)
        label = every.get(label, label)
        shares[label] = shares.get(label, 0.0) + share
    return tuple(shares.items())


def _mapping(table: Mapping[str, str], labels: LabelsConfig) -> dict[str, str]:
    return {_label(key, labels): _label(value, labels) for key, value in table.items()}


def _label(word: str, labels: LabelsConfig) -> str:
    """Return a label of a recipe as utterances have it."""
    if labels.kind == "any":
        return word
    noun = canonical_emotion(word)
    if noun is None:
        what, advice = why_unknown(word)
        raise BadInput(f"{what}, in the recipe's labels", hint=advice)
    return noun


def _require_common_label(member: Member, members: Sequence[Member]) -> None:
    others = {
        label
        for other in members
        if other is not member and other.is_trained_on
        for label in other.corpus.emotions
    }
    if others and not others & set(member.corpus.emotions):
        raise BadInput(
            f"{printable(member.choice.name)} has no label in common with the other corpora: "
            f"{_named(member.corpus.emotions)} against {_named(sorted(others))}",
            hint="map its labels in [[corpora]] labels, or leave it out",
        )


def _with_known_labels(member: Member, classes: Sequence[str]) -> Member:
    """Leave out clips of a corpus to test on whose labels nobody learns."""
    corpus = member.corpus
    unknown = [u for u in corpus.utterances if u.emotion not in classes]
    if not unknown:
        return member
    names = _named(sorted({u.emotion for u in unknown}))
    detail = f"{len(unknown)} clips of {names}: labels that are not learned"
    kept = tuple(u for u in corpus.utterances if u.emotion in classes)
    if not kept:
        raise BadInput(
            f"{printable(member.choice.name)} has no label that is learned: {names} against "
            f"{_named(classes)}",
            hint="map its labels in [[corpora]] labels, or leave it out",
        )
    problem = FileProblem(corpus.root, NOT_LEARNED, detail)
    return Member(
        member.choice,
        replace(
            corpus,
            utterances=kept,
            emotions=tuple(sorted({u.emotion for u in kept})),
            problems=(*corpus.problems, problem),
        ),
    )


def _named(labels: Iterable[str]) -> str:
    return ", ".join(printable(label) for label in labels)


def _owned(member: Member) -> Corpus:
    """Return a corpus whose clips and speakers bear its name."""
    name, corpus = member.choice.name, member.corpus
    utterances = tuple(
        replace(u, corpus=name, clip_id=f"{name}/{u.clip_id}", speaker=f"{name}/{u.speaker}")
        for u in corpus.utterances
    )
    doubles = tuple((f"{name}/{copy}", f"{name}/{used}") for copy, used in corpus.doubles)
    return replace(corpus, name=name, utterances=utterances, doubles=doubles)


def _once(corpora: Sequence[Corpus]) -> tuple[list[Corpus], tuple[tuple[str, str], ...]]:
    """Keep, of the recordings that sound the same in two corpora, that of the first.

    Returns
    -------
    corpora, same_person
        The corpora with what is left of them; ``(speaker, speaker of an earlier corpus)``.
    """
    if len(corpora) == 1:
        return list(corpora), ()
    utterances = [u for corpus in corpora for u in corpus.utterances]
    place = {utterance.clip_id: number for number, utterance in enumerate(utterances)}
    copies: dict[str, tuple[FileProblem, str]] = {}
    people: dict[str, str] = {}
    for same in same_sounds(utterances, lambda u: ()):
        first, *others = sorted(same, key=lambda u: place[u.clip_id])
        for copy in others:
            if copy.corpus == first.corpus:
                continue  # of that its adapter has judged
            calls = "" if copy.emotion == first.emotion else f", which calls it {first.emotion}"
            detail = f"the same sound as {first.clip_id}{calls}; it counts once, there"
            problem = FileProblem(copy.path, IN_TWO_CORPORA, detail)
            copies[copy.clip_id] = (problem, first.clip_id)
            people.setdefault(copy.speaker, people.get(first.speaker, first.speaker))
    left = [_without(corpus, copies) for corpus in corpora]
    for before, after in zip(corpora, left, strict=True):
        if before.utterances and not after.utterances:
            kept = {copies[u.clip_id][1] for u in before.utterances}
            held_by = sorted({printable(clip.split("/")[0]) for clip in kept})
            raise BadInput(
                f"all recordings of {printable(before.name)} are in {' and '.join(held_by)} too, "
                "told by their sound",
                hint="give them once",
            )
    speakers = {u.speaker for corpus in left for u in corpus.utterances}
    return left, tuple((name, who) for name, who in sorted(people.items()) if name in speakers)


def _without(corpus: Corpus, copies: Mapping[str, tuple[FileProblem, str]]) -> Corpus:
    gone = [u.clip_id for u in corpus.utterances if u.clip_id in copies]
    return replace(
        corpus,
        utterances=tuple(u for u in corpus.utterances if u.clip_id not in copies),
        problems=(*corpus.problems, *(copies[name][0] for name in gone)),
        doubles=(*corpus.doubles, *((name, copies[name][1]) for name in gone)),
    )


def _clip_id(utterance: Utterance) -> str:
    return utterance.clip_id


def _common_root(roots: Sequence[Path]) -> Path:
    if len(roots) == 1:
        return roots[0]
    return Path(os.path.commonpath([root.absolute() for root in roots]))


def _each(corpora: Sequence[Corpus], said: Callable[[Corpus], str]) -> str:
    """Return what is said of each corpus, with its name where there are several."""
    if len(corpora) == 1:
        return said(corpora[0])
    return "; ".join(f"{c.name}: {said(c)}" for c in corpora if said(c))
