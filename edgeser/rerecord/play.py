"""Writes what is played to a microphone: WAV files of blocks of clips between chirps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import SAMPLE_RATE, read_audio, to_int16
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.folders import new_folder
from edgeser.corpora.utterance import Corpus, Utterance
from edgeser.progress import SILENT, Reporter
from edgeser.rerecord.markers import MOST_BLOCKS, Kind, Marker, marker_samples
from edgeser.rerecord.playlist import (
    PLAYLIST,
    SCHEMA,
    Block,
    Clip,
    PlayList,
    encode,
    is_safe,
    list_id_of,
    read_playlist,
    row_of,
)
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.files import file_error, write_atomically

_LEAD_S = 0.5
_AFTER_MARKER_S = 0.5
_BETWEEN_CLIPS_S = 0.3

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class PlaySettings:
    """How clips are laid out.

    Parameters
    ----------
    block_seconds
        Of the clips between two chirps: what is lost when a chirp is not heard.
    file_minutes
        Longest file; at least one block each.
    """

    block_seconds: float = 60.0
    file_minutes: float = 10.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.block_seconds <= 3600.0 or not 0.1 <= self.file_minutes <= 600.0:
            raise BadInput(
                f"blocks of {self.block_seconds:g} s in files of {self.file_minutes:g} min",
                hint="choose blocks of 1 to 3600 s, files of 0.1 to 600 min",
            )


@dataclass(frozen=True, slots=True)
class Played:
    """What was written: the play list, how long it takes, and the clips that could not be read."""

    playlist: PlayList
    seconds: float
    left_out: tuple[str, ...]


def write_playlist(
    corpus: Corpus,
    folder: Path,
    *,
    settings: PlaySettings | None = None,
    reporter: Reporter = SILENT,
) -> Played:
    """Write a corpus as WAV files to be played, and the list of where what is.

    The folder appears whole or not at all. It may be new or empty, or hold this play list already,
    which is written again with the same bytes: recordings of it stay good.

    Raises
    ------
    BadInput
        When the folder holds something else or cannot be written, no clip can be read, or there are
        more than 4,096 blocks.
    """
    chosen = settings or PlaySettings()
    names = _names(corpus.utterances)
    list_id = list_id_of(
        [*names, *(u.emotion for u in corpus.utterances), *(u.speaker for u in corpus.utterances)],
        SAMPLE_RATE,
        (chosen.block_seconds, chosen.file_minutes),
    )
    _require_free(folder, list_id)
    progress = reporter.stage("Writing what is to be played")
    left_out: list[str] = []
    try:
        with new_folder(folder) as temporary:
            tape = _Tape(temporary, list_id, chosen)
            for done, (utterance, name) in enumerate(zip(corpus.utterances, names, strict=True), 1):
                try:
                    samples = read_audio(utterance.sound)
                except EdgeserError as error:
                    left_out.append(error.message)
                else:
                    tape.add(name, samples, utterance, corpus)
                progress(done, len(names))
            tape.close()
            if not tape.blocks:
                raise BadInput(
                    f"no clip of {corpus.name} at {corpus.root} can be read: {left_out[0]}",
                    hint="edgeser corpus check says more",
                )
            playlist = PlayList(
                SCHEMA,
                list_id,
                SAMPLE_RATE,
                corpus.name,
                corpus.licence,
                corpus.citation,
                corpus.synthetic,
                corpus.label_kind,
                tuple(tape.blocks),
            )
            write_atomically(temporary / PLAYLIST, encode(playlist))
    except OSError as error:
        raise file_error(error, folder, "write a play list to") from error
    return Played(playlist, tape.samples_of_all / SAMPLE_RATE, tuple(left_out))


def _require_free(folder: Path, list_id: str) -> None:
    """Refuse a folder with anything in it but this very list."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if folder.is_dir() and (folder / PLAYLIST).is_file():
        if read_playlist(folder).list_id == list_id:
            return
        raise BadInput(
            f"{folder} holds another play list, and recordings of it may be cut by no other",
            hint="choose a new folder",
        )
    raise BadInput(
        f"cannot write a play list to {folder}: it holds something else",
        hint="choose a new or empty folder",
    )


def _names(utterances: tuple[Utterance, ...]) -> list[str]:
    """Return a name of each clip: its id, or a number where no file can be named for it."""
    names: list[str] = []
    taken: set[str] = set()
    for number, utterance in enumerate(utterances):
        name = utterance.clip_id
        if not is_safe(name) or name.casefold() in taken:
            name = f"clip-{number:06d}"
            while name in taken:
                name += "-"
        taken.add(name.casefold())
        names.append(name)
    return names


@dataclass
class _Tape:
    """Files as they grow: clips go to the block that is open, blocks to the file that is open."""

    folder: Path
    list_id: str
    settings: PlaySettings
    blocks: list[Block] = field(default_factory=list)
    samples_of_all: int = 0
    _file: list[Samples] = field(default_factory=list)
    _length: int = 0
    _files: int = 0
    _clips: list[Clip] = field(default_factory=list)
    _before: int = 0

    def add(self, name: str, samples: Samples, utterance: Utterance, corpus: Corpus) -> None:
        """Put a clip at the end; a block, and a file, that would be too long is closed before."""
        if self._clips:
            clips = self._length + len(samples) - self._clips[0].start
            if clips > self.settings.block_seconds * SAMPLE_RATE:
                self._close_block()
        if not self._clips:
            self._open_block(len(samples))
        row = row_of(utterance, corpus.label_kind)
        self._clips.append(Clip(name, self._length, len(samples), row))
        self._put(samples)
        self._pause(_BETWEEN_CLIPS_S)

    def close(self) -> None:
        """Close what is open."""
        if self._clips:
            self._close_block()
        self._close_file()

    def _open_block(self, samples: int) -> None:
        longest = 60.0 * self.settings.file_minutes * SAMPLE_RATE
        block = max(samples, self.settings.block_seconds * SAMPLE_RATE)
        if self._length and self._length + block > longest:
            self._close_file()
        if len(self.blocks) >= MOST_BLOCKS:
            raise BadInput(
                f"there are more than {MOST_BLOCKS} blocks",
                hint="give longer blocks, or play a part of the corpus at a time",
            )
        if not self._length:
            self._pause(_LEAD_S)
        self._before = self._length
        self._mark("before")

    def _close_block(self) -> None:
        after = self._length
        self._mark("after")
        self.blocks.append(Block(self._name(), self._before, after, tuple(self._clips)))
        self._clips = []

    def _close_file(self) -> None:
        if self._length:
            (self.folder / self._name()).write_bytes(wav_bytes(np.concatenate(self._file)))
            self._files += 1
        self.samples_of_all += self._length
        self._file, self._length = [], 0

    def _name(self) -> str:
        return f"play-{self._files + 1:03d}.wav"

    def _mark(self, kind: Kind) -> None:
        marker = Marker(kind, len(self.blocks))
        self._put(to_int16(marker_samples(marker, self.list_id, SAMPLE_RATE)))
        self._pause(_AFTER_MARKER_S)

    def _pause(self, seconds: float) -> None:
        self._put(np.zeros(round(seconds * SAMPLE_RATE), np.int16))

    def _put(self, samples: Samples) -> None:
        self._file.append(samples)
        self._length += len(samples)


def files_of(playlist: PlayList) -> Iterator[str]:
    """Yield the names of the files of a play list, in the order in which they are played."""
    yield from dict.fromkeys(block.file for block in playlist.blocks)
