"""Any recordings: a CSV manifest, or one folder a label.

Manifest: UTF-8 CSV with the columns ``path,emotion,speaker`` and, if known,
``sex,age,language,race,ethnicity,split``. Paths are relative to the manifest's folder and may not
leave it. Listeners' ratings stand in ``valence,arousal,dominance``, all three or none, on the
scale that ``vad_scale`` names: ``1 to 7`` where it is not there or empty. Who was recorded together
stands in ``session``; whether the words tell an emotion, and how the voice stands to them, in
``wording,prosody`` (see `edgeser.corpora.synthesis.spoken`).

Folders: ``anger/<speaker>/clip.wav``, ``<speaker>/anger/clip.wav``, or
``anger/<speaker>_clip.wav``. A speaker must be told: without one, no split is honest.

Labels of one's own are taken as they are (`edgeser.corpora.labels`): from the column ``label`` (or
``emotion``), or from the folder at the top, ``idle/<speaker>/clip.wav``.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from edgeser.corpora.emotions import canonical_emotion, english_emotion, why_unknown
from edgeser.corpora.labels import LONGEST_LABEL, check_labels, own_label, own_words, why_no_label
from edgeser.corpora.layouts.listing import (
    assemble,
    clip_id_of,
    file_fault,
    folder,
    read_files,
)
from edgeser.corpora.names import Finder, composed
from edgeser.corpora.table import Table, read_table
from edgeser.corpora.unread import magic, unread_file
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.vad import SEVEN_POINTS, Vad, parse_scale, read_vad
from edgeser.wording import LabelKind
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

NAME = "generic"
MANIFEST = "manifest.csv"
REQUIRED_COLUMNS = ("path", "emotion", "speaker")
LABEL_COLUMN = "label"
VAD_COLUMNS = ("valence", "arousal", "dominance")
PERSON_COLUMNS = ("race", "ethnicity")
WORDING_COLUMNS = ("wording", "prosody")
OPTIONAL_COLUMNS = (
    *("sex", "age", "language", *PERSON_COLUMNS, "split", "session"),
    *(*VAD_COLUMNS, "vad_scale", *WORDING_COLUMNS),
)
WORDINGS = ("emotional", "neutral")
PROSODIES = ("agrees", "disagrees", "flat", "alone")
LICENCE = "the owner's"
CITATION = "recordings described by their owner"

_SEXES = {"": None, "f": "female", "female": "female", "m": "male", "male": "male"}
_SPLITS = {"": None, "train": "train", "dev": "development", "development": "development"}
_SPLITS |= {"training": "train", "val": "development", "valid": "development"}
_SPLITS |= {"validation": "development", "test": "test", "testing": "test", "eval": "test"}
_OLDEST = 130
_AN = {"emotions": "an emotion", "any": "a label"}
OWN_LABELS = 'for labels of your own set [labels] kind = "any"'
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_SPEAKER_IN_NAME = re.compile(r"(?P<speaker>[^_]+)_.+")


def read(path: Path, labels: LabelKind = "emotions") -> Corpus:
    """Read a manifest, a folder that holds ``manifest.csv``, or one folder an emotion.

    Parameters
    ----------
    labels
        ``"any"`` takes labels as they are, and the folders at the top for labels.

    Raises
    ------
    BadInput
        When the manifest lacks a column or has a row that is wrong (it is named), or no folder
        bears the name of an emotion.
    """
    path = Path(path)
    if path.is_file() and magic(path) is None:
        return read_manifest(path, labels=labels)
    root = folder(path, expected=f"{MANIFEST} or one folder {_AN[labels]}")
    if os.path.lexists(root / MANIFEST):
        return read_manifest(root / MANIFEST, labels=labels)
    read_place = _read_place if labels == "emotions" else _read_own_place
    utterances, problems = read_files(root, lambda file: read_place(file, root))
    if labels == "any":
        problems += check_labels((u.emotion for u in utterances), root)
    try:
        corpus = assemble(
            name=NAME,
            root=root,
            utterances=utterances,
            problems=problems,
            licence=LICENCE,
            citation=CITATION,
        )
    except BadInput as error:
        if labels == "emotions" and any(p.kind == "unknown-label" for p in problems):
            raise BadInput(error.message, hint=f"{error.hint}; {OWN_LABELS}") from error
        raise
    return replace(corpus, label_kind=labels)


def read_own_labels(path: Path) -> Corpus:
    """Read as `read` does, with labels as they are."""
    return read(path, "any")


def read_manifest(
    manifest: Path,
    *,
    name: str = NAME,
    licence: str = LICENCE,
    citation: str = CITATION,
    synthetic: bool = False,
    labels: LabelKind = "emotions",
) -> Corpus:
    """Read a CSV manifest; a row that is wrong is an error that names its line.

    A file that is missing or empty becomes a problem of the corpus instead.

    Parameters
    ----------
    name, licence, citation, synthetic
        As in the `Corpus` that comes back.
    labels
        ``"any"`` takes them as they are, from the column ``label``, or else ``emotion``.

    Raises
    ------
    BadInput
        When a column is missing, or a row has an unknown emotion, no speaker, or a path that
        leaves the manifest's folder.
    """
    table = read_table(manifest, exact=True)
    column = _label_column(table, labels)
    _require_columns(table, manifest, ("path", column, "speaker"), labels)
    label_of = _emotion_of if labels == "emotions" else _own_label_of
    root = manifest.parent
    resolved_root = root.resolve()
    utterances: list[Utterance] = []
    problems: list[FileProblem] = []
    lines_by_path: dict[Path, int] = {}
    finder = Finder()
    for line, row in zip(table.lines, table.rows, strict=True):
        place = f"{manifest}, line {line}"
        path = _inside(root, resolved_root, row["path"], place, finder)
        first = lines_by_path.setdefault(path, line)
        if first != line:
            raise BadInput(f"{place}: {printable(row['path'])} is on line {first} already")
        label = label_of(row[column], place)
        utterance = replace(_read_row(row, label, path, root, place), corpus=name)
        fault = file_fault(path) or unread_file(path)
        if fault is None:
            utterances.append(utterance)
        else:
            problems.append(fault)
    if labels == "any":
        problems += check_labels((u.emotion for u in utterances), manifest)
    corpus = assemble(
        name=name,
        root=root,
        utterances=utterances,
        problems=problems,
        licence=licence,
        citation=citation,
        synthetic=synthetic,
        split=(
            manifest,
            f"the column split of {manifest.name}" if "split" in table.columns else "",
        ),
    )
    return replace(corpus, label_kind=labels)


def _require_columns(
    table: Table, manifest: Path, required: tuple[str, ...], labels: LabelKind
) -> None:
    if missing := table.missing(*required):
        own = labels == "emotions" and LABEL_COLUMN in table.columns
        raise BadInput(
            f"{manifest} lacks the column {', '.join(missing)}",
            hint=f"its first line names {', '.join(required)} and, if known, "
            f"{', '.join(OPTIONAL_COLUMNS)}" + (f"; {OWN_LABELS}" if own else ""),
        )


def _label_column(table: Table, labels: LabelKind) -> str:
    """Return the column that holds the labels; both names are one where labels are one's own."""
    if labels == "emotions":
        return "emotion"
    return "emotion" if table.missing(LABEL_COLUMN) and not table.missing("emotion") else "label"


