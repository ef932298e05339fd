"""One clip with its label, one collection of clips, and what was wrong with either."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from edgeser.corpora.audio.files import Excerpt, MadeSound, Sound
from edgeser.corpora.vad import Vad
from edgeser.wording import LabelKind, Wording, wording


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording of one speaker, with one label.

    Parameters
    ----------
    path
        The audio file.
    clip_id
        Unique within its corpus and the same on every machine: the path relative to the
        corpus root in POSIX form, without its suffix.
    corpus
        Name of the adapter that read it, such as ``"cremad"``.
    emotion
        The intended emotion, as a lower-case English noun (see `edgeser.corpora.emotions`); in a
        corpus of other labels its label (see `edgeser.corpora.labels`).
    speaker
        The speaker's name within the corpus.
    sex
        ``"female"``, ``"male"``, or ``None`` where it is not known.
    age
        In years, or ``None``.
    language
        ISO 639 code, of two letters where there is one, such as ``"en"``, or ``None``.
    race, ethnicity
        In the corpus's own words, such as ``"Asian"`` and ``"Not Hispanic"``, or ``None``.
    votes
        Share of listeners who heard each emotion, summing to 1, or ``None`` where no listening
        test was published.
    split
        The part of the published speaker split it belongs to: ``"train"``, ``"development"``,
        ``"test"``, or ``None``.
    speaker_known
        False where nobody knows whose clip it is: `speaker` is then a name of its own (or of clips
        that overlap with it), so that it may share its speaker with clips on another side.
    start_s, duration_s
        The stretch of the file that it is, in seconds; all of the file where there is no duration.
    vad
        Valence, arousal and dominance as listeners rated them, or ``None``.
    session
        Whom the speaker was recorded with: speakers of one session heard each other; ``None`` where
        it is not known.
    wording, prosody
        Whether the words tell an emotion (``"emotional"``, ``"neutral"``), and how the voice stands
        to them (``"agrees"``, ``"disagrees"``, ``"flat"``, ``"alone"``); ``None`` where it is not
        known.
    made
        What it is where it is in no file (see `edgeser.corpora.synthesis.nothing`); `path` is then
        one of its speaker's files.
    """

    path: Path
    clip_id: str
    corpus: str
    emotion: str
    speaker: str
    sex: str | None = None
    age: int | None = None
    language: str | None = None
    votes: tuple[tuple[str, float], ...] | None = None
    split: str | None = None
    speaker_known: bool = True
    start_s: float = 0.0
    duration_s: float | None = None
    vad: Vad | None = None
    race: str | None = None
    ethnicity: str | None = None
    session: str | None = None
    wording: str | None = None
    prosody: str | None = None
    made: MadeSound | None = None

    @property
    def sound(self) -> Sound:
        """What to read: the file, the stretch of it, or what is made."""
        if self.made is not None:
            return self.made
        if self.duration_s is None:
            return self.path
        return Excerpt(self.path, self.start_s, self.duration_s)


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that is not, or not fully, part of a corpus, and why.

    Parameters
    ----------
    path
        The file.
    kind
        One word or hyphenated phrase, such as ``"unknown-label"`` or ``"empty-file"``.
    detail
        One line for the user.
    """

    path: Path
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """A collection of utterances as one adapter read it.

    Parameters
    ----------
    name
        Name of its adapter.
    root
        The folder it was read from.
    utterances
        Sorted by `clip_id`.
    emotions
        Every emotion, or other label, that occurs, in alphabetical order: that of class indices.
    synthetic
        True where no human being spoke: nothing measured on it says anything about people.
    licence, citation
        One line each: the terms it is published under, and the work to cite.
    problems
        Files that could not be used, and other oddities; never silently dropped.
    doubles
        ``(clip id of a copy, clip id of the one that is used)`` of recordings with the same sound
        and the same label; the copies are not among the utterances.
    split_source
        Where the speaker split is published and how it is read, one line; empty where none is.
    members
        The corpora that were joined into it (see `edgeser.corpora.join`); empty for one that an
        adapter read.
    same_person
        ``(name, other name)`` of speakers of joined corpora who share a recording.
    label_kind
        ``"emotions"``, or ``"any"`` where its labels are its own.
    """

    name: str
    root: Path
    utterances: tuple[Utterance, ...]
    emotions: tuple[str, ...]
    synthetic: bool
    licence: str
    citation: str
    problems: tuple[FileProblem, ...] = field(default=())
    doubles: tuple[tuple[str, str], ...] = field(default=())
    split_source: str = ""
    members: tuple[Corpus, ...] = field(default=())
    same_person: tuple[tuple[str, str], ...] = field(default=())
    label_kind: LabelKind = "emotions"

    @property
    def words(self) -> Wording:
        """What its labels are called."""
        return wording(self.label_kind)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Every speaker's name, sorted."""
        return tuple(sorted({utterance.speaker for utterance in self.utterances}))

    def sex_of_speakers(self) -> dict[str, str]:
        """Return each speaker's sex by name: ``"female"``, ``"male"`` or ``"unknown"``.

        Where a speaker's clips disagree, the most frequent answer counts.
        """
        answers: dict[str, Counter[str]] = {}
        for utterance in self.utterances:
            answers.setdefault(utterance.speaker, Counter())[utterance.sex or "unknown"] += 1
        return {
            speaker: max(sorted(counts), key=counts.__getitem__)
            for speaker, counts in sorted(answers.items())
        }
