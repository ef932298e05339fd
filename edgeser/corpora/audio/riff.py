"""WAV headers that say of their audio what is not so: of writers to a pipe, or that were stopped.

A WAV's header states how many bytes of audio follow. Who writes to a pipe does not know yet, and
who is stopped never comes to correct it: such a file is read to its end. One that ends before its
own plain number of bytes is cut short, which is damage.

A byte of padding belongs behind what has an odd number of them. Many writers leave it out, and
libsndfile then reads no further. Nor does it where another chunk, of whatever is said about the
audio, is damaged or of a name that it does not expect.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

_UNKNOWN = (
    *(range(1), range(0x7FFFF000, 0x80000001), range(0xFFFFFFE0, 0x100000000)),
    range(1 << 62, 1 << 64),
)
"""What writers to a pipe claim: nothing, about 2^31 (sox, arecord), 2^32 bytes (ffmpeg) or more."""
_MOST_CHUNKS = 64
_LARGEST = 0xFFFFFFFF
_LONGEST_FORM = 1024
_NAMES = frozenset(
    b"fmt |data|LIST|fact|bext|JUNK|junk|PEAK|cue |smpl|inst|iXML|id3 |ID3 |_PMX|PAD |acid".split(
        b"|"
    )
)
"""Of chunks that are known to follow others."""


@dataclass(frozen=True, slots=True)
class AudioBytes:
    """Where the audio of a WAV file lies.

    Parameters
    ----------
    claimed
        Bytes of audio by the header.
    there
        Bytes from the beginning of the audio to the end of the file.
    begin
        Where in the file it begins, in bytes; the four bytes before it are `claimed`, but in RF64.
    trailing
        Whether other chunks follow where the claimed audio ends, as they may.
    wide
        Of RF64 where the sizes of 64 bits are: of all behind the first 8 bytes, then `claimed`.
    form
        The chunk that tells how the audio is coded; empty where there is none before it, and of
        RF64.
    padded
        Whether all chunks before the audio have their padding.
    """

    claimed: int
    there: int
    begin: int
    trailing: bool
    wide: int | None = None
    form: bytes = b""
    padded: bool = True

    @property
    def open_ended(self) -> bool:
        """Whether the header does not know how much audio there is."""
        unknown = any(self.claimed in claims for claims in _UNKNOWN)
        if self.claimed == 0 and self.trailing:
            return False
        return (unknown and self.claimed != self.there) or (
            self.claimed < self.there and not self.trailing
        )

    @property
    def cut_short(self) -> bool:
        """Whether the file ends before the audio that its header plainly states."""
        return not self.open_ended and self.claimed > self.there

    @property
    def remark(self) -> str:
        """What is odd about the header, one line; empty where it is right."""
        if not self.open_ended:
            return ""
        return f"its header claims {self.claimed:,} bytes of audio; {self.there:,} were read"


def audio_bytes(handle: IO[bytes], size: int) -> AudioBytes | None:
    """Find the audio of a WAV file of `size` bytes, RF64 too; ``None`` for what is neither."""
    handle.seek(0)
    kind = handle.read(4)
    if kind not in (b"RIFF", b"RF64"):
        return None
    wide = claimed = None
    form, padded, at = b"", True, 12
    for name, length in chunks(handle):
        here = handle.tell()
        padded, at = padded and here == at + 8, here + length + (length & 1)
        if name == b"ds64" and kind == b"RF64" and len(sizes := handle.read(16)) == 16:
            wide, claimed = here, struct.unpack("<8xQ", sizes)[0]
        elif name == b"fmt ":
            form = handle.read(min(length, _LONGEST_FORM))
        elif name == b"data":
            if kind == b"RIFF":
                wide, claimed = None, length
            elif claimed is None:
                return None
            behind = _chunks_follow(handle, here, claimed, size)
            form = b"" if kind == b"RF64" else form
            return AudioBytes(claimed, size - here, here, behind, wide, form, padded)
    return None


def chunks(handle: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield name and length in bytes of a RIFF file's first chunks, the file at each one's content.

    It may be read from in between: the next chunk is found by the length, not by where the file is.
    """
    at = 12
    for _ in range(_MOST_CHUNKS):
        handle.seek(at)
        header = handle.read(8)
        if len(header) < 8:
            return
        name, length = struct.unpack("<4sI", header)
        yield name, length
        at = _behind(handle, at + 8, length)