def _emotion_of(word: str, place: str) -> str:
    if not word:
        raise BadInput(f"{place}: the emotion is empty", hint="write it, or leave the row out")
    emotion = canonical_emotion(word)
    if emotion is None:
        what, hint = why_unknown(word)
        raise BadInput(f"{place}: {what}", hint=f"{hint}; {OWN_LABELS}")
    return emotion


def _own_label_of(word: str, place: str) -> str:
    label = own_label(word)
    if not label:
        raise BadInput(
            f"{place}: {why_no_label(word)}",
            hint=f"write 1 to {LONGEST_LABEL} characters that can be seen",
        )
    return label


def _read_row(row: dict[str, str], label: str, path: Path, root: Path, place: str) -> Utterance:
    if not row["speaker"]:
        raise BadInput(f"{place}: the speaker is empty", hint="name every speaker")
    sex = row.get("sex", "").lower()
    age = row.get("age", "")
    split = row.get("split", "").lower()
    language = row.get("language", "")
    if sex not in _SEXES:
        raise BadInput(f"{place}: the sex '{printable(sex)}' is not female, male or empty")
    if age and not (age.isdecimal() and len(age) <= 3 and int(age) <= _OLDEST):
        raise BadInput(f"{place}: the age '{printable(age)}' is not a whole number of years")
    if split not in _SPLITS:
        raise BadInput(
            f"{place}: the split '{printable(split)}' is not train, development, test or empty"
        )
    if language and not _LANGUAGE.fullmatch(language):
        raise BadInput(f"{place}: the language '{printable(language)}' is not a code such as en")
    race, ethnicity = (_words_of(row, column, place) for column in PERSON_COLUMNS)
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=label,
        speaker=composed(row["speaker"]),
        sex=_SEXES[sex],
        age=int(age) if age else None,
        language=language.lower() or None,
        race=race,
        ethnicity=ethnicity,
        split=_SPLITS[split],
        vad=_vad_of(row, place),
        session=composed(row.get("session", "")) or None,
        wording=_one_of(row, "wording", WORDINGS),
        prosody=_one_of(row, "prosody", PROSODIES),
    )


