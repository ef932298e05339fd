"""URDU-Dataset: Urdu talk shows, 38 speakers, four emotions, not acted.

Layout: ``Angry/SM1_F1_A01.wav``: sex and speaker, number of the file for that speaker, initial
of the emotion with a running number. Most speakers are heard in one or two emotions only.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgeser.corpora.layouts.listing import clip_id_of, emotion_in_name, read_named_files
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

NAME = "urdu"
LICENCE = "free for research; recordings from public broadcasts"
CITATION = (
    "S. Latif, A. Qayyum, M. Usman, J. Qadir, Cross Lingual Speech Emotion Recognition: Urdu vs. "
    "Western Languages, FIT 2018"
)

_FILE_NAME = re.compile(r"S(?P<sex>[FM])(?P<number>\d+)_F\d+_(?P<emotion>[A-Z])\d+")
_SEXES = {"F": "female", "M": "male"}
_EMOTIONS = {"A": "anger", "H": "happiness", "N": "neutral", "S": "sadness"}


def read(root: Path) -> Corpus:
    """Read the URDU dataset from the folder that holds ``Angry``, ``Happy`` and so on.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of this kind.
    """
    return read_named_files(
        root,
        _read_name,
        expected="Angry, Happy, Neutral and Sad",
        name=NAME,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="SM1_F1_A01")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=f"S{match['sex']}{match['number']}",
        sex=_SEXES[match["sex"]],
        language="ur",
    )
