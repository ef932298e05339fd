from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.link import cobs
from firmware_bridge.link.frames import (
    MOST_PAYLOAD,
    Damaged,
    DamagedFrame,
    Decoder,
    Frame,
    Line,
    decode_frame,
    encode_frame,
)

bytes_ = st.integers(0, 255)
frames = st.builds(
    Frame, bytes_, bytes_, st.integers(0, 65535), st.binary(max_size=40) | st.binary(min_size=500)
).filter(lambda frame: len(frame.payload) <= MOST_PAYLOAD)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60)
FRAME = Frame(0x83, 1, 0x1234, bytes(range(40)))


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


@given(frames)
def test_round_trip(frame: Frame) -> None:
    encoded = encode_frame(frame)
    assert encoded[0] == encoded[-1] == 0
    assert decode_frame(encoded[1:-1]) == frame


@given(st.lists(frames | texts.map(Line), max_size=6), st.lists(st.integers(0, 300), max_size=9))
def test_frames_and_lines_come_apart_however_they_are_cut(events, sizes: list[int]) -> None:
    data = b"".join(
        event.text.encode() + b"\r\n" if isinstance(event, Line) else encode_frame(event)
        for event in events
    )
    decoder = Decoder()
    got = [event for piece in cut(data, sizes) for event in decoder.feed(piece)]
    assert got == events


@given(st.binary(max_size=4000), st.lists(st.integers(0, 700), max_size=5))
def test_noise_is_bounded_and_the_next_frame_is_found(noise: bytes, sizes: list[int]) -> None:
    decoder = Decoder()
    for piece in cut(noise, sizes):
        for event in decoder.feed(piece):
            assert not isinstance(event, Frame)
            assert not isinstance(event, Line) or (event.text.isprintable() and event.text)
    assert decoder.feed(b"\0" + encode_frame(FRAME))[-1] == FRAME


def test_every_flipped_bit_costs_this_frame_and_no_other() -> None:
    whole = encode_frame(FRAME)
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        next_frame = Frame(1, 0, 7, b"next")
        events = Decoder().feed(bytes(data) + encode_frame(next_frame))
        found = [event for event in events if isinstance(event, Frame)]
        delimiter = bit < 8 or bit >= 8 * (len(whole) - 1)
        assert next_frame in found or delimiter
        assert all(frame in (FRAME, next_frame) for frame in found)
        if not delimiter:
            assert FRAME not in found


def test_a_lost_delimiter_costs_nothing_when_the_next_frame_brings_one() -> None:
    second = Frame(1, 0, 7, b"second")
    assert [
        event
        for event in Decoder().feed(encode_frame(FRAME)[1:] + encode_frame(second))
        if isinstance(event, Frame)
    ] == [FRAME, second]
    joined = encode_frame(FRAME)[:-1] + encode_frame(second)
    assert Decoder().feed(joined) == [FRAME, second]


def test_a_restart_within_a_frame_is_seen_as_damage() -> None:
    data = encode_frame(FRAME)[:20] + b"m-init-done\r\nm-ready\r\n" + encode_frame(FRAME)
    damaged, frame = Decoder().feed(data)
    assert isinstance(damaged, Damaged)
    assert b"m-init-done" in damaged.data
    assert frame == FRAME


def test_lines_are_printable_and_short() -> None:
    decoder = Decoder()
    events = decoder.feed(b"good\nb\x07d\r\n\r\nx" + b"y" * 600 + b"\r\n\x80\r\nm-ready\r\n")
    assert events == [Line("good"), Line("m-ready")]


def test_reset_ends_a_frame_that_has_begun() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\0never ends") == []
    decoder.reset()
    assert decoder.feed(b"m-ready\r\n") == [Line("m-ready")]


def test_an_endless_frame_is_let_go() -> None:
    decoder = Decoder()
    events = [event for _ in range(3) for event in decoder.feed(b"\0" + b"\x05" * 100_000)]
    assert all(isinstance(event, Damaged) and len(event.data) < 1100 for event in events)
    assert len(events) == 3


def sealed(content: bytes) -> bytes:
    return cobs.encode(content + struct.pack("<I", zlib.crc32(content)))


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (b"", "nothing"),
        (b"\x05\x01", "ends early"),
        (b"\x01" * 9, "8 bytes"),
        (sealed(struct.pack("<BBHH", 1, 0, 1, 5) + b"four"), "says 5 bytes and carries 4"),
        (sealed(struct.pack("<BBHH", 1, 0, 1, 0) + b"x"), "says 0 bytes and carries 1"),
        (sealed(struct.pack("<BBHH", 1, 0, 1, 1025) + bytes(1025)), "no frame"),
        (b"\x02\x07" * 600, "longer"),
        (encode_frame(FRAME)[1:-2] + b"\x01", "checksum"),
    ],
)
def test_what_is_no_frame_is_refused_with_the_reason(encoded: bytes, reason: str) -> None:
    with pytest.raises(DamagedFrame, match=reason):
        decode_frame(encoded)


@pytest.mark.parametrize(
    "frame",
    [
        Frame(256, 0, 0, b""),
        Frame(0, -1, 0, b""),
        Frame(0, 0, 65536, b""),
        Frame(1, 0, 0, bytes(1025)),
    ],
)
def test_what_does_not_fit_a_frame_is_not_sent(frame: Frame) -> None:
    with pytest.raises(ValueError, match="fit"):
        encode_frame(frame)
