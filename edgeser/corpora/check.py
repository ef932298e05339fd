"""What is wrong with a corpus before anything is trained on it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from edgeser.corpora.audio.files import SAMPLE_RATE, NoSamples, read_recording
from edgeser.corpora.audio.sound import (
    CLIPPED_SHARE,
    FRAME_SECONDS,
    SHORTEST_SECONDS,
    Levels,
    Remark,
)
from edgeser.corpora.doubles import DOUBLED
from edgeser.corpora.labels import SIMILAR
from edgeser.corpora.split import describe_split, split_problems
from edgeser.corpora.unread import ARCHIVE
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.walk import LINK
from edgeser.wording import LabelKind, Wording, wording
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import BadInput

Progress = Callable[[int, int], None]
"""Called with how many clips are done and how many there are."""

_LEFT_OUT_ON_PURPOSE = frozenset(
    {
        "odd-header",
        "cancelling-channels",
        "not-speech",
        "not-in-split",
        "split-by-clip",
        "split-not-used",
        "development-from-train",
        "no-agreement",  # of listeners, on an emotion
        "not-drawn",  # what a class of Speech Commands does not need
        SIMILAR,
        DOUBLED,
        ARCHIVE,  # a folder that holds nothing else is a problem of its own
        LINK,
    }
)
_SILENT_KINDS = frozenset({"silent", "cancelling-channels"})
_TOLD_KINDS = frozenset({"odd-header", "cancelling-channels"})
_SILENCE_FLOOR_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What was measured on one readable clip.

    Parameters
    ----------
    clip_id
        Of the utterance.
    seconds, sample_rate, channels
        Of the file as it is.
    clipped_share
        Share of samples at full scale, 0 to 1.
    rms_dbfs
        RMS without the mean, in dB against full scale; -120 for digital silence.
    loud_dbfs, floor_dbfs
        Levels of its loud frames and of its floor; see `edgeser.corpora.audio.sound`.
    silent
        Whether nothing is said, or its channels cancel.
    pcm_sha256
        Hash of the clip as 16-bit mono at 16 kHz.
    """

    clip_id: str
    seconds: float
    sample_rate: int
    channels: int
    clipped_share: float
    rms_dbfs: float
    loud_dbfs: float
    floor_dbfs: float
    silent: bool
    pcm_sha256: str
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class CorpusCheck:
    """The findings, and what the corpus consists of.

    Parameters
    ----------
    corpus, root, synthetic
        Of the corpus.
    clips
        Facts of every readable clip, by clip id.
    problems
        Files that the adapter could not use, and clips that cannot be read.
    clipped, silent, too_short
        Clip ids.
    duplicates
        Groups of clip ids with the same samples.
    contradictions
        Those groups whose members bear different labels or speakers.
    labels, speakers, sexes, splits
        How many clips each has.
    split_source
        Where the parts come from, one line.
    label_kind
        What the labels are.
    anonymous
        How many clips are of no known speaker.
    rated
        How many clips have valence, arousal and dominance.
    """

    corpus: str
    root: str
    synthetic: bool
    clips: tuple[ClipFacts, ...]
    problems: tuple[FileProblem, ...]
    clipped: tuple[str, ...]
    silent: tuple[str, ...]
    too_short: tuple[str, ...]
    duplicates: tuple[tuple[str, ...], ...]
    contradictions: tuple[tuple[str, ...], ...]
    labels: dict[str, int]
    speakers: dict[str, int]
    sexes: dict[str, int]
    splits: dict[str, int]
    split_source: str = ""
    label_kind: LabelKind = "emotions"
    anonymous: int = 0
    rated: int = 0

    @property
    def words(self) -> Wording:
        """What the labels are called."""
        return wording(self.label_kind)

    @property
    def clean(self) -> bool:
        """True when there is nothing to report."""
        return not (
            self.problems or self.clipped or self.silent or self.too_short or self.duplicates
        )

    @property
    def usable(self) -> bool:
        """True when no file fails: each is used, or is left out by the adapter's own rule."""
        return all(problem.kind in _LEFT_OUT_ON_PURPOSE for problem in self.problems)

    @property
    def corrupt(self) -> tuple[FileProblem, ...]:
        """Problems of files that are there but cannot be read as audio."""
        return tuple(p for p in self.problems if p.kind == "corrupt")

    @property
    def empty(self) -> tuple[FileProblem, ...]:
        """Problems of files without any samples."""
        return tuple(p for p in self.problems if p.kind == "empty-file")


