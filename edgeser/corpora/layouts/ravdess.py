"""RAVDESS: English, 24 actors, eight emotions.

Layout: ``Actor_01/03-01-06-01-02-01-12.wav``, possibly one folder down. The seven numbers are
modality (03 audio), channel (01 speech, 02 song), emotion, intensity, statement, repetition and
actor; odd actors are male, even ones female.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgeser.corpora.layouts.listing import clip_id_of, emotion_in_name, read_named_files
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

NAME = "ravdess"
LICENCE = "CC BY-NC-SA 4.0"
CITATION = (
    "S. R. Livingstone, F. A. Russo, The Ryerson Audio-Visual Database of Emotional Speech and "
    "Song (RAVDESS), PLOS ONE 13(5), 2018"
)

_FILE_NAME = re.compile(
    r"(?P<modality>\d\d)-(?P<channel>\d\d)-(?P<emotion>\d\d)-\d\d-\d\d-\d\d-(?P<actor>\d\d)"
)
_SPEECH = "01"
_EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}


def read(root: Path) -> Corpus:
    """Read RAVDESS from the folder that holds its ``Actor_*`` folders; songs are left out.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of RAVDESS's kind.
    """
    return read_named_files(
        root,
        _read_name,
        expected="Actor_01 to Actor_24",
        name=NAME,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="03-01-06-01-02-01-12")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    if match["channel"] != _SPEECH:
        return FileProblem(path, "not-speech", f"vocal channel {match['channel']} is not speech")
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=match["actor"],
        sex="female" if int(match["actor"]) % 2 == 0 else "male",
        language="en",
    )
