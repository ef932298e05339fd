"""An optional source: databases that audb hosts, turned into a folder with our manifest.

audb (``pip install 'edgeser[audb]'``) is audEERING's tool for published speech databases. What
it delivers is written as 16 kHz mono WAV files with a ``manifest.csv`` that the generic adapter
reads; from then on audb is not needed.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import SAMPLE_RATE, read_audio
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.emotions import canonical_emotion
from edgeser.corpora.folders import new_folder
from edgeser.corpora.layouts.generic import (
    MANIFEST,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    read_manifest,
)
from edgeser.corpora.utterance import Corpus, FileProblem
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.foundation.extras import extra
from quantize.foundation.files import file_error, write_atomically
from quantize.foundation.temporary import temporary_folder

NAME = "audb"
LEFT_OUT = "left-out.csv"

Progress = Callable[[int, int], None]
"""Called with how many clips are done and how many there are."""

_COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
_SPLIT_TYPES = {"train": "train", "dev": "development", "test": "test"}
_SEXES = ("female", "male")
_OLDEST = 130
_LONGEST_SECONDS = 3600.0
_AGE = re.compile(r"\d{1,3}")
_CODE = re.compile(r"[a-z]{2,3}")
_TWO_LETTERS = {
    "ara": "ar", "ces": "cs", "cmn": "zh", "dan": "da", "deu": "de", "ell": "el", "eng": "en",
    "est": "et", "fas": "fa", "fra": "fr", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl",
    "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "swe": "sv", "tur": "tr", "urd": "ur",
    "zho": "zh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AudbRepository:
    """Where audb looks: name, host and backend as in audb's own configuration."""

    name: str
    host: str
    backend: str = "file-system"


