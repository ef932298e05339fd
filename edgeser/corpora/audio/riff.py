"""WAV headers that say of their audio what is not so: of writers to a pipe, or that were stopped.

A WAV's header states how many bytes of audio follow. Who writes to a pipe does not know yet, and
who is stopped never comes to correct it: such a file is read to its end. One that ends before its
own plain number of bytes is cut short, which is damage.
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
    """

    claimed: int
    there: int
    begin: int
    trailing: bool
    wide: int | None = None

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
    form = handle.read(4)
    if form not in (b"RIFF", b"RF64"):
        return None
    wide = claimed = None
    for name, length in chunks(handle):
        here = handle.tell()
        if name == b"ds64" and form == b"RF64" and len(sizes := handle.read(16)) == 16:
            wide, claimed = here, struct.unpack("<8xQ", sizes)[0]
        elif name == b"data":
            if form == b"RIFF":
                wide, claimed = None, length
            elif claimed is None:
                return None
            behind = _chunks_follow(handle, here, claimed, size)
            return AudioBytes(claimed, size - here, here, behind, wide)
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
        at += 8 + length + (length & 1)


def _chunks_follow(handle: IO[bytes], begin: int, length: int, size: int) -> bool:
    """Whether what comes behind the claimed audio is another chunk, or too short to be audio."""
    end = begin + length + (length & 1)
    if size - end < 8:
        return length > 0
    handle.seek(end)
    header = handle.read(8)
    if not all(32 <= byte < 127 for byte in header[:4]):
        return False
    if length > 0:
        return end + 8 + int.from_bytes(header[4:], "little") <= size + 1
    return _reach_the_end(handle, end, size)


def _reach_the_end(handle: IO[bytes], begin: int, size: int) -> bool:
    """Whether chunks follow each other from `begin` to the very end: there is no audio then."""
    for _ in range(_MOST_CHUNKS):
        handle.seek(begin)
        header = handle.read(8)
        if len(header) < 8 or not all(32 <= byte < 127 for byte in header[:4]):
            return False
        length = int.from_bytes(header[4:], "little")
        begin += 8 + length + (length & 1)
        if size in (begin, begin - (length & 1)):
            return True
    return False


class WithRightLength(io.RawIOBase):
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

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place in it can be read."""
        return True

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