def _behind(handle: IO[bytes], begin: int, length: int) -> int:
    """Return where the next chunk begins behind one of so many bytes, padded or not."""
    end = begin + length
    if length % 2 == 0 or length > _LARGEST:
        return end + length % 2
    handle.seek(end)
    found = handle.read(5)
    here, there = found[:4], found[1:]
    without = here in _NAMES or (_is_name(here) and not _is_name(there))
    return end if without else end + 1


def _is_name(four: bytes) -> bool:
    return len(four) == 4 and all(32 <= byte < 127 for byte in four)


def _chunks_follow(handle: IO[bytes], begin: int, length: int, size: int) -> bool:
    """Whether what comes behind the claimed audio is another chunk, or too short to be audio."""
    end = _behind(handle, begin, length)
    if size - end < 8:
        return length > 0
    handle.seek(end)
    header = handle.read(8)
    if not _is_name(header[:4]):
        return False
    if length > 0:
        return end + 8 + int.from_bytes(header[4:], "little") <= size + 1
    return _reach_the_end(handle, end, size)


def _reach_the_end(handle: IO[bytes], begin: int, size: int) -> bool:
    """Whether chunks follow each other from `begin` to the very end: there is no audio then."""
    for _ in range(_MOST_CHUNKS):
        handle.seek(begin)
        header = handle.read(8)
        if len(header) < 8 or not _is_name(header[:4]):
            return False
        length = int.from_bytes(header[4:], "little")
        end = begin + 8 + length
        begin = _behind(handle, begin + 8, length)
        if size in (begin, end):
            return True
    return False


class _Readable(io.RawIOBase):
    """What libsndfile reads in the place of a file."""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place in it can be read."""
        return True


class WithRightLength(_Readable):
    """A WAV file whose header says how much audio there is; the file itself is not changed.

    Parameters
    ----------
    handle
        The file, open for reading.
    audio
        Where its audio lies.
    """

    def __init__(self, handle: IO[bytes], audio: AudioBytes) -> None:
        super().__init__()
        self._handle = handle
        everything = audio.begin + audio.there - 8
        if audio.wide is not None:
            self._patches = {audio.wide: struct.pack("<QQ", everything, audio.there)}
            return
        self._patches = {
            4: struct.pack("<I", min(everything, _LARGEST)),
            audio.begin - 4: struct.pack("<I", min(audio.there, _LARGEST)),
        }

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as in any file."""
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in bytes."""
        return self._handle.tell()

    def readinto(self, buffer: Any) -> int:
        """Read what is there, with the two numbers put right."""
        at = self._handle.tell()
        data = bytearray(self._handle.read(len(buffer)))
        for place, patch in self._patches.items():
            for offset, byte in enumerate(patch, place - at):
                if 0 <= offset < len(data):
                    data[offset] = byte
        buffer[: len(data)] = data
        return len(data)


class WithPlainHeader(_Readable):
    """The audio of a WAV file behind a header of two chunks; the file itself is not changed.

    Parameters
    ----------
    handle
        The file, open for reading.
    audio
        Where its audio lies, and its form.
    """

    def __init__(self, handle: IO[bytes], audio: AudioBytes) -> None:
        super().__init__()
        self._handle = handle
        self._begin = audio.begin
        self._length = audio.there if audio.open_ended else min(audio.claimed, audio.there)
        form = audio.form + bytes(len(audio.form) & 1)
        said = min(self._length, _LARGEST - len(form) - 20)
        self._head = b"".join(
            (
                struct.pack("<4sI4s", b"RIFF", 20 + len(form) + said, b"WAVE"),
                struct.pack("<4sI", b"fmt ", len(audio.form)) + form,
                struct.pack("<4sI", b"data", said),
            )
        )
        self._at = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as in any file."""
        size = len(self._head) + self._length
        self._at = max(0, offset + {io.SEEK_CUR: self._at, io.SEEK_END: size}.get(whence, 0))
        return self._at

    def tell(self) -> int:
        """Return the place in bytes."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read of the header, then of the audio."""
        behind = self._at - len(self._head)
        if behind < 0:
            data = self._head[self._at : self._at + len(buffer)]
        else:
            self._handle.seek(self._begin + behind)
            data = self._handle.read(max(0, min(len(buffer), self._length - behind)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
