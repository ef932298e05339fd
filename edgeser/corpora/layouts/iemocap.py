"""IEMOCAP: English, five sessions of two actors each, with valence, arousal and dominance.

Layout: ``Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav`` and, for each dialogue,
``Session1/dialog/EmoEvaluation/Ses01F_impro01.txt``, in which a line
``[6.2901 - 8.2357]  Ses01F_impro01_F000  neu  [2.5000, 2.5000, 2.5000]`` gives time, clip, emotion
and valence, arousal and dominance on a scale of 1 to 5. The letter of the last part of a clip's
name, not that of its dialogue, says which of the two speaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeser.corpora.layouts.listing import assemble, clip_id_of, file_fault, folder, read_files
from edgeser.corpora.ratings import NO_AGREEMENT, read_lines
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.vad import FIVE_POINTS, Vad, read_vad
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

NAME = "iemocap"
LICENCE = "by agreement with the University of Southern California (SAIL), for research"
CITATION = (
    "C. Busso et al., IEMOCAP: Interactive emotional dyadic motion capture database, "
    "Language Resources and Evaluation 42(4), 2008"
)

_EXPECTED = "Session1 to Session5"
_CLIP = re.compile(r"Ses0?(?P<session>\d{1,2})[FM]_\w{1,60}_(?P<sex>[FM])\d{3}", re.ASCII)
_LINE = re.compile(
    r"\[[\d. -]{1,40}\]\s+(?P<clip>\w{1,80})\s+(?P<emotion>\w{1,8})\s+"
    r"\[(?P<v>[^],]{1,20}),(?P<a>[^],]{1,20}),(?P<d>[^],]{1,20})\]\s*",
    re.ASCII,
)
_EMOTIONS = {
    "ang": "anger",
    "dis": "disgust",
    "exc": "excitement",
    "fea": "fear",
    "fru": "frustration",
    "hap": "happiness",
    "neu": "neutral",
    "sad": "sadness",
    "sur": "surprise",
}
_NOT_AGREED = {"xxx": "no emotion was agreed on", "oth": "the listeners called it none of these"}
_SEXES = {"F": "female", "M": "male"}


@dataclass(frozen=True, slots=True)
class _Rating:
    emotion: str
    vad: Vad | None


def read(root: Path) -> Corpus:
    """Read IEMOCAP from the folder that holds its sessions' folders.

    Raises
    ------
    BadInput
        When `root` is no folder, or no clip of it has an emotion that was agreed on.
    """
    root = folder(root, expected=_EXPECTED)
    ratings, problems = _read_ratings(root)
    utterances: list[Utterance] = []
    for session in _sessions(root):
        wav = session / "sentences" / "wav"
        if not wav.is_dir():
            detail = "it has no folder sentences/wav"
            problems.append(FileProblem(session, "folder-without-audio", detail))
            continue
        found, faults = read_files(wav, lambda path: _read_clip(path, root, ratings))
        utterances += found
        problems += faults
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=problems,
        licence=LICENCE,
        citation=CITATION,
    )


def _sessions(root: Path) -> list[Path]:
    return [path for path in sorted(root.glob("Session*")) if path.is_dir()]


def _read_ratings(root: Path) -> tuple[dict[str, _Rating], list[FileProblem]]:
    """Return the ratings by clip; lines of single listeners, which are other, are passed over."""
    ratings: dict[str, _Rating] = {}
    problems: list[FileProblem] = []
    for session in _sessions(root):
        for path in sorted((session / "dialog" / "EmoEvaluation").glob("[!.]*.txt")):
            fault = file_fault(path)
            if fault is None:
                _read_list(path, ratings, problems)
            else:
                problems.append(fault)
    return ratings, problems


def _read_list(path: Path, ratings: dict[str, _Rating], problems: list[FileProblem]) -> None:
    for number, line in enumerate(read_lines(path, problems), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        vad: Vad | None = None
        try:
            vad = read_vad(match["v"], match["a"], match["d"], FIVE_POINTS)
        except BadInput as error:
            detail = f"line {number}: {error.message}; the clip has an emotion only"
            problems.append(FileProblem(path, "bad-row", detail))
        ratings.setdefault(match["clip"], _Rating(match["emotion"].lower(), vad))


def _read_clip(path: Path, root: Path, ratings: dict[str, _Rating]) -> Utterance | FileProblem:
    match = _CLIP.fullmatch(path.stem)
    if match is None:
        return FileProblem(path, "unknown-name", "not of the form Ses01F_impro01_F000")
    rating = ratings.get(path.stem)
    if rating is None:
        return FileProblem(path, "unknown-label", "no file of EmoEvaluation rates it")
    if rating.emotion in _NOT_AGREED:
        return FileProblem(path, NO_AGREEMENT, _NOT_AGREED[rating.emotion])
    emotion = _EMOTIONS.get(rating.emotion)
    if emotion is None:
        return FileProblem(
            path, "unknown-label", f"emotion {printable(rating.emotion)} is not known"
        )
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=f"{int(match['session']):02d}{match['sex']}",
        sex=_SEXES[match["sex"]],
        language="en",
        vad=rating.vad,
        session=f"{int(match['session']):02d}",
    )
