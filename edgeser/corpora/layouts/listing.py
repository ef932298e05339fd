"""What every adapter shares: look at files and their names, put a corpus together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from edgeser.corpora.doubles import without_doubles
from edgeser.corpora.names import composed
from edgeser.corpora.problems import advice, problem_lines
from edgeser.corpora.split import not_in_split
from edgeser.corpora.unread import broken_link, magic, pointer, unpacking
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.walk import find_audio
from quantize.foundation.errors import BadInput

_MOST_REASONS = 3

ReadName = Callable[[Path], Utterance | FileProblem]
"""What an adapter makes of one audio file."""


def folder(root: Path, *, expected: str) -> Path:
    """Return `root` if it is a folder, else raise `BadInput` naming what was `expected` there."""
    root = Path(root)
    if root.is_file() and (what := magic(root)) is not None:
        raise BadInput(
            f"cannot read {root}: it is {what}, not a folder",
            hint=f"unpack it first: {unpacking(root)}; then give the folder with {expected}",
        )
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise BadInput(f"cannot read {root}: it {what}", hint=f"give the folder with {expected}")
    return root


def clip_id_of(path: Path, root: Path) -> str:
    """Return the path below `root` in POSIX form, without its suffix."""
    return composed(path.relative_to(root).with_suffix("").as_posix())


def file_fault(path: Path) -> FileProblem | None:
    """Return what the file system alone says is wrong with an audio file."""
    try:
        size = path.stat().st_size
    except OSError as error:
        return broken_link(path) or FileProblem(path, "unreadable", os.strerror(error.errno or 0))
    if not path.is_file():
        return FileProblem(path, "unreadable", "it is not a regular file")
    if size == 0:
        return FileProblem(path, "empty-file", "the file is empty")
    if not os.access(path, os.R_OK):
        return FileProblem(path, "unreadable", "permission denied")
    return pointer(path, size)


def read_files(root: Path, read_name: ReadName) -> tuple[list[Utterance], list[FileProblem]]:
    """Apply an adapter's `read_name` to each recording under `root`.

    What cannot be used becomes a problem, and so does what is beside the recordings and is not
    read (see `edgeser.corpora.walk`).
    """
    found = find_audio(root)
    utterances: list[Utterance] = []
    problems = list(found.problems)
    for path in found.audio:
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
    utterances, problems = read_files(root, lambda path: read_name(path, root))
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
    split: tuple[Path, str] | None = None,
) -> Corpus:
    """Sort, leave out doubled clip ids and doubled sounds, and put a corpus together.

    Parameters
    ----------
    split
        The file that publishes a speaker split, and how it was read (`Corpus.split_source`).

    Raises
    ------
    BadInput
        When nothing usable is left; the kinds of problems say why.
    """
    faults = list(problems)
    by_id: dict[str, Utterance] = {}
    for utterance in utterances:
        first = by_id.setdefault(utterance.clip_id, utterance)
        if first is not utterance:
            detail = f"{first.path.name} has the same name but for its suffix and is used"
            faults.append(FileProblem(utterance.path, "doubled-name", detail))
    if not by_id:
        lines = problem_lines(faults, root)
        raise BadInput(
            f"{root} holds no clip that the {name} adapter can use"
            + "".join(f"; {line}" for line in lines[:_MOST_REASONS]),
            hint=advice(faults, root)
            or "check the path and the corpus name, or describe the files in a manifest",
        )
    kept, same, doubles = without_doubles(by_id.values())
    ordered = tuple(sorted(kept, key=lambda utterance: utterance.clip_id))
    corpus = Corpus(
        name=name,
        root=root,
        utterances=ordered,
        emotions=tuple(sorted({utterance.emotion for utterance in ordered})),
        synthetic=synthetic,
        licence=licence,
        citation=citation,
        doubles=tuple(sorted(doubles)),
        split_source=split[1] if split else "",
    )
    faults += same + not_in_split(corpus, split[0] if split else root)
    return replace(
        corpus, problems=tuple(sorted(faults, key=lambda fault: (str(fault.path), fault.kind)))
    )
