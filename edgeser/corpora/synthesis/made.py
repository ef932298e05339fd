"""Corpora that edgeser makes: clips, a manifest, and the specification of all their bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeser.corpora.folders import new_folder
from edgeser.corpora.layouts.generic import MANIFEST, read_manifest
from edgeser.corpora.layouts.listing import folder
from edgeser.corpora.table import read_table
from edgeser.corpora.utterance import Corpus
from quantize.foundation.errors import BadInput
from quantize.foundation.files import file_error, read_bounded, sha256_of_file, write_atomically

AUDIO = "audio"
"""The folder of the clips."""
HASH_COLUMN = "sha256"
_SPEC_BYTES = 1 << 20

Row = dict[str, str]
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of corpus that is made.

    Parameters
    ----------
    what
        What it is called in messages: ``"synthetic voices"``.
    spec_file
        The file that tells it from other folders and holds its specification.
    schema
        Of that file.
    """

    what: str
    spec_file: str
    schema: str


def hash_of(spec: Spec) -> str:
    """Return the hash of a whole specification."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def make(
    root: Path, kind: Kind, spec: Spec, *, clips: int, write: Callable[[Path], Sequence[Row]]
) -> None:
    """Write a corpus to the folder `root`, or leave it if it is there already.

    A folder that holds the same specification and intact files is left. One that holds another
    corpus of this kind, or a damaged one, is replaced. Any other folder with something in it is
    refused. The new folder appears whole or not at all.

    Parameters
    ----------
    spec
        What determines every sample; JSON.
    clips
        How many there will be.
    write
        Writes the clips into the folder `AUDIO` of the folder that it is given, and returns the
        rows of the manifest: `path` and `HASH_COLUMN` among them.

    Raises
    ------
    BadInput
        When the folder is taken or cannot be written.
    """
    if is_intact(root, kind, spec, clips=clips):
        return
    require_free(root, kind)
    try:
        with new_folder(root) as temporary:
            (temporary / AUDIO).mkdir()
            rows = write(temporary)
            write_manifest(temporary / MANIFEST, rows)
            described = {"schema": kind.schema, "sha256": hash_of(spec), **spec}
            text = json.dumps(described, indent=2) + "\n"
            write_atomically(temporary / kind.spec_file, text.encode())
    except OSError as error:
        raise file_error(error, root, f"write {kind.what} to") from error


def write_manifest(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of the same columns as a manifest, whole or not at all."""
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, table.getvalue().encode())


def read_spec(root: Path, kind: Kind) -> Spec:
    """Return what a folder says of how it was made; empty where nothing can be read."""
    try:
        found = json.loads(read_bounded(root / kind.spec_file, limit_bytes=_SPEC_BYTES))
    except (BadInput, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def is_intact(root: Path, kind: Kind, spec: Spec, *, clips: int) -> bool:
    """Say whether `root` holds this very corpus, every file as it was written."""
    if read_spec(root, kind).get("sha256") != hash_of(spec):
        return False
    try:
        names = {row["path"]: row[HASH_COLUMN] for row in read_table(root / MANIFEST).rows}
        return len(names) == clips and all(
            sha256_of_file(root / AUDIO / Path(path).name) == digest
            for path, digest in names.items()
        )
    except (BadInput, ValueError, KeyError):
        return False


def read(root: Path, kind: Kind, *, name: str, licence: str, citation: str) -> Corpus:
    """Read a folder that `make` wrote.

    Raises
    ------
    BadInput
        When it is no such folder.
    """
    root = folder(root, expected=f"the {kind.what}")
    if not (root / kind.spec_file).is_file():
        raise BadInput(
            f"{root} holds no {kind.what}: {kind.spec_file} is missing",
            hint="let edgeser write them to a new folder, or use the generic adapter",
        )
    return read_manifest(
        root / MANIFEST, name=name, licence=licence, citation=citation, synthetic=True
    )


def require_free(root: Path, kind: Kind) -> None:
    """Refuse a place that holds anything but a corpus of this kind.

    Raises
    ------
    BadInput
        When it does.
    """
    may_replace = root.is_dir() and ((root / kind.spec_file).is_file() or not any(root.iterdir()))
    if root.exists() and not may_replace:
        raise BadInput(
            f"cannot write {kind.what} to {root}: it holds something else",
            hint="choose a new or empty folder",
        )
