"""What a device's frontend got: every sample and row, or a refusal."""

from __future__ import annotations

import struct
from types import SimpleNamespace

import numpy as np
import pytest

from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features
from firmware_bridge.link import Capture, DeviceFault, DeviceRefusal, MalformedReply, SamplesLost
from firmware_bridge.link.capture import captured, captured_rows

CAPTURE, ROWS = 14, 15
KEPT = 4096


@pytest.fixture
def samples() -> np.ndarray:
    return np.random.default_rng(2).integers(-32768, 32768, 9000).astype(np.int16)


@pytest.mark.parametrize("chunk", [1, 97, 160, 512])
def test_every_sample_and_row_comes_back(
    wire, samples: np.ndarray, small_frontend: FrontendConfig, chunk: int
) -> None:
    device = wire.open()
    given = samples[: 9000 if chunk > 1 else 1200]
    device.reset()
    capture = Capture(device)
    assert capture.pull() == 0
    for start in range(0, len(given), chunk):
        device.audio(given[start : start + chunk])
        capture.pull()
    rows = quantise_features(compute_features(given, small_frontend), small_frontend)
    assert np.array_equal(capture.samples, given)
    assert np.array_equal(capture.rows, rows)
    device.reset()
    assert Capture(device).pull() == 0


def test_a_ring_that_is_full_keeps_the_latest(wire, samples: np.ndarray) -> None:
    device = wire.open()
    device.reset()
    list(device.stream(samples))
    piece = captured(device, 0)
    assert (piece.total, piece.first) == (9000, 9000 - KEPT)
    assert np.array_equal(piece.values, samples[piece.first :][: len(piece.values)])
    rows = captured_rows(device, 0)
    assert rows.first == rows.total - 4
    assert captured(device, 9000).values.size == 0


def test_samples_that_were_forgotten_are_not_passed_over(wire, samples: np.ndarray) -> None:
    device = wire.open()
    device.reset()
    capture = Capture(device)
    list(device.stream(samples))
    with pytest.raises(SamplesLost, match=f"{9000 - KEPT} samples from number 0"):
        capture.pull()
    assert issubclass(SamplesLost, DeviceFault)


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


@pytest.mark.parametrize(
    ("kind", "payload", "call"),
    [
        (CAPTURE, b"", captured),
        (CAPTURE, u32(4, 0) + b"x", captured),
        (CAPTURE, u32(4, 0), captured),
        (CAPTURE, u32(1, 0) + bytes(4), captured),
        (CAPTURE, u32(0xFFFFFFFF, 0xFFFFFFFF) + bytes(2), captured),
        (ROWS, u32(4, 0) + bytes(9), captured_rows),
        (ROWS, u32(4, 0), captured_rows),
        (ROWS, u32(1, 0) + bytes(16), captured_rows),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(stand_in, spoilt, kind, payload, call) -> None:
    stood_in = stand_in()
    stood_in.replies[kind] = payload
    device = spoilt(stood_in).open()
    with pytest.raises(MalformedReply) as caught:
        call(device, 0)
    assert caught.value.message.isprintable()


def test_firmware_that_is_older_says_so(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    device = wire.open()
    monkeypatch.setattr("firmware_bridge.link.capture.Request", SimpleNamespace(CAPTURE=0x7E))
    with pytest.raises(DeviceRefusal, match="does not say what its frontend got") as caught:
        captured(device, 0)
    assert "flash" in caught.value.hint
