"""MELD: English, dialogues of a television series, seven emotions, with a published split.

Layout: ``train_sent_emo.csv``, ``dev_sent_emo.csv`` and ``test_sent_emo.csv`` (each beside, or in a
folder of its part) with the columns ``Utterance, Speaker, Emotion, Dialogue_ID, Utterance_ID``, and
the clips ``dia0_utt0`` in ``train_splits``, ``dev_splits_complete`` and
``output_repeated_splits_test``. The clips are published as videos: whoever has them writes the
sound of each as a WAV file of its name, beside it or in a folder of that name elsewhere.

The published split divides dialogues: the same actors speak in all three parts. So it is a division
by clip (``split = "published-clips"``), and what is measured on it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from edgeser.corpora.layouts.listing import assemble, clip_id_of, folder, read_files
from edgeser.corpora.names import composed
from edgeser.corpora.table import read_table
from edgeser.corpora.unread import OTHER_FORMAT, is_audio_name
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

NAME = "meld"
LICENCE = "GPL-3.0 for the annotations; the clips belong to the owners of the series, for research"
CITATION = (
    "S. Poria et al., MELD: A Multimodal Multi-Party Dataset for Emotion Recognition in "
    "Conversations, ACL 2019"
)

_EXPECTED = "train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv"
_PARTS = {"train": "train", "dev": "development", "test": "test"}
_COLUMNS = ("Speaker", "Emotion", "Dialogue_ID", "Utterance_ID")
_CLIP = re.compile(r"dia(?P<dialogue>\d{1,6})_utt(?P<utterance>\d{1,6})", re.ASCII)
_EMOTIONS = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "joy": "happiness",
    "neutral": "neutral",
    "sadness": "sadness",
    "surprise": "surprise",
}

Key = tuple[str, int, int]
Row = dict[str, str]


def read(root: Path) -> Corpus:
    """Read MELD from the folder that holds its tables.

    Raises
    ------
    BadInput
        When `root` is no folder, a table is missing or broken, or no clip of it can be used.
    """
    root = folder(root, expected=_EXPECTED)
    rows: dict[Key, Row] = {}
    problems: list[FileProblem] = []
    for part in _PARTS:
        _read_part(_table_of(root, part), part, rows, problems)
    utterances, faults = read_files(root, lambda path: _read_clip(path, root, rows))
    problems += _not_of_videos(faults, utterances, root)
    problems += _not_there(root, rows, utterances, faults)
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=problems,
        licence=LICENCE,
        citation=CITATION,
        split=(root, "the three published tables; they divide dialogues, not speakers"),
    )


def _table_of(root: Path, part: str) -> Path:
    name = f"{part}_sent_emo.csv"
    places = [root / name, *sorted(root.glob(f"*/{name}"))]
    for place in places:
        if place.is_file():
            return place
    raise BadInput(
        f"{root} holds no {name}, neither at its top nor in a folder of it",
        hint=f"give the folder with {_EXPECTED}",
    )


def _read_part(path: Path, part: str, rows: dict[Key, Row], problems: list[FileProblem]) -> None:
    table = read_table(path)
    if missing := table.missing(*_COLUMNS):
        raise BadInput(
            f"{path} lacks the column {', '.join(missing)}", hint=f"it has {', '.join(_COLUMNS)}"
        )
    for line, row in zip(table.lines, table.rows, strict=True):
        numbers = [row["Dialogue_ID"], row["Utterance_ID"]]
        if not all(re.fullmatch(r"\d{1,6}", number, re.ASCII) for number in numbers):
            detail = f"line {line}: '{printable(' '.join(numbers))}' numbers no clip"
            problems.append(FileProblem(path, "bad-row", detail))
            continue
        key = (part, int(numbers[0]), int(numbers[1]))
        if rows.setdefault(key, row) is not row:
            detail = f"line {line}: {_name(key)} is there already; the first counts"
            problems.append(FileProblem(path, "bad-row", detail))


def _read_clip(path: Path, root: Path, rows: dict[Key, Row]) -> Utterance | FileProblem:
    match = _CLIP.fullmatch(path.stem)
    if match is None:
        return FileProblem(path, "unknown-name", "not of the form dia0_utt0")
    part = _part_of(path, root)
    if part is None:
        return FileProblem(path, "unknown-part", "no folder above it is named for train, dev, test")
    row = rows.get((part, int(match["dialogue"]), int(match["utterance"])))
    if row is None:
        return FileProblem(path, "unknown-label", f"{part}_sent_emo.csv does not name it")
    emotion = _EMOTIONS.get(row["Emotion"].lower())
    if emotion is None:
        return FileProblem(
            path, "unknown-label", f"emotion {printable(row['Emotion'])} is not known"
        )
    speaker = composed(row["Speaker"])
    if not speaker:
        return FileProblem(path, "unknown-speaker", f"{part}_sent_emo.csv names nobody")
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=speaker,
        language="en",
        split=_PARTS[part],
    )


def _part_of(path: Path, root: Path) -> str | None:
    """Return the part whose name is in that of a folder above a clip; the nearest one counts."""
    for name in reversed(path.relative_to(root).parts[:-1]):
        words = re.split(r"[^a-z]+", name.lower())
        found = [part for part in _PARTS if part in words]
        if len(found) == 1:
            return found[0]
    return None


def _not_of_videos(
    faults: list[FileProblem], utterances: list[Utterance], root: Path
) -> Iterator[FileProblem]:
    """Yield the faults but for those of videos of which the sound is there."""
    sounds = [u.path for u in utterances] + [f.path for f in faults if is_audio_name(f.path.name)]
    there = {(_part_of(path, root), path.stem) for path in sounds}
    for fault in faults:
        heard = (_part_of(fault.path, root), fault.path.stem) in there
        if not (heard and fault.kind == OTHER_FORMAT):
            yield fault


def _not_there(
    root: Path, rows: dict[Key, Row], utterances: list[Utterance], faults: list[FileProblem]
) -> list[FileProblem]:
    files = [u.path for u in utterances] + [f.path for f in faults]
    there = {(_part_of(path, root), path.stem) for path in files if _CLIP.fullmatch(path.stem)}
    left = [key for key in rows if (key[0], _name(key)) not in there]
    if not left:
        return []
    some = ", ".join(f"{_name(key)} of {key[0]}" for key in left[:3])
    some += " and so on" if left[3:] else ""
    detail = f"{len(left):,} clips that the tables name are not there: {some}"
    return [FileProblem(root, "missing-clips", detail)]


def _name(key: Key) -> str:
    return f"dia{key[1]}_utt{key[2]}"
