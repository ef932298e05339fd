"""The framed protocol, request by request."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.boards import HOST
from firmware_bridge.certainty import Certainty
from firmware_bridge.emulator import build_firmware, running_on_host
from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.link.frames import Frame, decode_frame, encode_frame
from firmware_bridge.project import ModelSources, write_project

BANNER, RESET, AUDIO, DECISIONS, WRITE, INFER, READ, PROFILE, TAP, MEMORY, SELF_TEST, TICKS = range(
    1, 13
)
UNKNOWN, BAD_LENGTH, OUT_OF_RANGE, NO_FRONTEND, TOO_LONG, NO_PROFILE, TIMER_TOO_SHORT = range(1, 8)
DATA = bytes((37 * i + 11) % 256 for i in range(32))


def hand_made(data: bytes) -> bytes:
    values = np.frombuffer(data, np.int8).astype(np.int32)
    sums = np.clip(np.maximum(values, 0).reshape(4, 8).sum(1) - 100, -128, 127)
    return np.trunc(sums / 2).astype(np.int8).tobytes()


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def test_banner_says_what_runs(
    host_device, small_frontend: FrontendConfig, certainty: Certainty
) -> None:
    banner = host_device.banner()
    assert banner.pop("compiler")
    assert int(banner.pop("empty_ticks")) < 1000
    assert banner == {
        "protocol": "2", "board": "host", "clock_hz": "25000000", "model": "hand-made",
        "model_hash": "00112233445566778899aabbccddeeff" * 2,
        "frontend_hash": small_frontend.hash, "sample_rate": "16000", "hop_samples": "160",
        "window_frames": "4", "stream_hop_frames": "3", "smoothing": "2",
        "certainty_multiplier": str(certainty.multiplier), "unsure_below": "12000", "channels": "4",
        "planes": "2", "input_bytes": "32", "output_bytes": "4", "operators": "3",
            "unread_bytes": "0",
        "arena_bytes": "64",
    }  # fmt: skip


def test_inference_gives_the_models_output(host_device) -> None:
    output, _ = host_device.infer(DATA)
    assert output == hand_made(DATA)


def test_inference_says_which_input_it_had_and_which_output(host_device) -> None:
    for data in (bytes(32), DATA):
        host_device.request(WRITE, u32(0) + data)
        payload = host_device.request(INFER)
        output = host_device.request(READ, struct.pack("<IH", 0, 4))
        assert payload[4:] == u32(zlib.crc32(data), zlib.crc32(output))


def test_input_comes_in_pieces_and_is_kept(host_device) -> None:
    for offset in range(0, 32, 5):
        host_device.request(WRITE, u32(offset) + DATA[offset : offset + 5])
    for _ in range(3):
        host_device.request(INFER)
        assert host_device.request(READ, struct.pack("<IH", 0, 4)) == hand_made(DATA)
    assert host_device.request(READ, struct.pack("<IH", 1, 2)) == hand_made(DATA)[1:3]


def test_profile_covers_every_operator(host_device) -> None:
    assert host_device.refused(PROFILE, u32(0)) == NO_PROFILE
    host_device.infer(DATA)
    assert host_device.refused(PROFILE, u32(0)) == NO_PROFILE
    output, ticks = host_device.infer(DATA, flags=1)
    assert output == hand_made(DATA)
    each = struct.unpack("<3I", host_device.request(PROFILE, u32(0)))
    assert sum(each) <= ticks
    assert host_device.request(PROFILE, u32(2)) == u32(each[2])
    assert host_device.request(PROFILE, u32(3)) == b""
    assert host_device.refused(PROFILE, u32(4)) == OUT_OF_RANGE


def test_inference_that_the_timer_cannot_hold_is_refused(
    tmp_path: Path, hand_made_model: ModelSources
) -> None:
    """On a clock that runs ten thousand million times too fast."""
    (clock,) = HOST.files
    text = clock.read_text().replace("nanoseconds() / 1000u;", "nanoseconds() * 10000000u;")
    assert text != clock.read_text()
    (tmp_path / "port.c").write_text(text)
    board = dataclasses.replace(HOST, files=(tmp_path / "port.c",))
    write_project(tmp_path / "project", board=board, model=hand_made_model)
    firmware = build_firmware(tmp_path / "project", board)
    with running_on_host(firmware.elf) as transport:
        for sequence, kind in enumerate([INFER, PROFILE]):
            transport.write(encode_frame(Frame(kind, 1, sequence, bytes(4))))
        seen = b""
        while seen.count(b"\0") < 4:
            seen += transport.read(4096, 1.0)
    replies = [decode_frame(part) for part in seen.split(b"\0")[1::2]]
    assert [(reply.type, reply.payload[0]) for reply in replies] == [
        (0xFF, TIMER_TOO_SHORT),
        (0xFF, NO_PROFILE),
    ]


def test_tap_shows_every_operators_output(host_device) -> None:
    host_device.request(WRITE, u32(0) + DATA)
    relu = np.maximum(np.frombuffer(DATA, np.int8), 0)
    crc = u32(zlib.crc32(DATA))
    assert host_device.request(TAP, struct.pack("<IIH", 0, 0, 32)) == crc + relu.tobytes()
    assert host_device.request(TAP, struct.pack("<IIH", 0, 30, 2)) == crc + relu.tobytes()[30:]
    sums = np.clip(relu.reshape(4, 8).astype(int).sum(1) - 100, -128, 127).astype(np.int8)
    assert host_device.request(TAP, struct.pack("<IIH", 1, 0, 4)) == crc + sums.tobytes()
    assert host_device.request(TAP, struct.pack("<IIH", 2, 0, 4)) == crc + hand_made(DATA)


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        (0, b"", UNKNOWN), (16, b"", UNKNOWN), (0x7F, b"", UNKNOWN), (0x81, b"", UNKNOWN),
        (0xFF, b"", UNKNOWN),
        (WRITE, b"", BAD_LENGTH), (WRITE, u32(0) + bytes(33), OUT_OF_RANGE),
        (WRITE, u32(32) + b"x", OUT_OF_RANGE), (WRITE, u32(0xFFFFFFFF) + b"x", OUT_OF_RANGE),
        (READ, b"", BAD_LENGTH), (READ, struct.pack("<IH", 0, 5), OUT_OF_RANGE),
        (READ, struct.pack("<IH", 0xFFFFFFFF, 1), OUT_OF_RANGE),
        (PROFILE, b"", BAD_LENGTH), (DECISIONS, b"", BAD_LENGTH),
        (TAP, b"", BAD_LENGTH), (TAP, struct.pack("<IIH", 3, 0, 1), OUT_OF_RANGE),
        (TAP, struct.pack("<IIH", 0, 32, 1), OUT_OF_RANGE),
        (TAP, struct.pack("<IIH", 0, 0xFFFFFFFF, 2), OUT_OF_RANGE),
        (TAP, struct.pack("<IIH", 0, 0, 1021), TOO_LONG),
        (AUDIO, b"x", BAD_LENGTH), (AUDIO, bytes(1025)[:1023], BAD_LENGTH),
    ],
)  # fmt: skip
def test_bad_requests_are_refused_with_their_reason(
    host_device, kind: int, payload: bytes, code: int
) -> None:
    assert host_device.refused(kind, payload) == code
    assert host_device.banner()["protocol"] == "2"


def test_self_test_passes_and_says_what_it_did(host_device) -> None:
    payload = host_device.request(SELF_TEST)
    assert payload[0] == 1
    assert payload[1:].decode().split() == ["constants=ok", "model=ok", "canaries=ok"]


def test_memory_is_what_was_generated(host_device, small_frontend_sources) -> None:
    host_device.request(WRITE, u32(0) + DATA)
    memory = struct.unpack("<6I", host_device.request(MEMORY))
    sources = small_frontend_sources
    assert memory[2:] == (64, sources.table_bytes, sources.work_bytes, zlib.crc32(DATA))


def stream(device, samples: np.ndarray, piece: int, flags: int) -> tuple[list[bytes], int]:
    """Return the frames' bytes and the number of decisions."""
    device.request(RESET)
    frames: list[bytes] = []
    decisions = 0
    for start in range(0, samples.size, piece):
        chunk = samples[start : start + piece]
        payload = device.request(AUDIO, chunk.astype("<i2").tobytes(), flags=flags)
        taken, total, decisions, here = struct.unpack_from("<IIIB", payload)
        assert taken == start + chunk.size
        body = payload[13:]
        if here:
            size = len(body) // here
            frames += [body[i * size : (i + 1) * size] for i in range(here)]
        assert total == len(frames)
    return frames, decisions


