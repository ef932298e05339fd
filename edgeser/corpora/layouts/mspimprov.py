"""MSP-Improv: English, six pairs of actors, four emotions, with valence, arousal and dominance.

Layout: ``session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav`` (below ``Audio`` in some copies) and
``Evalution.txt``, which is spelled so, with a line a clip:
``UTD-IMPROV-S01A-F01-P-FM01.avi; A; A:2.0000; V:3.1667; D:2.5000 ; N:3.0000;``: emotion, then
arousal, valence and dominance on a scale of 1 to 5, and naturalness. The lines of single
listeners, which follow each, are passed over. The fourth part of a name is the speaker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeser.corpora.layouts.listing import assemble, clip_id_of, folder, read_files
from edgeser.corpora.ratings import NO_AGREEMENT, read_lines
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.vad import FIVE_POINTS, Vad, read_vad
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

NAME = "mspimprov"
LICENCE = "by agreement with the University of Texas at Dallas (MSP), for research"
CITATION = (
    "C. Busso et al., MSP-IMPROV: An Acted Corpus of Dyadic Interactions to Study Emotion "
    "Perception, IEEE Transactions on Affective Computing 8(1), 2017"
)

_LISTS = ("Evalution.txt", "Evaluation.txt")
_EXPECTED = "Evalution.txt and session1 to session6"
_CLIP = re.compile(
    r"(?:MSP|UTD)-IMPROV-(?P<key>S\d{2}[A-Z]-(?P<speaker>(?P<sex>[FM])\d{2})-[A-Z]-\w{2,8})",
    re.ASCII,
)
_LINE = re.compile(
    r"UTD-IMPROV-(?P<key>[\w-]{1,60})\.avi\s*;\s*(?P<emotion>\w{1,8})\s*;\s*A:(?P<a>[^;]{1,20});"
    r"\s*V:(?P<v>[^;]{1,20});\s*D:(?P<d>[^;]{1,20});.{0,80}",
    re.ASCII,
)
_EMOTIONS = {"A": "anger", "H": "happiness", "N": "neutral", "S": "sadness"}
_NOT_AGREED = {"X": "no emotion was agreed on", "O": "the listeners called it none of these"}
_SEXES = {"F": "female", "M": "male"}


@dataclass(frozen=True, slots=True)
class _Rating:
    emotion: str
    vad: Vad | None


def read(root: Path) -> Corpus:
    """Read MSP-Improv from the folder that holds ``Evalution.txt``.

    Raises
    ------
    BadInput
        When `root` is no folder, or no clip of it has an emotion that was agreed on.
    """
    root = folder(root, expected=_EXPECTED)
    problems: list[FileProblem] = []
    ratings: dict[str, _Rating] = {}
    for name in _LISTS:
        if (root / name).is_file():
            ratings |= _read_ratings(root / name, problems)
    utterances, faults = read_files(root, lambda path: _read_clip(path, root, ratings))
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=problems + faults,
        licence=LICENCE,
        citation=CITATION,
    )


def _read_ratings(path: Path, problems: list[FileProblem]) -> dict[str, _Rating]:
    ratings: dict[str, _Rating] = {}
    for number, line in enumerate(read_lines(path, problems), 1):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        vad: Vad | None = None
        try:
            vad = read_vad(match["v"], match["a"], match["d"], FIVE_POINTS)
        except BadInput as error:
            detail = f"line {number}: {error.message}; the clip has an emotion only"
            problems.append(FileProblem(path, "bad-row", detail))
        ratings.setdefault(match["key"], _Rating(match["emotion"].upper(), vad))
    return ratings


def _read_clip(path: Path, root: Path, ratings: dict[str, _Rating]) -> Utterance | FileProblem:
    match = _CLIP.fullmatch(path.stem)
    if match is None:
        return FileProblem(path, "unknown-name", "not of the form MSP-IMPROV-S01A-F01-P-FM01")
    rating = ratings.get(match["key"])
    if rating is None:
        return FileProblem(path, "unknown-label", f"{_LISTS[0]} does not rate it")
    emotion = _EMOTIONS.get(rating.emotion)
    if emotion is None:
        kind = NO_AGREEMENT if rating.emotion in _NOT_AGREED else "unknown-label"
        said = f"emotion {printable(rating.emotion)} is not known"
        return FileProblem(path, kind, _NOT_AGREED.get(rating.emotion, said))
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=match["speaker"],
        sex=_SEXES[match["sex"]],
        language="en",
        vad=rating.vad,
        session=match["speaker"][1:],
    )