def download(
    name: str,
    version: str,
    destination: Path,
    *,
    repository: AudbRepository | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Fetch a database and write it as a folder with ``manifest.csv``.

    The scheme ``emotion`` gives the labels; ``speaker`` (and ``gender`` or ``sex``, ``age``,
    ``language``, or labels of the speaker with these) the rest. Segments are cut out. The
    published split is kept where it divides speakers. Clips that cannot be used are problems
    of the corpus, and are listed in ``left-out.csv`` beside the manifest.

    Parameters
    ----------
    name, version
        Of the database.
    destination
        A new or empty folder.
    repository
        Where to look; without it, where audb is configured to.

    Raises
    ------
    ToolMissing
        When audb is not installed.
    BadInput
        When the database cannot be had or has no emotions or speakers, or the folder is taken.
    """
    destination = Path(destination)
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise BadInput(
            f"cannot write {name} to {destination}: it is there already",
            hint="choose a new or empty folder",
        )
    try:
        with temporary_folder("audb") as cache:
            database = _load(name, version, cache, repository)
            with new_folder(destination) as folder:
                problems = _convert(database, cache, folder, progress)
    except OSError as error:
        raise file_error(error, destination, f"write {name} to") from error
    corpus = read_manifest(
        destination / MANIFEST,
        licence=str(database.license or "see the database"),
        citation=f"{database.name} {version}, by audb",
    )
    moved = tuple(FileProblem(destination / p.path, p.kind, p.detail) for p in problems)
    return replace(corpus, problems=corpus.problems + moved)


def _load(name: str, version: str, cache: Path, repository: AudbRepository | None) -> Any:
    try:
        import audb
    except ImportError as error:
        raise ToolMissing("audb is not installed", hint=extra("audb").install) from error
    try:
        with _only(audb, repository):
            # A cache of its own: audb keeps pickles there, and none but this call's are read.
            return audb.load(
                name, version=version, cache_root=str(cache), pickle_tables=False, verbose=False
            )
    except (RuntimeError, ValueError, KeyError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BadInput(
            f"audb cannot give {name} {version}: {reason}",
            hint="check name, version, repository and connection",
        ) from error


@contextmanager
def _only(audb: Any, repository: AudbRepository | None) -> Iterator[None]:
    """Have audb look into one repository for a while; its configuration is global."""
    before = audb.config.REPOSITORIES
    if repository is not None:
        chosen = audb.Repository(repository.name, repository.host, repository.backend)
        audb.config.REPOSITORIES = [chosen]
    try:
        yield
    finally:
        audb.config.REPOSITORIES = before


def _convert(
    database: Any, cache: Path, folder: Path, progress: Progress | None
) -> list[FileProblem]:
    frame = database.get("emotion", ["speaker", "gender", "sex", "age", "language"])
    if frame.empty or frame["speaker"].isna().all():
        lacking = "emotions" if frame.empty else "speakers"
        raise BadInput(
            f"the database {database.name} has no {lacking} that audb can find",
            hint="describe its files in a manifest instead",
        )
    frame = frame.astype(object).mask(frame.isna(), "").sort_index()
    # The segments of one file follow each other: it is read once for all of them.
    read = lru_cache(maxsize=1)(partial(read_audio, max_seconds=_LONGEST_SECONDS))
    languages = [str(language) for language in database.languages or []]
    splits = _splits(database)
    rows: list[dict[str, str]] = []
    problems: list[FileProblem] = []
    for done, (index, values) in enumerate(frame.iterrows(), start=1):
        file, start, end = index if isinstance(index, tuple) else (index, None, None)
        relative = _relative(str(file), cache, start)
        answer = _row(values, relative, languages, splits.get(str(file), ""))
        if isinstance(answer, dict):
            try:
                _write_clip(read(Path(file)), folder / relative, start, end)
                rows.append(answer)
            except BadInput as error:
                problems.append(FileProblem(relative, "corrupt", error.message))
        else:
            problems.append(answer)
        if progress is not None:
            progress(done, len(frame))
    problems += _drop_split_by_clip(rows)
    _write_table(folder / MANIFEST, _COLUMNS, rows)
    left = [{"path": str(p.path), "kind": p.kind, "detail": p.detail} for p in problems]
    _write_table(folder / LEFT_OUT, ("path", "kind", "detail"), left)
    return problems


def _splits(database: Any) -> dict[str, str]:
    """Return the part of the published split by file, from tables that belong to one."""
    parts: dict[str, str] = {}
    for table_id in database.tables:
        split_id = database.tables[table_id].split_id
        if split_id is None:
            continue
        part = _SPLIT_TYPES.get(str(database.splits[split_id].type))
        if part is not None:
            parts.update(dict.fromkeys(map(str, database.tables[table_id].files), part))
    return parts


def _row(
    values: Any, relative: Path, languages: list[str], split: str
) -> dict[str, str] | FileProblem:
    label, speaker = str(values["emotion"]), str(values["speaker"])
    emotion = canonical_emotion(label)
    if emotion is None:
        return FileProblem(relative, "unknown-label", f"the emotion {label!r} is not known")
    if not speaker:
        return FileProblem(relative, "unknown-speaker", "the database names no speaker")
    sex = str(values["gender"]) or str(values["sex"])
    age = str(values["age"]).removesuffix(".0")
    language = str(values["language"]) or (languages[0] if len(languages) == 1 else "")
    return {
        "path": relative.as_posix(),
        "emotion": emotion,
        "speaker": speaker,
        "sex": sex if sex in _SEXES else "",
        "age": age if _AGE.fullmatch(age) and int(age) <= _OLDEST else "",
        "language": _TWO_LETTERS.get(language, language if _CODE.fullmatch(language) else ""),
        "split": split,
    }


def _relative(file: str, cache: Path, start: Any) -> Path:
    """Return where a clip goes below the new folder: the database's own path, kept inside."""
    path = PurePosixPath(file)
    if path.is_relative_to(PurePosixPath(cache)):
        # Below the cache come name, version and flavour, then the database's own folders.
        path = PurePosixPath(*path.relative_to(PurePosixPath(cache)).parts[3:])
    parts = [part for part in path.parts if part not in ("..", "/", ".")]
    stem = PurePosixPath(*parts).with_suffix("")
    milliseconds = 0.0 if start is None else 1000.0 * start.total_seconds()
    suffix = "" if start is None or math.isnan(milliseconds) else f"-{milliseconds:.0f}ms"
    return Path("audio") / f"{stem}{suffix}.wav"


def _write_clip(samples: NDArray[np.int16], target: Path, start: Any, end: Any) -> None:
    if start is not None:
        first, last = start.total_seconds(), end.total_seconds()
        stop = len(samples) if math.isnan(last) else round(last * SAMPLE_RATE)
        samples = samples[round(first * SAMPLE_RATE) : stop]
        if not len(samples):
            raise BadInput(f"the segment from {first:g} to {last:g} s holds no samples")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(wav_bytes(samples))


def _drop_split_by_clip(rows: list[dict[str, str]]) -> list[FileProblem]:
    """Empty the split of every row if some speaker is in two parts: it divides clips."""
    parts: dict[str, set[str]] = {}
    for row in rows:
        if row["split"]:
            parts.setdefault(row["speaker"], set()).add(row["split"])
    if not any(len(names) > 1 for names in parts.values()):
        return []
    for row in rows:
        row["split"] = ""
    detail = "the published split has speakers in two parts; it is not used"
    return [FileProblem(Path(MANIFEST), "split-by-clip", detail)]


def _write_table(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, table.getvalue().encode())
