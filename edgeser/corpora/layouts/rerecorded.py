"""A corpus heard through a microphone: what `edgeser rerecord cut` writes.

A folder with a manifest, and beside it what the corpus is whose recordings were played: a corpus of
synthetic voices stays one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from edgeser.corpora.layouts.generic import MANIFEST, read_manifest
from edgeser.corpora.layouts.listing import folder
from edgeser.corpora.utterance import Corpus
from edgeser.typed_tables import from_table, to_table
from edgeser.wording import LabelKind
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import MOST_QUOTED, printable

NAME = "rerecorded"
LICENCE = "that of the corpus that was played"
CITATION = "a corpus played and recorded again with 'edgeser rerecord'"
SCHEMA = "edgeser.rerecorded/1"
ABOUT = "rerecorded.json"

_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class About:
    """What is in the folder.

    Parameters
    ----------
    schema
        `SCHEMA`.
    list_id
        Of the play list.
    corpus, licence, citation, synthetic, label_kind
        Of the corpus that was played.
    """

    schema: str
    list_id: str
    corpus: str
    licence: str
    citation: str
    synthetic: bool
    label_kind: LabelKind

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise BadInput(f"its schema is '{printable(self.schema)}', not {SCHEMA}")


def read_about(root: Path) -> About:
    """Return what a folder says of itself.

    Raises
    ------
    BadInput
        When it does not say it, or says what cannot be.
    """
    path = root / ABOUT
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    where = printable(str(path), limit=MOST_QUOTED)
    try:
        table = json.loads(data)
        if not isinstance(table, dict):
            raise ValueError("it is no table")
        return from_table(About, table, where=where)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{where} is damaged: {printable(str(error))}", hint="cut the recordings again"
        ) from error


def about_bytes(about: About) -> bytes:
    """Return the bytes of the file that `read_about` reads."""
    return (json.dumps(to_table(about), indent=2) + "\n").encode()


def read(root: Path) -> Corpus:
    """Read a folder that `edgeser rerecord cut` wrote.

    Raises
    ------
    BadInput
        When it is no such folder, or its labels are no emotions.
    """
    return _read(root, "emotions")


def read_own_labels(root: Path) -> Corpus:
    """Read as `read` does, with labels as they are."""
    return _read(root, "any")


def _read(root: Path, labels: LabelKind) -> Corpus:
    root = folder(root, expected=f"{ABOUT} and {MANIFEST}")
    about = read_about(root)
    if about.label_kind == "any" and labels == "emotions":
        raise BadInput(f"the labels of {root} are no emotions", hint='set [labels] kind = "any"')
    named = printable(about.corpus)
    corpus = read_manifest(
        root / MANIFEST,
        name=NAME,
        licence=f"as {named}: {printable(about.licence, limit=MOST_QUOTED)}",
        citation=f"{named}, recorded again: {printable(about.citation, limit=MOST_QUOTED)}",
        synthetic=about.synthetic,
        labels=labels,
    )
    return replace(corpus, label_kind=labels)