def check_corpus(corpus: Corpus, *, progress: Progress | None = None) -> CorpusCheck:
    """Read every clip on all cores and list what is wrong.

    A clip that cannot be read becomes a problem of kind ``"corrupt"`` (or ``"empty-file"``);
    nothing stops the check.

    Parameters
    ----------
    progress
        Called in this thread after each clip with the number done and the total.
    """
    clips: list[ClipFacts] = []
    problems = [*corpus.problems, *split_problems(corpus)]
    total = len(corpus.utterances)
    for done, answer in enumerate(on_all_cores(examine, corpus.utterances), start=1):
        if isinstance(answer, ClipFacts):
            clips.append(answer)
            path = corpus.utterances[done - 1].path
            told = [r for r in answer.remarks if r.kind in _TOLD_KINDS]
            problems += [FileProblem(path, r.kind, r.detail) for r in told]
        else:
            problems.append(answer)
        if progress is not None:
            progress(done, total)
    duplicates = _duplicates(clips, corpus)
    labels = {u.clip_id: (u.emotion, u.speaker) for u in corpus.utterances}
    labels |= {copy: labels[kept] for copy, kept in corpus.doubles}
    return CorpusCheck(
        corpus=corpus.name,
        root=str(corpus.root),
        synthetic=corpus.synthetic,
        clips=tuple(clips),
        problems=tuple(problems),
        clipped=tuple(c.clip_id for c in clips if c.clipped_share > CLIPPED_SHARE),
        silent=tuple(c.clip_id for c in clips if c.silent),
        too_short=tuple(c.clip_id for c in clips if c.seconds < SHORTEST_SECONDS),
        duplicates=duplicates,
        contradictions=tuple(g for g in duplicates if len({labels[name] for name in g}) > 1),
        labels=counts_by_name(u.emotion for u in corpus.utterances),
        speakers=counts_by_name(u.speaker for u in corpus.utterances if u.speaker_known),
        sexes=counts_by_name(u.sex or "unknown" for u in corpus.utterances),
        splits=counts_by_name(u.split or "none" for u in corpus.utterances),
        split_source=describe_split(corpus),
        label_kind=corpus.label_kind,
        anonymous=sum(not u.speaker_known for u in corpus.utterances),
        rated=sum(u.vad is not None for u in corpus.utterances),
    )


def examine(utterance: Utterance) -> ClipFacts | FileProblem:
    """Measure one clip, or say why it cannot be read."""
    try:
        recording = read_recording(utterance.sound)
    except NoSamples as error:
        return FileProblem(utterance.path, "empty-file", error.message)
    except BadInput as error:
        return FileProblem(utterance.path, "corrupt", error.message)
    levels = Levels(recording.sample_rate)
    levels.push(recording.samples)
    found = recording.remarks(levels, frame_seconds=FRAME_SECONDS)
    scale = 32768.0 if recording.samples.dtype == np.int16 else 1.0
    rms = float(np.std(recording.samples)) / scale
    pcm = recording.at(SAMPLE_RATE)
    return ClipFacts(
        clip_id=utterance.clip_id,
        seconds=levels.seconds,
        sample_rate=recording.sample_rate,
        channels=recording.channels,
        clipped_share=levels.clipped_share,
        rms_dbfs=max(20.0 * float(np.log10(max(rms, 1e-9))), _SILENCE_FLOOR_DBFS),
        loud_dbfs=levels.loud_dbfs,
        floor_dbfs=levels.floor_dbfs,
        silent=any(remark.kind in _SILENT_KINDS for remark in found),
        pcm_sha256=hashlib.sha256(pcm.astype("<i2").tobytes()).hexdigest(),
        remarks=found,
    )


def _duplicates(clips: Iterable[ClipFacts], corpus: Corpus) -> tuple[tuple[str, ...], ...]:
    """Return groups with the same samples: of clips that are used, and of copies left out."""
    copies: dict[str, list[str]] = {}
    for copy, kept in corpus.doubles:
        copies.setdefault(kept, []).append(copy)
    groups: dict[str, list[str]] = {}
    for clip in clips:
        groups.setdefault(clip.pcm_sha256, []).extend([clip.clip_id, *copies.get(clip.clip_id, [])])
    return tuple(sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1))


def counts_by_name(values: Iterable[str]) -> dict[str, int]:
    """Return how often each name is there, in the order of the alphabet."""
    return dict(sorted(Counter(values).items()))