def _words_of(row: dict[str, str], column: str, place: str) -> str | None:
    text = row.get(column, "")
    if text and not own_label(text):
        raise BadInput(
            f"{place}: the {column} '{printable(text)}' is no short text",
            hint=f"write 1 to {LONGEST_LABEL} characters that can be seen, or nothing",
        )
    return own_words(text)


def _one_of(row: dict[str, str], column: str, words: tuple[str, ...]) -> str | None:
    """Return a word that is known; whatever else a column of that name holds is not read."""
    word = row.get(column, "").lower()
    return word if word in words else None


def _vad_of(row: dict[str, str], place: str) -> Vad | None:
    valence, arousal, dominance = (row.get(column, "") for column in VAD_COLUMNS)
    try:
        scale = parse_scale(row.get("vad_scale", "") or str(SEVEN_POINTS))
        return read_vad(valence, arousal, dominance, scale)
    except BadInput as error:
        raise BadInput(f"{place}: {error.message}", hint=error.hint) from error


def _inside(root: Path, resolved_root: Path, named: str, place: str, finder: Finder) -> Path:
    """Return the path that a row names, refusing one that leaves the manifest's folder."""
    if not named or "\0" in named:
        raise BadInput(f"{place}: the path is empty or not a path")
    named = finder.find(root, named)
    try:
        target = (resolved_root / named).resolve()
    except (OSError, RuntimeError) as error:
        raise BadInput(f"{place}: cannot resolve {printable(named)}: {error}") from error
    if not target.is_relative_to(resolved_root) or target == resolved_root:
        raise BadInput(
            f"{place}: {printable(named)} leads outside the manifest's folder",
            hint="put the manifest above the recordings",
        )
    lexical = Path(named) if Path(named).is_absolute() else root / named
    parts = lexical.parts
    if ".." in parts or not lexical.is_relative_to(root):
        return root / target.relative_to(resolved_root)
    return lexical


def _read_place(path: Path, root: Path) -> Utterance | FileProblem:
    """Find emotion and speaker in a file's folders and name."""
    folders = path.relative_to(root).parts[:-1]
    named = [(index, canonical_emotion(name)) for index, name in enumerate(folders)]
    emotions = [(index, emotion) for index, emotion in named if emotion is not None]
    # "Ira", "Rabia" and "Khushi" are people too: an English word comes before others.
    english = [(index, emotion) for index, emotion in emotions if english_emotion(folders[index])]
    emotions = english or emotions
    if not emotions:
        return FileProblem(path, "unknown-label", "none of its folders is named after an emotion")
    if len({emotion for _, emotion in emotions}) > 1:
        return FileProblem(path, "unknown-label", "its folders are named after several emotions")
    emotion = emotions[0][1]
    telling = {index for index, _ in emotions}
    others = [name for index, name in enumerate(folders) if index not in telling]
    if others:
        speaker = composed("/".join(others))
    else:
        match = _SPEAKER_IN_NAME.fullmatch(path.stem)
        speaker = composed(match["speaker"]) if match else ""
        if not speaker or english_emotion(speaker) is not None:
            detail = f"no speaker: put it in {emotion}/SPEAKER/ or name it SPEAKER_..."
            return FileProblem(path, "unknown-speaker", detail)
    return Utterance(
        path=path,
        clip_id=clip_id_of(path, root),
        corpus=NAME,
        emotion=emotion,
        speaker=speaker,
    )


def _read_own_place(path: Path, root: Path) -> Utterance | FileProblem:
    """Find label and speaker: the folder at the top, and the folders below it or the name."""
    folders = path.relative_to(root).parts[:-1]
    if not folders:
        return FileProblem(path, "unknown-label", "it is in no folder that is named for its label")
    label = own_label(folders[0])
    if not label:
        return FileProblem(path, "unknown-label", why_no_label(folders[0]))
    match = _SPEAKER_IN_NAME.fullmatch(path.stem)
    speaker = composed("/".join(folders[1:]) or (match["speaker"] if match else ""))
    if not speaker or speaker.casefold() == label.casefold():
        detail = f"no speaker: put it in {printable(label)}/SPEAKER/ or name it SPEAKER_..."
        return FileProblem(path, "unknown-speaker", detail)
    return Utterance(
        path=path, clip_id=clip_id_of(path, root), corpus=NAME, emotion=label, speaker=speaker
    )
