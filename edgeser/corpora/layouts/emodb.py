"""EMO-DB (Berlin database): German, ten actors, seven emotions.

Layout: ``wav/03a01Fa.wav``: speaker, text, emotion (the initial of the German word) and take.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgeser.corpora.layouts.listing import clip_id_of, emotion_in_name, read_named_files
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

NAME = "emodb"
LICENCE = "free of charge; CC0-1.0 as hosted for audb"
CITATION = (
    "F. Burkhardt, A. Paeschke, M. Rolfes, W. F. Sendlmeier, B. Weiss, A Database of German "
    "Emotional Speech, Interspeech 2005"
)

_FILE_NAME = re.compile(r"(?P<speaker>\d\d)[ab]\d\d(?P<emotion>[A-Z])[a-z]?")
_EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "N": "neutral",
    "T": "sadness",
}
_PEOPLE = {
    "03": ("male", 31),
    "08": ("female", 34),
    "09": ("female", 21),
    "10": ("male", 32),
    "11": ("male", 26),
    "12": ("male", 30),
    "13": ("female", 32),
    "14": ("female", 35),
    "15": ("male", 25),
    "16": ("female", 31),
}


def read(root: Path) -> Corpus:
    """Read EMO-DB from the folder that holds ``wav``, or from that folder itself.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of EMO-DB's kind.
    """
    return read_named_files(
        root,
        _read_name,
        expected="the wav folder of EMO-DB",
        name=NAME,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="03a01Fa")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    sex, age = _PEOPLE.get(match["speaker"], (None, None))
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=match["speaker"],
        sex=sex,
        age=age,
        language="de",
    )
