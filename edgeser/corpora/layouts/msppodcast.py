"""MSP-Podcast: English, natural speech of podcasts, with valence, arousal and dominance.

Layout: ``Audios/MSP-PODCAST_0001_0008.wav`` and ``Labels/labels_consensus.csv`` with the columns
``FileName, EmoClass, EmoAct, EmoVal, EmoDom, SpkrID, Gender, Split_Set``; the ratings are on a
scale of 1 to 7. ``Test1`` and ``Test2`` are both tested; ``Test3``, whose labels are not
published, is left out. A clip of no known speaker (``Unknown``) stands for a speaker of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgeser.corpora.layouts.listing import assemble, clip_id_of, folder, read_files
from edgeser.corpora.names import composed
from edgeser.corpora.ratings import NO_AGREEMENT
from edgeser.corpora.table import read_table
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.vad import SEVEN_POINTS, Vad, read_vad
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

NAME = "msppodcast"
LICENCE = "by agreement with the University of Texas at Dallas (MSP), for research"
CITATION = (
    "R. Lotfian, C. Busso, Building naturalistic emotionally balanced speech corpus by retrieving "
    "emotional speech from existing podcast recordings, IEEE Transactions on Affective Computing "
    "10(4), 2019"
)
LABELS = Path("Labels", "labels_consensus.csv")

_EXPECTED = "Audios and Labels/labels_consensus.csv"
_AUDIO = ("Audios", "Audio")
_COLUMNS = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Split_Set")
_EMOTIONS = {
    "A": "anger",
    "C": "contempt",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
    "U": "surprise",
}
_NOT_AGREED = {"X": "no emotion was agreed on", "O": "the listeners called it none of these"}
_SEXES = {"female": "female", "male": "male"}
_UNKNOWN = frozenset({"", "unknown", "nan"})
_SPLITS = {
    "train": "train",
    "development": "development",
    "validation": "development",
    "test1": "test",
    "test2": "test",
}
_NOT_LABELLED = re.compile(r"test3", re.IGNORECASE)

Row = dict[str, str]


def read(root: Path) -> Corpus:
    """Read MSP-Podcast from the folder that holds ``Audios`` and ``Labels``.

    Raises
    ------
    BadInput
        When `root` is no folder, its table of labels is missing or broken, or no clip has an
        emotion that was agreed on.
    """
    root = folder(root, expected=_EXPECTED)
    table = read_table(root / LABELS)
    if missing := table.missing(*_COLUMNS):
        raise BadInput(
            f"{root / LABELS} lacks the column {', '.join(missing)}",
            hint=f"it has {', '.join(_COLUMNS)}",
        )
    problems: list[FileProblem] = []
    rows: dict[str, tuple[int, Row]] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        name = composed(Path(row["FileName"]).stem)
        if rows.setdefault(name, (line, row))[0] != line:
            detail = f"line {line}: {printable(name)} is there already; the first counts"
            problems.append(FileProblem(root / LABELS, "bad-row", detail))
    audio = next((root / name for name in _AUDIO if (root / name).is_dir()), root)
    utterances, faults = read_files(audio, lambda path: _read_clip(path, root, rows, problems))
    return assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=problems + faults + _not_there(root, rows, utterances, faults),
        licence=LICENCE,
        citation=CITATION,
        split=(root / LABELS, f"the column Split_Set of {LABELS.name}; Test1 and Test2 are tested"),
    )


def _read_clip(
    path: Path, root: Path, rows: dict[str, tuple[int, Row]], problems: list[FileProblem]
) -> Utterance | FileProblem:
    line, row = rows.get(composed(path.stem), (0, {}))
    if not row:
        return FileProblem(path, "unknown-label", f"{LABELS.name} does not name it")
    if _NOT_LABELLED.fullmatch(row["Split_Set"]):
        return FileProblem(path, NO_AGREEMENT, "the labels of Test3 are not published")
    letter = row["EmoClass"].upper()
    emotion = _EMOTIONS.get(letter)
    if emotion is None:
        kind = NO_AGREEMENT if letter in _NOT_AGREED else "unknown-label"
        said = f"emotion {printable(row['EmoClass'])} is not known"
        return FileProblem(path, kind, _NOT_AGREED.get(letter, said))
    split = _SPLITS.get(row["Split_Set"].lower())
    if split is None:
        said = f"its part '{printable(row['Split_Set'])}' is not known; it takes no part"
        problems.append(FileProblem(path, "unknown-part", said))
    clip_id = clip_id_of(path, root)
    speaker = composed(row["SpkrID"])
    known = speaker.lower() not in _UNKNOWN
    return Utterance(
        path=path,
        clip_id=clip_id,
        corpus=NAME,
        emotion=emotion,
        speaker=speaker if known else clip_id,
        sex=_SEXES.get(row.get("Gender", "").lower()),
        language="en",
        split=split,
        speaker_known=known,
        vad=_vad(row, line, root, problems),
    )


def _vad(row: Row, line: int, root: Path, problems: list[FileProblem]) -> Vad | None:
    try:
        return read_vad(row["EmoVal"], row["EmoAct"], row["EmoDom"], SEVEN_POINTS)
    except BadInput as error:
        detail = f"line {line}: {error.message}; the clip has an emotion only"
        problems.append(FileProblem(root / LABELS, "bad-row", detail))
        return None


def _not_there(
    root: Path,
    rows: dict[str, tuple[int, Row]],
    utterances: list[Utterance],
    faults: list[FileProblem],
) -> list[FileProblem]:
    there = {composed(u.path.stem) for u in utterances} | {composed(f.path.stem) for f in faults}
    left = [name for name in rows if name not in there]
    if not left:
        return []
    some = ", ".join(map(printable, left[:3])) + (" and so on" if len(left) > 3 else "")
    detail = f"{len(left):,} clips that it names are not there: {some}"
    return [FileProblem(root / LABELS, "missing-clips", detail)]
