"""The Micro's console, driven by the host's code: inference, microphone, the limits of a link."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from micro_board import DATA, MODEL, expected, running, stand_in_file

from firmware_bridge.certainty import Certainty
from firmware_bridge.frontend import FrontendConfig, compute_features
from firmware_bridge.link.device import Device
from firmware_bridge.link.errors import DeviceTimeout, HashMismatch
from firmware_bridge.link.session import Patience, Session
from firmware_bridge.streaming import StreamingClassifier

WRITE, INFER, READ, DECISIONS = 5, 6, 7, 4


def test_console_speaks_the_protocol_of_the_emulated_device(
    program: Path, files: Path, small_frontend: FrontendConfig, talk_to: Callable[..., object]
) -> None:
    with running(program, files) as board:
        device = talk_to(board.transport)
        banner = device.banner()
        assert banner["board"] == "coral-micro"
        assert banner["model_hash"] == hashlib.sha256(stand_in_file()).hexdigest()
        assert banner["frontend_hash"] == small_frontend.hash
        assert device.command("name") == ["m-name-dut-[coral-micro]"]
        output, _ = device.infer(DATA)
        assert output == expected(DATA)
        assert any(line.startswith("m-results-[") for line in device.command("infer 5 2"))


def test_link_of_the_host_drives_it(
    program: Path, files: Path, small_frontend: FrontendConfig
) -> None:
    """Input, output, profile and audio by the code that drives the emulated device."""
    digest = hashlib.sha256(stand_in_file()).hexdigest()
    sound = np.random.default_rng(4).normal(0, 4000, 16 * 160).astype(np.int16)
    with running(program, files) as board:
        session = Session(board.transport)
        device = Device(session, model_hash=digest, frontend_hash=small_frontend.hash)
        device.write_input(DATA)
        assert device.infer(profile=True) >= 0
        assert device.read_output().tobytes() == expected(DATA)
        assert device.profile().shape == (1,)
        assert device.tap(0, 4, DATA).tobytes() == expected(DATA)
        assert device.memory().arena_bytes == MODEL.arena_bytes
        assert device.self_test().passed
        device.reset()
        reply = device.audio(sound[:160], raw=True, rows=True)
        for first in range(160, len(sound), 160):
            reply = device.audio(sound[first : first + 160], raw=True, rows=True)
        host = compute_features(sound, small_frontend)
        np.testing.assert_array_equal(reply.amplitude[-1], host.amplitude[-1])
        with pytest.raises(HashMismatch):
            Device(session, model_hash="0" * 64)


def test_console_that_keeps_64_bytes_loses_none_of_a_long_frame(
    program: Path, files: Path, small_frontend: FrontendConfig
) -> None:
    """The board says so in its banner, and the host sends no more at once."""
    sound = np.random.default_rng(5).normal(0, 4000, 3 * 500).astype(np.int16)
    with running(program, files, unread_bytes=64) as board:
        # More attempts than usual: a busy computer may not let the stand-in read in time.
        session = Session(board.transport, patience=Patience(attempt_s=1.0, attempts=10))
        device = Device(session, frontend_hash=small_frontend.hash)
        assert device.banner.unread_bytes == 64
        device.reset()
        replies = list(device.stream(sound, chunk=500, raw=True))
        host = compute_features(sound, small_frontend)
        ours = np.concatenate([reply.amplitude for reply in replies])
        np.testing.assert_array_equal(ours, host.amplitude)
        # Sent at once, the same frame does not arrive: the limit is real.
        session.pace(0)
        with pytest.raises(DeviceTimeout):
            session.request(3, sound[:500].tobytes(), patience=Patience(attempt_s=0.2, attempts=3))


def test_input_is_put_in_anew_for_each_inference(
    program: Path, files: Path, talk_to: Callable[..., object]
) -> None:
    """The stand-in flips the input in place, as the SDK does: a second run would see it flipped."""
    with running(program, files) as board:
        device = talk_to(board.transport)
        device.request(WRITE, struct.pack("<I", 0) + DATA)
        for _ in range(3):
            device.request(INFER)
            assert device.request(READ, struct.pack("<IH", 0, 4)) == expected(DATA)


def test_microphone_gives_the_decisions_of_the_host(
    program: Path,
    files: Path,
    small_frontend: FrontendConfig,
    certainty: Certainty,
    talk_to: Callable[..., object],
) -> None:
    sound = np.random.default_rng(3).normal(0, 4000, 40 * 320).astype(np.int16)
    # What is below the upper half of a number must not count.
    wide = (sound.astype(np.int32) << 16) + np.int32(65_535)
    (files / "microphone.raw").write_bytes(wide.astype("<i4").tobytes())
    decider = StreamingClassifier(
        small_frontend,
        lambda windows: np.array(
            [list(np.frombuffer(expected(w.tobytes()), np.int8)) for w in windows], np.int8
        ),
        window_frames=4, hop_frames=3, smoothing=2, certainty=certainty,
    )  # fmt: skip
    wanted = decider.push(sound)
    with running(program, files) as board:
        device = talk_to(board.transport)
        assert board.result("listen", on=1) == {"listening": True}
        deadline = time.monotonic() + 20
        while board.result("decisions")["count"] < len(wanted):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        last = board.result("decisions")
        assert last == {
            "count": len(wanted), "end_frame": wanted[-1].end_frame, "label": wanted[-1].label,
            "probability_q15": wanted[-1].probability, "unsure": wanted[-1].unsure,
        }  # fmt: skip
        kept = device.request(DECISIONS, struct.pack("<I", 0))
        size = 8 + 5 * 4
        logits = [kept[i + 8 : i + 12] for i in range(0, len(kept), size)]
        assert logits == [np.array(d.logits, np.int8).tobytes() for d in wanted[-16:]]
        assert board.result("info")["samples_missed"] == 0
        assert "microphone is on" in board.refused("bench")
        assert board.result("listen", on=0) == {"listening": False}
