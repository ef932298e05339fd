"""Recordings that are there twice: the same sound under another name, told by the sound."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO

from edgeser.corpora.audio.files import Excerpt, MadeSound, Sound, content_hash, read_recording
from edgeser.corpora.audio.riff import chunks
from edgeser.corpora.utterance import FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.files import open_regular

DOUBLED = "doubled-recording"
_STRETCH = -2
_PROBE_BYTES = 4096
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Sound:
    """Where a file's sound is: its form (equal for equal sounds), offset, size, FLAC's own hash."""

    form: tuple[int, ...]
    offset: int
    size: int
    md5: bytes = b""


def without_doubles(
    utterances: Iterable[Utterance],
) -> tuple[list[Utterance], list[FileProblem], list[tuple[str, str]]]:
    """Keep one of the recordings that sound the same and bear the same emotion and speaker.

    A speaker who is named after folders is the same one in a copy of the corpus inside itself.
    Files whose headers differ in form or length are told apart by those alone. Of the others a few
    kilobytes are compared, and the whole only where these agree. The one highest up is kept.

    Returns
    -------
    kept, problems, doubles
        `doubles` as ``(clip id of the copy, clip id of the one kept)``.
    """
    kept: list[Utterance] = []
    problems: list[FileProblem] = []
    doubles: list[tuple[str, str]] = []
    for same in same_sounds(utterances, lambda u: (u.emotion, _person(u.speaker))):
        first, *copies = sorted(same, key=lambda u: (len(u.path.parts), u.clip_id))
        kept.append(first)
        for copy in copies:
            detail = f"the same sound as {first.clip_id}, which is used; it counts once"
            problems.append(FileProblem(copy.path, DOUBLED, detail))
            doubles.append((copy.clip_id, first.clip_id))
    return kept, problems, doubles


def _person(speaker: str) -> str:
    """Return a speaker's own name: ``copy/anna`` of a copy further down is ``anna``."""
    return speaker.rpartition("/")[2]


def same_sounds(
    utterances: Iterable[Utterance], alike: Callable[[Utterance], tuple[str, ...]]
) -> Iterator[list[Utterance]]:
    """Divide recordings into those that sound the same; most are alone.

    Only recordings of which `alike` says the same are compared.
    """
    groups: dict[tuple[object, ...], list[tuple[Utterance, _Sound]]] = {}
    for utterance in utterances:
        sound = _sound_of(utterance.sound)
        if sound is None:
            yield [utterance]
        else:
            groups.setdefault((alike(utterance), sound.form), []).append((utterance, sound))
    for members in groups.values():
        yield from _same(members)


def _same(members: list[tuple[Utterance, _Sound]]) -> Iterator[list[Utterance]]:
    """Divide recordings of one form into those that sound the same."""
    if len(members) == 1:
        yield [members[0][0]]
        return
    flac = any(sound.md5 for _, sound in members)
    probed: dict[bytes, list[tuple[Utterance, _Sound]]] = {}
    for utterance, sound in members:
        probe = b"" if flac else _hash(utterance, sound, probe=True)
        probed.setdefault(probe, []).append((utterance, sound))
    for alike in probed.values():
        if len(alike) == 1:
            yield [alike[0][0]]
            continue
        hashed = [(sound.md5 or _hash(u, sound), u) for u, sound in alike]
        hashed.sort(key=lambda pair: (pair[0], pair[1].clip_id))
        for _, same in groupby(hashed, key=lambda pair: pair[0]):
            yield from _confirmed([u for _, u in same], decode=flac)


def _confirmed(alike: list[Utterance], *, decode: bool) -> Iterator[list[Utterance]]:
    """Decode what only FLAC's own hash says is the same: a header can say anything."""
    if len(alike) == 1 or not decode:
        yield alike
        return
    heard: dict[bytes, list[Utterance]] = {}
    for number, utterance in enumerate(alike):
        try:
            samples = read_recording(utterance.sound).samples
            key = hashlib.sha256(samples.tobytes()).digest()
        except BadInput:
            key = str(number).encode()
        heard.setdefault(key, []).append(utterance)
    yield from heard.values()


def _sound_of(sound: Sound) -> _Sound | None:
    """Return a file's form from its header; None for one without samples or that is unreadable.

    A stretch of a file is like those only that begin where it does, and are as long.
    """
    if isinstance(sound, MadeSound):
        return None  # it is like nothing else
    if isinstance(sound, Excerpt):
        begin, length = round(sound.start_s * 1e6), round(sound.duration_s * 1e6)
        return _Sound((_STRETCH, begin, length), 0, 0)
    return _sound_of_file(sound)


def _sound_of_file(path: Path) -> _Sound | None:
    try:
        with open_regular(path) as handle:
            size = handle.seek(0, 2)
            handle.seek(0)
            head = handle.read(42)
            if head[:4] == b"fLaC" and len(head) == 42:
                return _flac(head, size)
            if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
                return _wav(handle, size)
    except (BadInput, OSError):
        return None
    return _Sound((-1, size), 0, size)


def _flac(head: bytes, size: int) -> _Sound:
    packed = int.from_bytes(head[18:26], "big")
    rate, channels = packed >> 44, (packed >> 41 & 7) + 1
    bits, frames = (packed >> 36 & 31) + 1, packed & (1 << 36) - 1
    md5 = head[26:42]
    if not frames or not any(md5):
        return _Sound((-1, size), 0, size)
    return _Sound((rate, channels, bits, frames * channels * ((bits + 7) // 8)), 0, size, md5)


def _wav(handle: IO[bytes], size: int) -> _Sound | None:
    form: tuple[int, ...] = ()
    for name, length in chunks(handle):
        here = handle.tell()
        if name == b"fmt ":
            described = handle.read(16)
            if min(length, len(described)) < 16:
                return None
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", described)
            if tag == 0xFFFE and length >= 26:
                handle.seek(here + 24)
                tag = int.from_bytes(handle.read(2), "little")
            form = (rate, channels, bits) if tag == 1 else (rate, channels, bits, tag)
        elif name == b"data":
            there = min(length, size - here)
            return _Sound((*form, there), here, there) if there and form else None
    return None


def _hash(utterance: Utterance, sound: _Sound, *, probe: bool = False) -> bytes:
    """Return MD5, as FLAC's headers have it, of a file's sound, or of some of it in the middle.

    Of a stretch of a file its own hash, of all of it.
    """
    path = utterance.path
    if isinstance(utterance.sound, Excerpt):
        try:
            return content_hash(utterance.sound).encode()
        except BadInput:
            return utterance.clip_id.encode()  # like nothing else; reading it later says why
    digest = hashlib.md5(usedforsecurity=False)
    start = sound.offset + (sound.size // 2 if probe else 0)
    left = min(_PROBE_BYTES, sound.size - sound.size // 2) if probe else sound.size
    try:
        with open_regular(path) as handle:
            handle.seek(start)
            while left > 0 and (chunk := handle.read(min(left, _CHUNK_BYTES))):
                digest.update(chunk)
                left -= len(chunk)
    except (BadInput, OSError):
        return str(path).encode()  # like nothing else; reading it later says why
    return digest.digest()
