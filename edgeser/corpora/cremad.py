"""CREMA-D: English, 91 actors, six emotions, with the crowd's votes for each clip.

Layout: ``AudioWAV/1001_DFA_ANG_XX.wav`` (actor, sentence, emotion, level), and beside that
folder ``tabulatedVotes.csv``, ``VideoDemographics.csv`` and, where it was added,
``speaker_splits.json`` (``{"train": [...], "dev": [...]}``). The ``dev`` speakers of that
published speaker-independent split are the test set here; development speakers are drawn from
``train`` (see `edgeser.corpora.split`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from edgeser.corpora.listing import (
    assemble,
    audio_files,
    clip_id_of,
    emotion_in_name,
    folder,
    read_files,
    read_table,
)
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded

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
_SPLIT_PARTS = {"train": "train", "dev": "test"}

Votes = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class _Tables:
    """What stands beside the audio; each part is empty where its file is missing or broken."""

    votes: dict[str, Votes] = field(default_factory=dict)
    people: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)
    split: dict[str, str] = field(default_factory=dict)


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
    tables = _Tables(
        votes=_read_votes(root / "tabulatedVotes.csv", problems),
        people=_read_people(root / "VideoDemographics.csv", problems),
        split=_read_split(root / "speaker_splits.json", problems),
    )
    audio = root / "AudioWAV" if (root / "AudioWAV").is_dir() else root
    utterances, faults = read_files(audio_files(audio), lambda path: _read_name(path, root, tables))
    if tables.split:
        left_out = sorted({u.speaker for u in utterances if u.split is None})
        if left_out:
            clips = sum(u.split is None for u in utterances)
            detail = f"it does not name {len(left_out)} speakers ({clips} clips): they take no part"
            faults.append(FileProblem(root / "speaker_splits.json", "not-in-split", detail))
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=problems + faults,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path, tables: _Tables) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="1001_DFA_ANG_XX")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    actor = match["actor"]
    age, sex = tables.people.get(actor, (None, None))
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=actor,
        sex=sex,
        age=age,
        language="en",
        votes=tables.votes.get(path.stem),
        split=tables.split.get(actor),
    )


def _read_votes(path: Path, problems: list[FileProblem]) -> dict[str, Votes]:
    """Read the share of votes per emotion, by clip, from those who only heard the voice.

    The first column numbers the rows; its leading digit says what the raters were given:
    1 the voice, 2 the face, 3 both.
    """
    if not path.is_file():
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
        if not all(row[column].isdecimal() for column in _VOTE_COLUMNS):
            detail = f"row {number} has votes that are not counts; it is not used"
            problems.append(FileProblem(path, "bad-row", detail))
            continue
        clip = counts.setdefault(row["fileName"], dict.fromkeys(_VOTE_COLUMNS.values(), 0))
        for column, emotion in _VOTE_COLUMNS.items():
            clip[emotion] += int(row[column])
    return {
        name: tuple((emotion, count / total) for emotion, count in clip.items())
        for name, clip in counts.items()
        if (total := sum(clip.values()))
    }


def _read_people(
    path: Path, problems: list[FileProblem]
) -> dict[str, tuple[int | None, str | None]]:
    if not path.is_file():
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
    people: dict[str, tuple[int | None, str | None]] = {}
    for row in table.rows:
        age = int(row["Age"]) if row["Age"].isdecimal() else None
        sex = row["Sex"].lower() if row["Sex"].lower() in ("female", "male") else None
        people[row["ActorID"]] = (age, sex)
    return people


def _read_split(path: Path, problems: list[FileProblem]) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(read_bounded(path, limit_bytes=1 << 20))
        parts = {ours: [str(s) for s in found[theirs]] for theirs, ours in _SPLIT_PARTS.items()}
    except (BadInput, ValueError, TypeError, KeyError, RecursionError) as error:
        detail = f"not a split of the form {{train: [...], dev: [...]}} ({error}); not used"
        problems.append(FileProblem(path, "unreadable", detail))
        return {}
    both = sorted(set(parts["train"]) & set(parts["test"]))
    if both:
        raise BadInput(
            f"{path} has {', '.join(both)} in both train and dev",
            hint="a speaker-independent split gives each speaker to one part",
        )
    return {speaker: part for part, speakers in parts.items() for speaker in speakers}
