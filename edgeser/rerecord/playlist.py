"""The play list: which clip lies where between which chirps, and what its corpus said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from edgeser.corpora.layouts.generic import LABEL_COLUMN, OPTIONAL_COLUMNS
from edgeser.corpora.utterance import Utterance
from edgeser.rerecord.markers import MOST_BLOCKS
from edgeser.typed_tables import from_table, to_table
from edgeser.wording import LabelKind
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

PLAYLIST = "playlist.json"
SCHEMA: Literal["edgeser.playlist/1"] = "edgeser.playlist/1"
LONGEST_CLIP_S = 300
_LIMIT_BYTES = 256 << 20
_LONGEST_FILE_S = 24 * 3600
_LONGEST_TEXT = 1000
_COLUMNS = ("emotion", LABEL_COLUMN, "speaker", *OPTIONAL_COLUMNS)

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a block.

    Parameters
    ----------
    name
        Its path below the folder of what is cut, without suffix.
    start, samples
        Where it begins in its file, and how long it is, in samples.
    row
        What the corpus said of it: columns of a manifest.
    """

    name: str
    start: int
    samples: int
    row: Row


@dataclass(frozen=True, slots=True)
class Block:
    """Clips between two chirps.

    Parameters
    ----------
    file
        Name of the WAV file.
    before, after
        Where the sweeps of its two markers begin, in samples of the file.
    clips
        In their order.
    """

    file: str
    before: int
    after: int
    clips: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class PlayList:
    """What is played.

    Parameters
    ----------
    schema
        `SCHEMA`.
    list_id
        Of its clips and their places, 16 hexadecimal digits: its markers bear it.
    sample_rate
        Of all files, in Hz.
    corpus, licence, citation, synthetic, label_kind
        Of the corpus that is played.
    blocks
        In the order in which they are played; a block's number is its place.
    """

    schema: Literal["edgeser.playlist/1"]
    list_id: str
    sample_rate: int
    corpus: str
    licence: str
    citation: str
    synthetic: bool
    label_kind: LabelKind
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if not 8_000 <= self.sample_rate <= 48_000:
            raise BadInput(f"its sample rate is {self.sample_rate} Hz", hint="play it again")
        if not 1 <= len(self.blocks) <= MOST_BLOCKS:
            raise BadInput(
                f"it has {len(self.blocks)} blocks", hint=f"1 to {MOST_BLOCKS} can be told apart"
            )
        for text in (self.list_id, self.corpus, self.licence, self.citation):
            if len(text) > _LONGEST_TEXT:
                raise BadInput(f"a text of it has {len(text)} characters", hint="play it again")
        seen: set[str] = set()
        for number, block in enumerate(self.blocks):
            _check_block(block, number, self.sample_rate, seen)

    @property
    def clips(self) -> int:
        """How many clips there are."""
        return sum(len(block.clips) for block in self.blocks)


def _check_block(block: Block, number: int, rate: int, seen: set[str]) -> None:
    """Refuse what no play list has: a file or a clip elsewhere, clips beyond their chirps."""
    if (
        PurePosixPath(block.file).name != block.file
        or block.file in ("", "..")
        or ("\0" in block.file)
    ):
        raise BadInput(f"block {number} is in '{printable(block.file)}', which is no file's name")
    if not 0 <= block.before < block.after <= _LONGEST_FILE_S * rate:
        raise BadInput(f"block {number} ends before it begins", hint="play it again")
    end = block.before
    for clip in block.clips:
        if not is_safe(clip.name) or clip.name in seen:
            raise BadInput(
                f"block {number} has a clip named '{printable(clip.name)}'",
                hint="a name is a path below a folder, and there once",
            )
        if not (
            end <= clip.start
            and 1 <= clip.samples <= LONGEST_CLIP_S * rate
            and clip.start + clip.samples <= block.after
        ):
            raise BadInput(f"the clip {printable(clip.name)} does not lie in block {number}")
        if unknown := [name for name in clip.row if name not in _COLUMNS]:
            raise BadInput(
                f"the clip {printable(clip.name)} has the column '{printable(unknown[0])}'"
            )
        seen.add(clip.name)
        end = clip.start + clip.samples


def is_safe(name: str) -> bool:
    r"""Say whether a clip's name is a path below a folder that any system can hold.

    >>> is_safe("Actor_01/03-01"), is_safe("../x"), is_safe("/x"), is_safe("a\n"), is_safe(" a")
    (True, False, False, False, False)
    """
    parts = name.split("/")
    return (
        0 < len(name) <= 1000
        and name.isprintable()
        and "\\" not in name
        and all(0 < len(part.encode("utf-8", "replace")) <= 200 for part in parts)
        and all(part == part.strip() and not part.startswith(".") for part in parts)
    )


def row_of(utterance: Utterance, label_kind: LabelKind) -> Row:
    """Return what is known of a clip, as columns of a manifest; what is not known is left out."""
    row = {
        "emotion" if label_kind == "emotions" else LABEL_COLUMN: utterance.emotion,
        "speaker": utterance.speaker,
        "sex": utterance.sex,
        "age": None if utterance.age is None else str(utterance.age),
        "language": utterance.language,
        "split": utterance.split,
        "session": utterance.session,
        "wording": utterance.wording,
        "prosody": utterance.prosody,
    }
    if utterance.vad is not None:
        valence, arousal, dominance = map(repr, utterance.vad.values)
        row |= {"valence": valence, "arousal": arousal, "dominance": dominance}
        row["vad_scale"] = "-1 to 1"
    return {name: text for name, text in row.items() if text}


def list_id_of(names: Sequence[str], rate: int, settings: Sequence[float]) -> str:
    """Return the identity of a list of clips that are played in some way."""
    text = json.dumps([list(names), rate, list(settings)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def encode(playlist: PlayList) -> bytes:
    """Return a play list as the bytes of its file."""
    return (json.dumps(to_table(playlist), indent=1) + "\n").encode()


def read_playlist(folder: Path) -> PlayList:
    """Read the play list of a folder that `play` wrote.

    Raises
    ------
    BadInput
        When it is missing, larger than 256 MiB, no JSON, or says what cannot be.
    """
    path = folder / PLAYLIST if folder.is_dir() else folder
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    where = printable(str(path))
    hint = "give the folder that 'edgeser rerecord play' wrote"
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} is no play list: {printable(str(error))}", hint=hint) from error
    if not isinstance(table, dict) or table.get("schema") != SCHEMA:
        raise BadInput(f"{where} is no play list: its schema is not {SCHEMA}", hint=hint)
    try:
        return from_table(PlayList, table, where=where)
    except RecursionError as error:
        raise BadInput(f"{where} is no play list: it is nested too deeply", hint=hint) from error
