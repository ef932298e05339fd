"""What a device answers, which may be damaged or a lie: refused in words, and before it is used."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from firmware_bridge.link import Device, MalformedReply
from quantize.foundation.errors import BadInput, CheckFailed


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("protocol", "1"),
        ("protocol", None),
        ("board", ""),
        ("board", "\x1b[2J"),
        ("model", "x" * 200),
        ("model_hash", "none"),
        ("model_hash", "AB" * 32),
        ("frontend_hash", "cd"),
        ("clock_hz", "0"),
        ("clock_hz", "-1"),
        ("clock_hz", "1e6"),
        ("operators", "9999999999999999"),
        ("operators", "\N{SUPERSCRIPT TWO}"),
        ("channels", "0"),
        ("window_frames", "5"),
        ("input_bytes", None),
        ("empty_ticks", "x"),
        ("state_bytes", "-1"),
        ("state_bytes", str((1 << 28) + 1)),
        ("inputs", "32"),
        ("inputs", "16,8"),
        ("inputs", "32,0"),
        ("inputs", "32,\N{SUPERSCRIPT TWO}"),
        ("inputs", "32," * 60 + "1"),
    ],
)
def test_a_banner_that_cannot_be_is_refused(stand_in, spoilt, entry: str, value) -> None:
    with pytest.raises(MalformedReply) as caught:
        spoilt(stand_in(**{entry: value})).open()
    assert caught.value.message.isprintable()
    assert isinstance(caught.value, CheckFailed)


@pytest.mark.parametrize(
    "payload", [b"", b"protocol", b"=1\n", b"a=1\na=1\n", b"\xff\n", b"k%d=1\n" * 9, b"\n" * 900]
)
def test_a_banner_that_is_none_is_refused(stand_in, spoilt, payload: bytes) -> None:
    device = stand_in()
    device.replies[1] = payload
    with pytest.raises(MalformedReply):
        spoilt(device).open()


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def decision(
    end_frame: int,
    label: int,
    sums: tuple[int, ...] = (0, 5, 0, 0),
    *,
    unsure: int = 0,
    probability: int = 20_000,
) -> bytes:
    certain = struct.pack("<IBBH", end_frame, label, unsure, probability)
    return certain + bytes(4) + struct.pack("<4i", *sums)


AUDIO, DECISIONS, WRITE, INFER, READ, PROFILE, TAP, MEMORY, SELF_TEST, TICKS, HEARD = range(3, 14)


def streamed(device: Device) -> Device:
    """Ten frames: decisions at frames 4, 7 and 10."""
    device.reset()
    device._samples, device._frames = 1920, 10
    return device


ZEROS_CRC = zlib.crc32(bytes(32))


def written(device: Device) -> Device:
    device.write_input(bytes(32))
    return device


def inferred(device: Device) -> Device:
    assert written(device).infer() == 5
    return device


@pytest.mark.parametrize(
    ("kind", "payload", "call"),
    [
        (2, b"x", lambda device: device.reset()),
        (AUDIO, b"", lambda device: streamed(device).audio(np.zeros(10, np.int16))),
        (AUDIO, u32(1930, 10, 3), lambda device: streamed(device).audio(np.zeros(10, np.int16))),
        (
            AUDIO,
            u32(1930, 10, 3) + b"\0x",
            lambda device: streamed(device).audio(np.zeros(10, np.int16)),
        ),
        (
            AUDIO,
            u32(1930, 11, 3) + b"\1" + bytes(7),
            lambda device: streamed(device).audio(np.zeros(10, np.int16), rows=True),
        ),
        *(
            (AUDIO, u32(*counts) + b"\0", lambda device: streamed(device).audio(np.zeros(10, "i2")))
            for counts in [(1929, 10, 3), (1930, 11, 3), (1930, 10, 2), (1940, 10, 3), (10, 0, 0)]
        ),
        (DECISIONS, decision(4, 1)[:-1], lambda device: streamed(device).decisions()),
        (DECISIONS, b"", lambda device: streamed(device).decisions()),
        (DECISIONS, b"", lambda device: streamed(device).decisions(2)),
        (DECISIONS, decision(5, 1), lambda device: streamed(device).decisions()),
        (DECISIONS, decision(1, 1), lambda device: streamed(device).decisions()),
        (DECISIONS, decision(4, 2), lambda device: streamed(device).decisions()),
        (DECISIONS, decision(4, 3, (7, 0, 0, 7)), lambda device: streamed(device).decisions()),
        (DECISIONS, decision(4, 1), lambda device: streamed(device).decisions(1)),
        (DECISIONS, decision(13, 1), lambda device: streamed(device).decisions()),
        *(
            (DECISIONS, decision(4, 1, unsure=u, probability=p), lambda d: streamed(d).decisions())
            for u, p in [(1, 12_000), (0, 11_999), (2, 11_999), (0, 32_769)]
        ),
        (DECISIONS, decision(4, 1) * 2, lambda device: streamed(device).decisions()),
        (WRITE, b"x", lambda device: device.write_input(bytes(32))),
        (INFER, b"", lambda device: device.infer()),
        (INFER, u32(1, 2), lambda device: device.infer()),
        (INFER, u32(1, 2, 3, 4), lambda device: device.infer()),
        (INFER, u32(1, 2, 3), lambda device: written(device).infer()),
        (READ, b"abcd", lambda device: inferred(device).read_output()),
        (READ, b"abc", lambda device: device.read_output()),
        (READ, b"abcde", lambda device: device.read_output()),
        (PROFILE, b"", lambda device: device.profile()),
        (PROFILE, u32(1, 2, 3, 4), lambda device: device.profile()),
        (PROFILE, b"\0" * 11, lambda device: device.profile()),
        (TAP, u32(9) + b"abcd", lambda device: device.tap(0, 4, bytes(32))),
        (TAP, u32(ZEROS_CRC) + b"abc", lambda device: device.tap(0, 4, bytes(32))),
        (TAP, b"abc", lambda device: device.tap(0, 4, bytes(32))),
        (MEMORY, u32(1, 1, 64, 1, 1), lambda device: device.memory()),
        (MEMORY, u32(1, 1, 64, 1, 1, 0, 0), lambda device: device.memory()),
        (MEMORY, u32(1, 2, 64, 1, 1, 0), lambda device: device.memory()),
        (MEMORY, u32(1, 1, 65, 1, 1, 0), lambda device: device.memory()),
        (MEMORY, u32(1, 1, 64, 1, 1, 0), lambda device: written(device).memory()),
        (SELF_TEST, b"", lambda device: device.self_test()),
        (SELF_TEST, b"\2", lambda device: device.self_test()),
        (SELF_TEST, b"\1model", lambda device: device.self_test()),
        (TICKS, u32(1, 1, 1), lambda device: device.feature_ticks()),
        (TICKS, u32(1, 1, 0, 2), lambda device: device.feature_ticks()),
        (TICKS, u32(9, 5, 0, 2), lambda device: streamed(device).feature_ticks()),
        (HEARD, u32(1, 0, 1), lambda device: device.heard()),
        (HEARD, u32(*[0] * 11), lambda device: device.heard()),
        (HEARD, u32(1, 0, 0, 1, 0, 0, 0, 0, 0, 0), lambda device: device.heard()),
        (HEARD, u32(9, 0, 0, 0, 1, 0, 0, 0, 0, 0), lambda device: device.heard()),
        (HEARD, u32(9, 0, 9, 0, 0, 0, 2, 0, 3, 0), lambda device: device.heard()),
        (HEARD, u32(9, 0, 9, 0, 0, 0, 2, 0, 1, 0), lambda device: streamed(device).heard()),
    ],
)
def test_replies_that_do_not_fit_are_refused(
    stand_in, spoilt, kind: int, payload: bytes, call: Callable[[Device], object]
) -> None:
    stood_in = stand_in()
    stood_in.replies[WRITE] = b""
    stood_in.replies[INFER] = u32(5, ZEROS_CRC, 7)
    stood_in.replies[kind] = payload
    device = spoilt(stood_in).open()
    with pytest.raises(MalformedReply) as caught:
        call(device)
    assert caught.value.message.isprintable()


def test_decisions_lost_on_the_way_are_noticed(stand_in, spoilt) -> None:
    stood_in = stand_in()
    stood_in.replies[AUDIO] = u32(500, 4, 1) + b"\4"
    stood_in.replies[DECISIONS] = b""
    with pytest.raises(MalformedReply, match="lost decision 0"):
        spoilt(stood_in).open().hear(np.zeros(500, np.int16))


def test_a_broken_stream_must_begin_anew(stand_in, spoilt) -> None:
    stood_in = stand_in()
    stood_in.replies[AUDIO] = u32(11, 0, 0) + b"\0"
    device = spoilt(stood_in).open()
    device.reset()
    with pytest.raises(MalformedReply, match="11 samples"):
        device.audio(np.zeros(10, np.int16))
    with pytest.raises(BadInput, match="reset"):
        device.audio(np.zeros(10, np.int16))