@pytest.mark.parametrize("piece", [1, 77, 160, 480, 512])
def test_audio_gives_the_features_of_the_host(
    host_device, small_frontend: FrontendConfig, piece: int
) -> None:
    rng = np.random.default_rng(piece)
    samples = rng.integers(-20_000, 20_000, 3000 if piece > 1 else 700).astype(np.int16)
    frames, _ = stream(host_device, samples, piece, flags=3)
    features = compute_features(samples, small_frontend)
    rows = quantise_features(features, small_frontend)
    expected = [
        amplitude.tobytes() + phase.tobytes() + row.tobytes()
        for amplitude, phase, row in zip(features.amplitude, features.phase, rows, strict=True)
    ]
    assert frames == expected


@pytest.mark.parametrize("piece", [100, 160, 511])
def test_decisions_are_those_of_the_definition(
    host_device, small_frontend: FrontendConfig, certainty: Certainty, piece: int
) -> None:
    samples = np.random.default_rng(3).integers(-9000, 9000, 9000).astype(np.int16)
    samples[4000:6000] //= 100
    rows = quantise_features(compute_features(samples, small_frontend), small_frontend)
    _, count = stream(host_device, samples, piece, flags=0)
    ends = range(4, len(rows) + 1, 3)
    assert count == len(ends)
    logits = [np.frombuffer(hand_made(rows[end - 4 : end].tobytes()), np.int8) for end in ends]
    expected, unsure = b"", 0
    for number, end in enumerate(ends):
        sums = sum(x.astype(np.int32) for x in logits[max(0, number - 1) : number + 1])
        label = int(np.argmax(sums))
        probability = int(certainty.probabilities(sums, min(number + 1, 2))[label])
        unsure += probability < 12_000
        expected += struct.pack("<IBBH", end, label, probability < 12_000, probability)
        expected += logits[number].tobytes() + sums.astype("<i4").tobytes()
    assert 0 < unsure < count
    size = 8 + 5 * 4
    kept = expected[max(0, count - 16) * size :]
    assert host_device.request(DECISIONS, u32(0)) == kept
    assert host_device.request(DECISIONS, u32(count - 2)) == kept[-2 * size :]
    assert host_device.request(DECISIONS, u32(count)) == b""


