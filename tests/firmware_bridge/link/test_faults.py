"""A bad line between host and the real application: recovery or a typed error, no wrong value."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.link import (
    Device,
    DeviceError,
    DeviceGone,
    DeviceTimeout,
    MalformedReply,
    Patience,
)
from firmware_bridge.link.frames import Decoder, Frame
from firmware_bridge.link.replies import MemoryUse
from firmware_bridge.link.requests import Request

COMMANDS = {
    Request.BANNER: (b"", 0),
    Request.RESET: (b"", 0),
    Request.AUDIO: (struct.pack("<160h", *range(0, 16000, 100)), 3),
    Request.DECISIONS: (struct.pack("<I", 0), 0),
    Request.WRITE: (struct.pack("<I", 4) + b"\0\1\2\0\xff", 0),
    Request.INFER: (b"", 1),
    Request.READ: (struct.pack("<IH", 0, 4), 0),
    Request.PROFILE: (struct.pack("<I", 0), 0),
    Request.TAP: (struct.pack("<IIH", 1, 0, 4), 0),
    Request.MEMORY: (b"", 0),
    Request.SELF_TEST: (b"", 0),
    Request.FEATURE_TICKS: (b"", 0),
    Request.HEARD: (b"", 0),
}
SAMPLES = (np.random.default_rng(11).normal(0, 4000, 2500)).astype(np.int16)
INPUT = (np.arange(32) * 37 % 120 - 50).astype(np.int8)


def flip(data: bytes, bit: int) -> bytes:
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


class Truth:
    """What the device really answered, by sequence number: the last frames before the line."""

    def __init__(self) -> None:
        self.payloads: dict[int, set[bytes]] = {}

    def hear(self, data: bytes) -> None:
        for event in Decoder().feed(data):
            if isinstance(event, Frame):
                self.payloads.setdefault(event.sequence, set()).add(event.payload)


@pytest.mark.parametrize("command", list(COMMANDS), ids=lambda command: command.name)
@pytest.mark.parametrize("direction", ["to_device", "to_host"])
def test_every_flipped_bit_of_every_command(wire, command: Request, direction: str) -> None:
    payload, flags = COMMANDS[command]
    session = wire.session()
    session.request(Request.RESET)
    session.request(Request.INFER, flags=1)
    session.request(Request.AUDIO, bytes(2 * 480))  # from here on each hop completes a frame
    bit, bits, audio_taken = 0, 1, 480
    writes = wire.writes
    while bit < bits:
        truth = Truth()
        flips = [bit]

        def spoil(data: bytes, flips: list[int] = flips) -> bytes:
            nonlocal bits
            bits = max(bits, 8 * len(data))
            return flip(data, flips.pop()) if flips and flips[0] < 8 * len(data) else data

        def to_host(
            data: bytes, truth: Truth = truth, spoil: Callable[[bytes], bytes] = spoil
        ) -> list[tuple[float, bytes]]:
            truth.hear(data)
            return [(0.0, spoil(data) if direction == "to_host" else data)]

        wire.to_host = to_host
        if direction == "to_device":
            wire.to_device = spoil
        start = wire.clock.now
        answer = session.request(command, payload, flags=flags)
        assert truth.payloads[session._sequence] == {answer}, f"bit {bit}"
        assert wire.clock.now - start <= 2, "sent again once"
        if command is Request.AUDIO:
            audio_taken += 160
            assert struct.unpack_from("<I", answer) == (audio_taken,), "taken once"
        bit += 1
    assert bits >= 8 * 13, "as long as the shortest frame"
    delimiters = 3 if direction == "to_device" else 2
    assert wire.writes - writes >= 2 * bits - 8 * delimiters, "nearly every flip did damage"


def run_everything(wire, patience: Patience | None = None) -> tuple[object, ...]:
    """A run of all kinds of commands; what it returns depends on nothing but them."""
    device = Device(wire.session(patience) if patience else wire.session())
    _, decisions = device.hear(SAMPLES, chunk=300)
    device.write_input(INPUT)
    device.infer(profile=True)
    output = device.read_output().tolist()
    tapped = device.tap(0, 32, INPUT).tolist()
    return device.banner, decisions, output, tapped, device.self_test(), device.memory()


def chaos(wire, seed: int, rate: float) -> None:
    """Drop, flip, cut, double, delay, interleave: all messages, both ways, at the given rate."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def spoil(data: bytes) -> bytes:
        if draw.random() >= rate:
            return data
        match draw.randrange(7):
            case 0:
                return b""
            case 1:
                return flip(data, draw.randrange(8 * len(data)))
            case 2:
                return data + data
            case 3:
                return data[: draw.randrange(len(data))]
            case 4:
                return data[draw.randrange(len(data)) :]
            case 5:
                return draw.randbytes(draw.randrange(1, 30)) + data
            case _:
                at = draw.randrange(len(data))
                return data[:at] + draw.randbytes(3) + data[at:]

    def to_host(data: bytes) -> list[tuple[float, bytes]]:
        pieces = [(draw.choice([0.0, 0.9, 1.5, 3.0]) if draw.random() < rate else 0.0, spoil(data))]
        if draw.random() < rate:
            pieces.append((draw.choice([0.0, 2.0, 9.0]), data))
        return pieces

    wire.to_device, wire.to_host = spoil, to_host


