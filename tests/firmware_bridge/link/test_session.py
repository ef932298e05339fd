"""One exchange: sent again, ended in time, and never the reply to something else."""

from __future__ import annotations

import itertools

import pytest

from firmware_bridge.link import (
    DeviceFlood,
    DeviceGone,
    DeviceRefusal,
    DeviceTimeout,
    MalformedReply,
    Patience,
)
from firmware_bridge.link.frames import Frame, encode_frame

PING = 0x05


@pytest.fixture
def wire(stand_in, spoilt):
    device = stand_in()
    device.replies[PING] = b"pong"
    return spoilt(device)


def sequences(wire) -> list[int]:
    return [request.sequence for request in wire.device.requests]


def test_a_request_is_answered_at_once(wire) -> None:
    assert wire.session().request(PING, b"ping", flags=3) == b"pong"
    (request,) = wire.device.requests
    assert (request.type, request.flags, request.payload) == (PING, 3, b"ping")
    assert wire.clock.now == 0


def test_each_request_has_the_next_number(wire) -> None:
    session = wire.session()
    for _ in range(3):
        session.request(PING)
    first, second, third = sequences(wire)
    assert [(second - first) % 65536, (third - second) % 65536] == [1, 1]


def test_numbers_wrap(wire) -> None:
    session = wire.session()
    session._sequence = 65534
    for _ in range(3):
        assert session.request(PING) == b"pong"
    assert sequences(wire) == [65535, 0, 1]


def test_a_lost_request_is_sent_again_with_its_number(wire) -> None:
    losses = itertools.chain([b"", b""], itertools.repeat(None))
    wire.to_device = lambda data: data if (lost := next(losses)) is None else lost
    assert wire.session().request(PING) == b"pong"
    assert wire.writes == 3
    assert wire.clock.now == 2


def test_a_lost_reply_is_asked_for_with_the_same_number(wire) -> None:
    replies = itertools.chain([[]], itertools.repeat(None))
    wire.to_host = lambda data: [(0.0, data)] if (lost := next(replies)) is None else lost
    assert wire.session().request(PING) == b"pong"
    assert len(set(sequences(wire))) == 1


def test_a_damaged_reply_is_asked_for_at_once(wire) -> None:
    damage = itertools.chain([1], itertools.repeat(0))
    wire.to_host = lambda data: [(0.0, data[:8] + bytes([data[8] ^ next(damage)]) + data[9:])]
    assert wire.session().request(PING) == b"pong"
    assert wire.writes == 2
    assert wire.clock.now == 0


def test_silence_ends_after_the_last_attempt(wire) -> None:
    wire.to_device = lambda data: b""
    with pytest.raises(DeviceTimeout, match="0x05 in 4 s, sent 4 times") as caught:
        wire.session().request(PING)
    assert wire.clock.now == pytest.approx(4)
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_damage_without_end_stops_in_time(wire) -> None:
    wire.to_host = lambda data: [(0.0, b"\0" + b"\x05\x06" + b"\0")]
    with pytest.raises(DeviceTimeout):
        wire.session().request(PING)
    assert wire.clock.now == pytest.approx(4)
    assert wire.writes == 4


def test_the_patience_of_a_request_goes_before_that_of_the_session(wire) -> None:
    wire.to_device = lambda data: b""
    with pytest.raises(DeviceTimeout):
        wire.session().request(PING, patience=Patience(attempt_s=0.5, attempts=1))
    assert wire.clock.now == pytest.approx(0.5)


def reply(frame: Frame, payload: bytes, *, kind: int = 0x80 | PING, offset: int = 0) -> bytes:
    return encode_frame(Frame(kind, 0, (frame.sequence + offset) % 65536, payload))


@pytest.mark.parametrize("others", [{"offset": 1}, {"offset": -1}, {"kind": 0x86}, {"kind": PING}])
def test_replies_to_others_are_passed_over(wire, others) -> None:
    wire.device.replies[PING] = lambda frame: (
        reply(frame, b"wrong", **others) + reply(frame, b"right") + reply(frame, b"again")
    )
    session = wire.session()
    assert session.request(PING) == b"right"
    assert session.request(PING) == b"right"


def test_a_late_reply_is_not_the_next_ones(wire) -> None:
    delays = itertools.chain([10.0, 2.5, 0.0], itertools.repeat(0.5))
    wire.to_host = lambda data: [(next(delays), data)]
    wire.device.replies[PING] = lambda frame: reply(frame, b"%d" % frame.sequence)
    session = wire.session()
    session._sequence = 0
    assert [session.request(PING) for _ in range(20)] == [b"%d" % i for i in range(1, 21)]


@pytest.mark.parametrize(
    "noise",
    [
        b"no\r\n",
        b"no",
        b"\0",
        b"\0\0",
        b"\x05",
        b"\0\x05",
        encode_frame(Frame(0x80 | PING, 0, 0, b"x")),
        encode_frame(Frame(0xFF, 0, 0, b"\1no")),
        bytes(range(256)),
    ],
)
@pytest.mark.parametrize("fast", [False, True])
def test_an_endless_flood_ends_in_an_error(wire, noise: bytes, fast: bool) -> None:
    session = wire.session()
    session._sequence = 77
    wire.to_device = lambda data: b""
    wire.endless = noise * 400 if fast else noise
    with pytest.raises(DeviceFlood if fast else (DeviceFlood, DeviceTimeout)):
        session.request(PING)
    assert wire.clock.now <= 4.01


def test_the_answer_is_found_in_a_flood(wire) -> None:
    wire.to_host = lambda data: [(0.0, b"line\r\n" * 500), (0.1, data)]
    assert wire.session().request(PING) == b"pong"


def test_a_refusal_has_code_and_reason(wire) -> None:
    wire.device.replies[PING] = lambda frame: reply(frame, b"\x03out of range\x1b[2J", kind=0xFF)
    with pytest.raises(DeviceRefusal, match=r"out of range\\x1b\[2J$") as caught:
        wire.session().request(PING)
    assert (caught.value.code, caught.value.exit_code) == (3, 1)


def test_a_refusal_without_a_code_is_malformed(wire) -> None:
    wire.device.replies[PING] = lambda frame: reply(frame, b"", kind=0xFF)
    with pytest.raises(MalformedReply, match="without a reason"):
        wire.session().request(PING)


def test_a_greeting_before_the_first_answer_is_expected(wire) -> None:
    wire.push(b"m-init-done\r\nm-ready\r\n")
    assert wire.session().request(PING) == b"pong"


@pytest.mark.parametrize("before", [b"", b"\0half a fr", b"\0"])
def test_a_restart_ends_the_session(wire, before: bytes) -> None:
    session = wire.session()
    session.request(PING)
    wire.push(before + b"m-init-done\r\nm-ready\r\n")
    with pytest.raises(DeviceGone, match="restarted"):
        session.request(PING)


def test_last_words_are_quoted(wire) -> None:
    session = wire.session()
    session.request(PING)
    wire.to_device = lambda data: b""
    wire.push(b"e-[stack overflow]\r\n")
    with pytest.raises(DeviceTimeout) as caught:
        session.request(PING)
    assert caught.value.hint == "the device said: e-[stack overflow]"


@pytest.mark.parametrize("values", [{"attempt_s": 0}, {"attempts": 0}, {"most_bytes": 0}])
def test_patience_is_of_something(values) -> None:
    with pytest.raises(ValueError, match="nothing"):
        Patience(**values)