def test_reset_forgets_the_stream(host_device) -> None:
    samples = np.random.default_rng(4).integers(-9000, 9000, 4000).astype(np.int16)
    first = stream(host_device, samples, 160, flags=3)
    assert stream(host_device, samples, 160, flags=3) == first
    host_device.request(RESET)
    assert host_device.request(DECISIONS, u32(0)) == b""
    assert host_device.request(TICKS) == u32(0, 0, 0, 0)


def test_ticks_of_the_frontend_add_up(host_device) -> None:
    stream(host_device, np.zeros(4000, np.int16), 160, flags=0)
    frames, low, high, largest = struct.unpack("<4I", host_device.request(TICKS))
    assert frames == 1 + (4000 - 480) // 160
    assert low + (high << 32) >= largest


def test_audio_whose_reply_would_not_fit_is_left_alone(
    build_hand_made, small_frontend: FrontendConfig
) -> None:
    """A hop of 8 samples: 512 samples give more frames than fit a reply."""
    config = dataclasses.replace(small_frontend, hop_ms=0.5)
    firmware = build_hand_made(HOST, frontend=emit_frontend(config, window_frames=4))
    zeros = bytes(960)
    with running_on_host(firmware.elf) as transport:
        for sequence, (flags, data) in enumerate([(0, zeros), (3, zeros), (1, zeros), (2, zeros)]):
            transport.write(encode_frame(Frame(AUDIO, flags, sequence, data)))
        seen = b""
        while seen.count(b"\0") < 8:
            seen += transport.read(4096, 1.0)
    replies = [decode_frame(part) for part in seen.split(b"\0")[1::2]]
    assert [reply.type for reply in replies] == [0x83, 0xFF, 0x83, 0x83]
    assert replies[1].payload[0] == TOO_LONG
    taken = [struct.unpack_from("<IIIB", reply.payload) for reply in replies if reply.type == 0x83]
    assert [(samples, here) for samples, _, _, here in taken] == [(480, 1), (960, 60), (1440, 60)]


def test_blocks_of_every_length_pass_the_wire(host_device) -> None:
    """Around 254 bytes without a zero, where COBS begins another block; in requests of audio."""
    host_device.request(RESET)
    total = 0
    for samples in (*range(118, 134), *range(246, 260), *range(500, 513)):
        payload = host_device.request(AUDIO, b"\x11" * (2 * samples))
        total += samples
        assert struct.unpack_from("<I", payload) == (total,)


def test_answer_is_repeated_not_the_work(host_device) -> None:
    host_device.request(RESET)
    request = encode_frame(Frame(AUDIO, 0, 500, bytes(320)))
    replies = []
    for _ in range(3):
        host_device.transport.write(request)
        replies.append(host_device.reply())
    assert replies[0] == replies[1] == replies[2]
    assert struct.unpack_from("<I", replies[0].payload) == (160,)
    host_device.transport.write(encode_frame(Frame(AUDIO, 0, 501, bytes(320))))
    assert struct.unpack_from("<I", host_device.reply().payload) == (320,)


def test_firmware_without_frontend_says_so(build_hand_made) -> None:
    firmware = build_hand_made(HOST, frontend=None)
    with running_on_host(firmware.elf) as transport:
        transport.write(encode_frame(Frame(AUDIO, 0, 1, b"")) + b"name%")
        seen = b""
        while b"m-name" not in seen:
            seen += transport.read(4096, 1.0)
    assert b"this firmware has no frontend" in seen
