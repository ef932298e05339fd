"""What every adapter shares: find the audio files, read small tables, put a corpus together."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeser.corpora.audio import AUDIO_SUFFIXES
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded

_MOST_FILES = 1_000_000
_TABLE_BYTES = 64 << 20

ReadName = Callable[[Path], Utterance | FileProblem]
"""What an adapter makes of one audio file."""


def folder(root: Path, *, expected: str) -> Path:
    """Return `root` if it is a folder, else raise `BadInput` naming what was `expected` there."""
    root = Path(root)
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise BadInput(f"cannot read {root}: it {what}", hint=f"give the folder with {expected}")
    return root


def audio_files(root: Path) -> Iterator[Path]:
    """Yield every WAV and FLAC file under `root`, sorted within its folder.

    Hidden files and folders are left out; links to folders are not followed.
    """
    seen = 0
    for where, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or not name.lower().endswith(AUDIO_SUFFIXES):
                continue
            seen += 1
            if seen > _MOST_FILES:
                raise BadInput(
                    f"{root} holds more than {_MOST_FILES} audio files",
                    hint="give the folder of one corpus",
                )
            yield Path(where) / name


def clip_id_of(path: Path, root: Path) -> str:
    """Return the path below `root` in POSIX form, without its suffix."""
    return path.relative_to(root).with_suffix("").as_posix()


def file_fault(path: Path) -> FileProblem | None:
    """Return what the file system alone says is wrong with an audio file."""
    try:
        size = path.stat().st_size
    except OSError as error:
        return FileProblem(path, "unreadable", os.strerror(error.errno or 0))
    if not path.is_file():
        return FileProblem(path, "unreadable", "it is not a regular file")
    if size == 0:
        return FileProblem(path, "empty-file", "the file is empty")
    if not os.access(path, os.R_OK):
        return FileProblem(path, "unreadable", "permission denied")
    return None


def read_files(
    files: Iterable[Path], read_name: ReadName
) -> tuple[list[Utterance], list[FileProblem]]:
    """Apply an adapter's `read_name` to each file; what cannot be used becomes a problem."""
    utterances: list[Utterance] = []
    problems: list[FileProblem] = []
    for path in files:
        answer = file_fault(path) or read_name(path)
        if isinstance(answer, Utterance):
            utterances.append(answer)
        else:
            problems.append(answer)
    return utterances, problems


def emotion_in_name(
    path: Path,
    pattern: re.Pattern[str],
    emotion_of: Callable[[str], str | None],
    *,
    example: str,
) -> tuple[re.Match[str], str] | FileProblem:
    """Match a file's name and look up its emotion, or return what is wrong with the name.

    Parameters
    ----------
    path
        The file; its suffix is no part of the name.
    pattern
        Of the whole name, with a group ``emotion``.
    emotion_of
        From the text of that group to the emotion; `None` for one that is not known.
    example
        A name of the right form, for the problem's text.
    """
    match = pattern.fullmatch(path.stem)
    if match is None:
        return FileProblem(path, "unknown-name", f"not of the form {example}")
    emotion = emotion_of(match["emotion"])
    if emotion is None:
        return FileProblem(path, "unknown-label", f"emotion {match['emotion']} is not known")
    return match, emotion


def read_named_files(
    root: Path,
    read_name: Callable[[Path, Path], Utterance | FileProblem],
    *,
    expected: str,
    name: str,
    licence: str,
    citation: str,
) -> Corpus:
    """Read a corpus whose file names tell all: `read_name` gets each audio file and the root.

    Raises
    ------
    BadInput
        When `root` is no folder (`expected` says what should be there) or no file fits.
    """
    root = folder(root, expected=expected)
    utterances, problems = read_files(audio_files(root), lambda path: read_name(path, root))
    return assemble(
        name=name,
        root=root,
        utterances=utterances,
        problems=problems,
        licence=licence,
        citation=citation,
    )


def assemble(
    *,
    name: str,
    root: Path,
    utterances: Iterable[Utterance],
    problems: Iterable[FileProblem],
    licence: str,
    citation: str,
    synthetic: bool = False,
) -> Corpus:
    """Sort, refuse doubled clip ids, and put a corpus together.

    Raises
    ------
    BadInput
        When nothing usable is left; the first problem says why.
    """
    faults = list(problems)
    by_id: dict[str, Utterance] = {}
    for utterance in utterances:
        first = by_id.setdefault(utterance.clip_id, utterance)
        if first is not utterance:
            detail = f"{first.path.name} has the same name but for its suffix and is used"
            faults.append(FileProblem(utterance.path, "doubled-name", detail))
    if not by_id:
        why = f"; {faults[0].path.name}: {faults[0].detail}" if faults else ""
        raise BadInput(
            f"{root} holds no clip that the {name} adapter can use{why}",
            hint="check the path and the corpus name, or describe the files in a manifest",
        )
    ordered = tuple(by_id[clip_id] for clip_id in sorted(by_id))
    return Corpus(
        name=name,
        root=root,
        utterances=ordered,
        emotions=tuple(sorted({utterance.emotion for utterance in ordered})),
        synthetic=synthetic,
        licence=licence,
        citation=citation,
        problems=tuple(sorted(faults, key=lambda fault: (str(fault.path), fault.kind))),
    )


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: its columns, its rows by column, and the line on which each row ends."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...]

    def missing(self, *wanted: str) -> list[str]:
        """Return which of the `wanted` columns are not there."""
        return [column for column in wanted if column not in self.columns]


def read_table(path: Path, *, delimiter: str = ",", exact: bool = False) -> Table:
    """Read a small table in UTF-8; its first line names the columns.

    Blanks around values are dropped, and empty lines left out. With tabs as delimiter,
    quotation marks are plain text.

    Parameters
    ----------
    exact
        Refuse doubled columns and rows that have more or fewer values than there are columns;
        without it missing values are empty and surplus ones are left out.

    Raises
    ------
    BadInput
        When it is missing, larger than 64 MiB, not UTF-8 or not a table.
    """
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    try:
        text = read_bounded(path, limit_bytes=_TABLE_BYTES).decode("utf-8-sig")
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL,
            strict=True,
        )
        columns = tuple(name.strip() for name in next(reader, []))
        for values in reader:
            if not values:
                continue
            if exact and len(values) != len(columns):
                raise BadInput(
                    f"{path}, line {reader.line_num}: {len(values)} values for "
                    f"{len(columns)} columns",
                    hint="put values that hold a comma in quotation marks",
                )
            padded = values + [""] * (len(columns) - len(values))
            rows.append(dict(zip(columns, (value.strip() for value in padded), strict=False)))
            lines.append(reader.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"cannot read the table {path}: {error}", hint="save it as CSV in UTF-8"
        ) from error
    if exact and len(set(columns)) != len(columns):
        raise BadInput(f"{path} names a column twice", hint="give each column its own name")
    return Table(columns, tuple(rows), tuple(lines))
