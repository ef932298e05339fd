"""nEMO: Polish, nine actors, six emotions.

Layout: ``samples/EB0_anger_1.wav`` (speaker, emotion, sentence) and ``data.tsv``, from which the
speakers' sex and age are taken.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from edgeser.corpora.emotions import canonical_emotion
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

NAME = "nemo"
LICENCE = "CC BY-NC-SA 4.0"
CITATION = "I. Christop, nEMO: Dataset of Emotional Speech in Polish, LREC-COLING 2024"

_FILE_NAME = re.compile(r"(?P<speaker>[A-Z0-9]+)_(?P<emotion>[a-z]+)_\d+")

People = dict[str, tuple[str | None, int | None]]


def read(root: Path) -> Corpus:
    """Read nEMO from the folder that holds ``samples`` and ``data.tsv``.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of nEMO's kind.
    """
    root = folder(root, expected="samples and data.tsv")
    if root.name == "samples" and not (root / "samples").is_dir():
        root = root.parent
    faults: list[FileProblem] = []
    people = _read_people(root / "data.tsv", faults)
    audio = root / "samples" if (root / "samples").is_dir() else root
    utterances, problems = read_files(audio, lambda path: _read_name(path, root, people))
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=faults + problems,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path, people: People) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, canonical_emotion, example="EB0_anger_1")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    sex, age = people.get(match["speaker"], (None, None))
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=match["speaker"],
        sex=sex,
        age=age,
        language="pl",
    )


def _read_people(path: Path, faults: list[FileProblem]) -> People:
    if not os.path.lexists(path):
        return {}
    try:
        table = read_table(path, delimiter="\t")
    except BadInput as error:
        faults.append(FileProblem(path, "unreadable", error.message))
        return {}
    if missing := table.missing("speaker_id", "gender", "age"):
        detail = f"column {', '.join(missing)} is missing; age and sex stay unknown"
        faults.append(FileProblem(path, "unreadable", detail))
        return {}
    people: People = {}
    for row in table.rows:
        sex = row["gender"] if row["gender"] in ("female", "male") else None
        age = whole(row["age"])
        people.setdefault(row["speaker_id"], (sex, age))
    return people