@given(seed=st.integers(0, 1 << 32), rate=st.sampled_from([0.02, 0.1, 0.3, 0.6]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chaos_ends_in_the_truth_or_in_a_typed_error(wire, seed: int, rate: float) -> None:
    wire.repair()
    wire.queue.clear()
    wire.device.send(b"\0\0")
    expected = run_everything(wire)
    chaos(wire, seed, rate)
    start, writes = wire.clock.now, wire.writes
    try:
        assert run_everything(wire) == expected
    except DeviceError as error:
        assert error.exit_code in (1, 3)
        assert error.message.isprintable()
    assert wire.clock.now - start <= 4.0 * (wire.writes - writes)


def test_a_line_that_loses_a_tenth_still_works(wire) -> None:
    expected = run_everything(wire)
    for seed in range(10):
        chaos(wire, seed, 0.1)
        assert run_everything(wire, Patience(attempt_s=4.0, attempts=12)) == expected


def test_death_in_the_middle_is_an_error(new_wire) -> None:
    device = new_wire.open()
    device.write_input(INPUT)
    new_wire.device.process.kill()
    new_wire.device.process.wait()
    with pytest.raises(DeviceGone):
        device.infer()


@pytest.mark.parametrize("half_a_reply", [b"", b"\0\x07\x86\x01"])
def test_a_restart_before_an_inference_gives_no_figure(new_wire, half_a_reply: bytes) -> None:
    device = new_wire.open()
    device.write_input(INPUT)
    new_wire.push(half_a_reply + new_wire.device.restart())
    with pytest.raises(DeviceGone, match="restarted"):
        device.infer()


def ran(device: Device) -> list[int]:
    device.write_input(INPUT)
    device.infer()
    return device.read_output().tolist()


def tapped(device: Device) -> list[int]:
    return device.tap(0, 32, INPUT).tolist()


def used(device: Device) -> MemoryUse:
    device.write_input(INPUT)
    return device.memory()


@pytest.mark.parametrize(("call", "requests"), [(ran, 3), (tapped, 2), (used, 2)])
def test_a_restart_whose_greeting_is_lost_gives_no_figure(new_wire, call, requests: int) -> None:
    device = new_wire.open()
    right = call(device)
    for restart_before in range(requests):
        numbers = itertools.count()

        def to_device(data: bytes, numbers=numbers, restart_before=restart_before) -> bytes:
            if next(numbers) == restart_before:
                new_wire.device.restart()
            return data

        new_wire.to_device = to_device
        if restart_before == 0:
            assert call(device) == right
            continue
        with pytest.raises(MalformedReply) as caught:
            call(device)
        assert "restarted" in caught.value.hint


def test_a_restart_within_a_stream_gives_no_decision(new_wire) -> None:
    device = new_wire.open()
    device.reset()
    device.audio(SAMPLES[:300])
    new_wire.device.restart()
    with pytest.raises(DeviceError, match="counts 300 samples"):
        device.audio(SAMPLES[300:600])


def test_a_restart_before_decisions_are_asked_for_gives_none(new_wire) -> None:
    device = new_wire.open()
    device.reset()
    assert list(device.stream(SAMPLES))[-1].decisions > 0
    new_wire.device.restart()
    with pytest.raises(MalformedReply, match="lost decision 0"):
        device.decisions()


def test_a_hang_ends_in_time(wire) -> None:
    device = wire.open()
    wire.to_device = lambda data: b""
    start = wire.clock.now
    with pytest.raises(DeviceTimeout):
        device.infer()
    assert wire.clock.now - start == pytest.approx(4)


def test_a_reply_that_comes_after_the_error_is_not_the_next_one(wire) -> None:
    device = wire.open()
    device.write_input(INPUT)
    device.infer()
    right = device.read_output().tolist()
    wire.to_host = lambda data: [(5.0, data)]
    with pytest.raises(DeviceTimeout):
        device.infer()
    wire.repair()
    assert device.memory().arena_bytes == device.banner.arena_bytes
    device.write_input(INPUT)
    device.infer()
    assert device.read_output().tolist() == right
