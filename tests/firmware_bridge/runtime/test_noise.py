"""Damaged, cut, endless and hostile bytes: the device goes on."""

from __future__ import annotations

import time

import numpy as np
import pytest

from firmware_bridge.link.frames import Frame, encode_frame

BANNER, WRITE = 1, 5
REQUEST = encode_frame(Frame(WRITE, 0, 7, bytes(4) + b"\x01\x02\x00\x03"))


def resynchronise(device) -> None:
    """Whatever was begun ends at a zero; the answer to a banner shows that all is well."""
    device.transport.write(b"\0\0" + encode_frame(Frame(BANNER, 0, 99, b"")))
    data = device.until(lambda got: got.endswith(b"\0") and b"protocol=2" in got)
    assert b"model=hand-made" in data


def test_every_flipped_bit_of_a_frame_is_noticed(host_device) -> None:
    damaged = b""
    for bit in range(8, 8 * (len(REQUEST) - 1)):
        data = bytearray(REQUEST)
        data[bit // 8] ^= 1 << bit % 8
        damaged += bytes(data) + b"\0\0"
    host_device.transport.write(damaged)
    resynchronise(host_device)
    assert host_device.command("db print 4 0")[0] == "m-buffer-00-00-00-00"


def test_every_cut_of_a_frame_is_noticed(host_device) -> None:
    for length in range(1, len(REQUEST) - 1):
        host_device.transport.write(REQUEST[:length] + b"\0\0")
    resynchronise(host_device)
    assert host_device.command("db print 4 0")[0] == "m-buffer-00-00-00-00"


def test_whole_frame_after_a_lost_delimiter_is_heard(host_device) -> None:
    for before in (
        b"",
        b"\0",
        b"\0\0",
        b"\0\0\0",
        b"junk",
        b"\0junk",
        b"\0junk\0",
        b"%",
        b"x" * 5000,
    ):
        host_device.transport.write(before)
        resynchronise(host_device)


def test_text_before_a_frame_is_dropped(host_device) -> None:
    host_device.transport.write(b"na" + REQUEST)
    assert host_device.reply().sequence == 7
    assert host_device.command("name") == ["m-name-dut-[host]"]


@pytest.mark.parametrize("length", [1034, 1045, 5000])
def test_endless_frame_is_dropped(host_device, length: int) -> None:
    host_device.transport.write(b"\0" + b"\x05" * length + b"\0")
    resynchronise(host_device)


def test_text_is_heard_again_after_a_stray_zero_and_a_pause(host_device) -> None:
    host_device.transport.write(b"\0")
    time.sleep(1.2)
    assert host_device.command("name") == ["m-name-dut-[host]"]


@pytest.mark.parametrize("seed", range(8))
def test_noise_does_no_harm(host_device, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        noise = rng.integers(0, 256, int(rng.integers(1, 3000)))
        if seed % 2:
            noise = np.where(rng.random(noise.size) < 0.1, rng.choice([0, 37], noise.size), noise)
        host_device.transport.write(noise.astype(np.uint8).tobytes())
    resynchronise(host_device)
    output, _ = host_device.infer(bytes(32))
    assert output == bytes([206] * 4)


def test_noise_in_frames_that_are_whole_does_no_harm(host_device) -> None:
    rng = np.random.default_rng(9)
    for sequence in range(1000):
        kind = int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 200]))
        payload = rng.integers(0, 256, int(rng.choice([0, 1, 4, 6, 10, 320]))).astype(np.uint8)
        if payload.size in (4, 6, 10) and rng.random() < 0.7:
            payload[1:4] = 0
        if kind in (WRITE, 6, 9):
            payload = payload[:0]
        flags = int(rng.integers(0, 256))
        host_device.transport.write(encode_frame(Frame(kind, flags, sequence, payload.tobytes())))
        assert host_device.reply().sequence == sequence
