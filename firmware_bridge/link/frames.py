"""Frames on the wire, and what separates them from lines of text.

A frame is ``00 COBS(content) 00``, its content: type u8, flags u8, sequence u16, length u16,
payload, CRC-32 of all before it (that of zlib); little-endian. Text never holds a zero.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from firmware_bridge.link import cobs

MOST_PAYLOAD = 1024
"""Bytes of payload that a frame may carry."""

_HEADER = struct.Struct("<BBHH")
_CRC = struct.Struct("<I")
_MOST_CONTENT = _HEADER.size + MOST_PAYLOAD + _CRC.size
_MOST_ENCODED = _MOST_CONTENT + 1 + _MOST_CONTENT // 254
_MOST_LINE = 512
_DELIMITER = 0


class DamagedFrame(ValueError):
    """The bytes between two zeros are not a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A request or a reply.

    Parameters
    ----------
    type
        What it is, 0 to 255; replies have the highest bit set.
    flags
        Options of the request, 0 to 255.
    sequence
        Number of the request, 0 to 65535; a reply has that of its request.
    payload
        At most `MOST_PAYLOAD` bytes.
    """

    type: int
    flags: int
    sequence: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """What came instead of a whole frame."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A line of printable text, without its end."""

    text: str


Event = Frame | Line | Damaged


def encode_frame(frame: Frame) -> bytes:
    """Return the frame as it goes over the wire, delimiters included.

    Raises
    ------
    ValueError
        When the payload is too long or a number does not fit.
    """
    if len(frame.payload) > MOST_PAYLOAD:
        raise ValueError(f"{len(frame.payload)} bytes of payload; {MOST_PAYLOAD} fit a frame")
    try:
        header = _HEADER.pack(frame.type, frame.flags, frame.sequence, len(frame.payload))
    except struct.error as error:
        raise ValueError(f"a number does not fit the frame: {error}") from error
    content = header + frame.payload
    return b"\0" + cobs.encode(content + _CRC.pack(zlib.crc32(content))) + b"\0"


def decode_frame(encoded: bytes) -> Frame:
    """Read what stood between two zeros.

    Raises
    ------
    DamagedFrame
        When it is too long, not COBS, too short, of another length than it says, or its checksum
        does not agree.
    """
    if len(encoded) > _MOST_ENCODED:
        raise DamagedFrame("longer than any frame")
    try:
        content = cobs.decode(encoded)
    except cobs.NotCobs as error:
        raise DamagedFrame(str(error)) from error
    if not _HEADER.size + _CRC.size <= len(content) <= _MOST_CONTENT:
        raise DamagedFrame(f"{len(content)} bytes are no frame")
    (checksum,) = _CRC.unpack_from(content, len(content) - _CRC.size)
    if zlib.crc32(content[: -_CRC.size]) != checksum:
        raise DamagedFrame("the checksum does not agree")
    kind, flags, sequence, length = _HEADER.unpack_from(content)
    payload = content[_HEADER.size : -_CRC.size]
    if length != len(payload):
        raise DamagedFrame(f"the frame says {length} bytes and carries {len(payload)}")
    return Frame(kind, flags, sequence, payload)


class Decoder:
    """Separates a stream of bytes into frames and lines; never holds more than one frame.

    Whatever stands between two zeros is tried as a frame, so one lost or invented zero costs one
    frame at most. Text is believed only where no frame may be open.
    """

    __slots__ = ("_chunk", "_in_frame", "_line", "_line_good", "_overflow")

    def __init__(self) -> None:
        self._chunk = bytearray()
        self.reset()

    def reset(self) -> None:
        """Forget what has begun; text comes next."""
        self._chunk.clear()
        self._overflow = False
        self._in_frame = False
        self._line = bytearray()
        self._line_good = True

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; return what they complete, in order."""
        events: list[Event] = []
        start = 0
        while start < len(data):
            delimiter = data.find(_DELIMITER, start)
            end = len(data) if delimiter < 0 else delimiter
            self._take(data[start:end], events)
            if delimiter >= 0:
                self._take_delimiter(events)
            start = end + 1
        return events

    def _take(self, data: bytes, events: list[Event]) -> None:
        self._chunk += data[: _MOST_ENCODED + 1 - len(self._chunk)]
        self._overflow = self._overflow or len(self._chunk) > _MOST_ENCODED
        if self._in_frame and self._overflow:
            self._in_frame = False
            events.append(Damaged(bytes(self._chunk)))
        elif not self._in_frame:
            self._take_text(data, events)

    def _take_text(self, data: bytes, events: list[Event]) -> None:
        for byte in data:
            if byte == ord("\n"):
                if self._line_good and self._line:
                    events.append(Line(self._line.decode("ascii")))
                self._line.clear()
                self._line_good = True
            elif ord(" ") <= byte <= ord("~") and len(self._line) < _MOST_LINE:
                self._line.append(byte)
            elif byte != ord("\r"):
                self._line_good = False

    def _take_delimiter(self, events: list[Event]) -> None:
        was_in_frame = self._in_frame
        chunk = bytes(self._chunk)
        overflow = self._overflow
        self.reset()
        self._in_frame = True
        if not chunk:
            return
        if not overflow:
            try:
                events.append(decode_frame(chunk))
            except DamagedFrame:
                pass
            else:
                self._in_frame = False
                return
        if was_in_frame:
            events.append(Damaged(chunk))
