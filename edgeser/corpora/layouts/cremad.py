"""CREMA-D: English, 91 actors, six emotions, with the crowd's votes for each clip.

Layout: ``AudioWAV/1001_DFA_ANG_XX.wav`` (actor, sentence, emotion, level), and beside that
folder ``tabulatedVotes.csv``, ``VideoDemographics.csv`` and, where it was added,
``speaker_splits.json``. With three parts (``train``, ``dev``, ``test``) these are training,
development and test. With two (``train``, ``dev``) the ``dev`` speakers of that published
speaker-independent split are the test set; development speakers are drawn from ``train`` (see
`edgeser.corpora.split`).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from edgeser.corpora.labels import own_words
from edgeser.corpora.layouts.listing import (
    assemble,
    clip_id_of,
    emotion_in_name,
    folder,
    read_files,
)
from edgeser.corpora.table import read_table, whole
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.files import is_lfs_pointer, read_bounded

NAME = "cremad"
LICENCE = "Open Database License 1.0; contents: Database Contents License 1.0"
CITATION = (
    "H. Cao et al., CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset, "
    "IEEE Transactions on Affective Computing 5(4), 2014"
)

_FILE_NAME = re.compile(r"(?P<actor>\d{4})_[A-Z]{3}_(?P<emotion>[A-Z]{3})_[A-Z]{2}")
_EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
_VOTE_COLUMNS = {
    "A": "anger",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
}
_VOICE_ONLY = "1"
_ROW_NUMBER_DIGITS = 6
SPLIT = "speaker_splits.json"
_TRAIN = ("train", "training")
_DEVELOPMENT = ("dev", "development", "val", "valid", "validation")
_TEST = ("test", "testing", "eval", "evaluation")

Votes = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class _Person:
    """What the corpus says of an actor; ``None`` for what it does not."""

    age: int | None = None
    sex: str | None = None
    race: str | None = None
    ethnicity: str | None = None


@dataclass(frozen=True, slots=True)
class _Tables:
    """What stands beside the audio; each part is empty where its file is missing or broken."""

    votes: dict[str, Votes] = field(default_factory=dict)
    people: dict[str, _Person] = field(default_factory=dict)
    split: dict[str, str] = field(default_factory=dict)
    split_source: str = ""


def read(root: Path) -> Corpus:
    """Read CREMA-D from the folder that holds ``AudioWAV``, or from that folder itself.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of CREMA-D's kind.
    """
    root = folder(root, expected="AudioWAV and tabulatedVotes.csv")
    if root.name == "AudioWAV" and not (root / "AudioWAV").is_dir():
        root = root.parent
    problems: list[FileProblem] = []
    split, split_source = _read_split(root / SPLIT, problems)
    tables = _Tables(
        votes=_read_votes(root / "tabulatedVotes.csv", problems),
        people=_read_people(root / "VideoDemographics.csv", problems),
        split=split,
        split_source=split_source,
    )
    audio = root / "AudioWAV" if (root / "AudioWAV").is_dir() else root
    utterances, faults = read_files(audio, lambda path: _read_name(path, root, tables))
    if split and utterances and not any(utterance.split for utterance in utterances):
        detail = f"it names none of these speakers, such as {utterances[0].speaker}; not used"
        problems.append(FileProblem(root / SPLIT, "split-not-used", detail))
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=problems + faults,
        licence=LICENCE,
        citation=CITATION,
        split=(root / SPLIT, tables.split_source),
    )


def _read_name(path: Path, root: Path, tables: _Tables) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="1001_DFA_ANG_XX")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    actor = match["actor"]
    person = tables.people.get(actor, _Person())
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=actor,
        sex=person.sex,
        age=person.age,
        language="en",
        race=person.race,
        ethnicity=person.ethnicity,
        votes=tables.votes.get(path.stem),
        split=tables.split.get(actor),
    )


def _read_votes(path: Path, problems: list[FileProblem]) -> dict[str, Votes]:
    """Read the share of votes per emotion, by clip, from those who only heard the voice.

    The first column numbers the rows; its leading digit says what the raters were given:
    1 the voice, 2 the face, 3 both.
    """
    if not os.path.lexists(path):
        return {}
    try:
        table = read_table(path)
    except BadInput as error:
        problems.append(FileProblem(path, "unreadable", error.message))
        return {}
    if missing := table.missing("fileName", *_VOTE_COLUMNS):
        detail = f"column {', '.join(missing)} is missing; no votes are used"
        problems.append(FileProblem(path, "unreadable", detail))
        return {}
    number_column = table.columns[0]
    counts: dict[str, dict[str, int]] = {}
    for row in table.rows:
        number = row[number_column]
        if len(number) != _ROW_NUMBER_DIGITS or not number.startswith(_VOICE_ONLY):
            continue
        votes = {emotion: whole(row[column]) for column, emotion in _VOTE_COLUMNS.items()}
        if None in votes.values():
            detail = f"row {number} has votes that are not counts; it is not used"
            problems.append(FileProblem(path, "bad-row", detail))
            continue
        clip = counts.setdefault(row["fileName"], dict.fromkeys(_VOTE_COLUMNS.values(), 0))
        for emotion, vote in votes.items():
            clip[emotion] += vote or 0
    return {
        name: tuple((emotion, count / total) for emotion, count in clip.items())
        for name, clip in counts.items()
        if (total := sum(clip.values()))
    }


def _read_people(path: Path, problems: list[FileProblem]) -> dict[str, _Person]:
    if not os.path.lexists(path):
        return {}
    try:
        table = read_table(path)
    except BadInput as error:
        problems.append(FileProblem(path, "unreadable", error.message))
        return {}
    if missing := table.missing("ActorID", "Age", "Sex"):
        detail = f"column {', '.join(missing)} is missing; age and sex stay unknown"
        problems.append(FileProblem(path, "unreadable", detail))
        return {}
    people: dict[str, _Person] = {}
    for row in table.rows:
        age = whole(row["Age"])
        sex = row["Sex"].lower() if row["Sex"].lower() in ("female", "male") else None
        race, ethnicity = (own_words(row.get(column, "")) for column in ("Race", "Ethnicity"))
        people[row["ActorID"]] = _Person(age, sex, race, ethnicity)
    return people


def _read_split(path: Path, problems: list[FileProblem]) -> tuple[dict[str, str], str]:
    """Return the part of each speaker, and how the file was read."""
    if not os.path.lexists(path):
        return {}, ""
    try:
        data = read_bounded(path, limit_bytes=1 << 20)
        if is_lfs_pointer(data):
            return _not_a_split(path, "a Git-LFS pointer: run 'git lfs pull'", problems)
        found = dict(json.loads(data))
        if not all(isinstance(speakers, list) for speakers in found.values()):
            return _not_a_split(path, "a part is no list", problems)
        parts = {name.lower(): [str(s) for s in speakers] for name, speakers in found.items()}
    except (BadInput, ValueError, TypeError, AttributeError, RecursionError) as error:
        return _not_a_split(path, f"{error}", problems)
    named = {
        ours: sorted({s for name in theirs for s in parts.pop(name, [])})
        for ours, theirs in (("train", _TRAIN), ("development", _DEVELOPMENT), ("test", _TEST))
    }
    if not named["train"] or not (named["development"] or named["test"]):
        return _not_a_split(path, "train, dev or test is missing", problems)
    for name, speakers in parts.items():
        detail = f"its part '{name}' is not known: {len(speakers)} speakers of it take no part"
        problems.append(FileProblem(path, "unknown-part", detail))
    for one, other in (("train", "development"), ("train", "test"), ("development", "test")):
        if both := sorted(set(named[one]) & set(named[other])):
            raise BadInput(
                f"{path} has {', '.join(both)} in both {one} and {other}",
                hint="a speaker-independent split gives each speaker to one part",
            )
    if not named["test"]:
        named = {"train": named["train"], "test": named["development"]}
        how = "two parts, train and dev: dev is the test set, development is drawn from train"
    elif not named["development"]:
        how = "two parts, train and test: development is drawn from train"
    else:
        how = "three parts: train, dev and test are training, development and test"
    split = {speaker: part for part, speakers in named.items() for speaker in speakers}
    return split, f"{SPLIT} has {how}"


def _not_a_split(path: Path, why: str, problems: list[FileProblem]) -> tuple[dict[str, str], str]:
    detail = f"not a split of the form {{train: [...], dev: [...], test: [...]}} ({why}); not used"
    problems.append(FileProblem(path, "unreadable", detail))
    return {}, ""
