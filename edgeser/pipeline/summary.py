"""What a trained network keeps of the recordings that it is of: counts, sources and problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from edgeser.bundle import CorpusSummary, MemberSummary, PartSummary
from edgeser.corpora import Corpus, CorpusChoice, caveat_of, describe_division
from edgeser.corpora.parts import PARTS
from edgeser.pipeline.plan import Plan
from edgeser.pipeline.training_data.dataset import RawClips, few
from edgeser.pipeline.training_data.levels import Levels
from edgeser.pipeline.vad import vad_summary


def summary_of(plan: Plan, parts: Mapping[str, RawClips], levels: Levels) -> CorpusSummary:
    """Return what was heard of a plan's corpora, by part, with the problems that were met.

    Parameters
    ----------
    plan
        Of the training.
    parts
        The clips that could be read, by part.
    levels
        Of its corpora.
    """
    corpus = plan.corpus
    problems = list(plan.oddities)
    problems += few([problem for part in parts.values() for problem in part.problems])
    train, development, test = (
        [u.speaker for u in parts[part].utterances if not u.speaker_known] for part in PARTS
    )
    counts = Counter(u.emotion for part in parts.values() for u in part.utterances)
    members = tuple(
        _member(choice, member, parts, levels)
        for choice, member in zip(plan.recipe.corpora, corpus.members, strict=True)
    )
    sources = [f"{m.name}: {m.split_source}" for m in members]
    return CorpusSummary(
        name=corpus.name,
        licence=corpus.licence,
        citation=corpus.citation,
        synthetic=corpus.synthetic,
        clips_train=len(parts["train"].utterances),
        clips_development=len(parts["development"].utterances),
        clips_test=len(parts["test"].utterances),
        class_counts=tuple((name, counts[name]) for name in corpus.emotions),
        problems=tuple(problems),
        input_hash=plan.input_hash,
        split_source=members[0].split_source if len(members) == 1 else "; ".join(sources),
        label_kind=corpus.label_kind,
        anonymous=(len(train), len(development), len(test)),
        anonymous_names=(len(set(train)), len(set(development)), len(set(test))),
        members=members,
        caveat=caveat_of(plan.split),
        level_span=str(levels),
        vad=vad_summary(plan.recipe, parts),
    )


def _member(
    choice: CorpusChoice, corpus: Corpus, clips_of: Mapping[str, RawClips], levels: Levels
) -> MemberSummary:
    utterances = {
        part: [u for u in clips.utterances if u.corpus == corpus.name]
        for part, clips in clips_of.items()
    }
    return MemberSummary(
        name=corpus.name,
        role=choice.role,
        weight=choice.weight,
        labels=corpus.emotions,
        parts=tuple(
            PartSummary(part, len(clips), len({u.speaker for u in clips if u.speaker_known}))
            for part, clips in utterances.items()
        ),
        split_source=describe_division(corpus, choice),
        levels=levels.by_corpus.get(corpus.name),
    )
