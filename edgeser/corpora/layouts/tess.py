"""TESS: Canadian English, two women, seven emotions.

Layout: ``OAF_back_angry.wav`` (speaker, word, emotion), in one folder or in one a speaker and
emotion. Two speakers are too few for a speaker-disjoint split: use TESS beside other corpora.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgeser.corpora.layouts.listing import clip_id_of, emotion_in_name, read_named_files
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

NAME = "tess"
LICENCE = "Creative Commons, non-commercial: see the publisher"
CITATION = (
    "M. K. Pichora-Fuller, K. Dupuis, Toronto emotional speech set (TESS), Borealis, 2020, "
    "doi:10.5683/SP2/E8H2MF"
)

_FILE_NAME = re.compile(r"(?P<speaker>[A-Z]{2,3})_(?P<word>.+)_(?P<emotion>[a-z]+)")
# One file of the published set, OA_bite_neutral, lacks a letter.
_SPEAKERS = {"OAF": "OAF", "OA": "OAF", "YAF": "YAF"}
_AGES = {"OAF": 64, "YAF": 26}
_EMOTIONS = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "ps": "surprise",
    "sad": "sadness",
}


def read(root: Path) -> Corpus:
    """Read TESS from a folder that holds its files, at any depth.

    Raises
    ------
    BadInput
        When `root` is no folder or holds no clip with a name of TESS's kind.
    """
    return read_named_files(
        root,
        _read_name,
        expected="files such as OAF_back_angry.wav",
        name=NAME,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_name(path: Path, root: Path) -> Utterance | FileProblem:
    found = emotion_in_name(path, _FILE_NAME, _EMOTIONS.get, example="OAF_back_angry")
    if isinstance(found, FileProblem):
        return found
    match, emotion = found
    speaker = _SPEAKERS.get(match["speaker"])
    if speaker is None:
        return FileProblem(path, "unknown-speaker", f"{match['speaker']} is not OAF or YAF")
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=speaker,
        sex="female",
        age=_AGES[speaker],
        language="en",
    )
