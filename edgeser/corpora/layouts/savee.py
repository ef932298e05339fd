"""SAVEE: British English, four men, seven emotions.

Layouts: ``AudioData/DC/a01.wav`` (speaker's folder, emotion, sentence), or all files in one
folder as ``DC_a01.wav``.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgeser.corpora.layouts.listing import clip_id_of, emotion_in_name, read_named_files
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

NAME = "savee"
LICENCE = "free for research, on registration with the University of Surrey"
CITATION = "S. Haq, P. J. B. Jackson, Speaker-dependent audio-visual emotion recognition, AVSP 2009"

_FILE_NAME = re.compile(r"(?:(?P<speaker>[A-Z]{2})_)?(?P<emotion>[a-z]{1,2})\d\d")
_SPEAKERS = ("DC", "JE", "JK", "KL")
_EMOTIONS = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}


def read(root: Path) -> Corpus:
    """Read SAVEE from the folder that holds ``AudioData``, or the one that holds the files.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of SAVEE's kind.
    """
    return read_named_files(
        root,
        _read_name,
        expected="AudioData/DC, JE, JK and KL",
        name=NAME,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="a01 or DC_a01")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    speaker = match["speaker"] or path.parent.name
    if speaker not in _SPEAKERS:
        return FileProblem(path, "unknown-speaker", f"{speaker} is none of {', '.join(_SPEAKERS)}")
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=speaker,
        sex="male",
        language="en",
    )
