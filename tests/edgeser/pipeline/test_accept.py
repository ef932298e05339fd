"""A device that hears by itself: read as it hears, whole or not at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeser.pipeline import accept
from edgeser.progress import SILENT
from firmware_bridge.link.errors import MalformedReply, SamplesLost
from firmware_bridge.link.replies import Fields
from firmware_bridge.link.requests import Request

RATE, HOP, KEPT = 16_000, 160, 4096


class Microphone:
    """Answers as firmware does whose microphone brings some samples between two questions."""

    def __init__(self, samples: np.ndarray, pace: int) -> None:
        self.samples, self.pace, self.heard = samples, pace, 0
        self.name = "serial:none"
        self.banner = SimpleNamespace(
            sample_rate=RATE, channels=2, planes=1, frame_values=2, window_frames=50
        )
        self.rows = np.arange(2 * len(samples) // HOP, dtype=np.int64).astype(np.int8)

    def reset(self) -> None:
        self.heard = 0

    def ask(self, kind: Request, payload: bytes, **_: Any) -> Fields:
        first = int.from_bytes(payload, "little")
        if kind is Request.CAPTURE:
            self.heard = min(self.heard + self.pace, len(self.samples))
            total, kept, values = self.heard, KEPT, self.samples.reshape(-1, 1)
        else:
            total, kept, values = self.heard // HOP, 50, self.rows.reshape(-1, 2)
        begin = max(first, total - kept, 0)
        part = values[begin : min(total, begin + 500)]
        head = total.to_bytes(4, "little") + begin.to_bytes(4, "little")
        return Fields(head + part.astype(part.dtype.newbyteorder("<")).tobytes(), kind.name)


@pytest.fixture
def samples() -> np.ndarray:
    return np.random.default_rng(0).integers(-9000, 9000, 3 * RATE).astype(np.int16)


def test_what_it_hears_is_read_from_its_reset_on(samples: np.ndarray) -> None:
    device: Any = Microphone(samples, pace=300)
    assert accept._hears_by_itself(device)
    device.reset()
    got = accept._listened(device, 2.0, None, SILENT)
    assert got.road == accept.MICROPHONE
    assert 2 * RATE <= len(got.samples) <= 2 * RATE + 600
    assert np.array_equal(got.samples, samples[: len(got.samples)])
    assert np.array_equal(got.rows.ravel(), device.rows[: got.rows.size])


def test_a_host_that_is_too_slow_is_told(samples: np.ndarray) -> None:
    device: Any = Microphone(samples, pace=5000)
    with pytest.raises(SamplesLost, match="before they were read"):
        accept._listened(device, 2.0, None, SILENT)


def test_a_microphone_that_stops_is_told(
    samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, "_STILL_S", 0.05)
    device: Any = Microphone(samples[:8000], pace=300)
    with pytest.raises(MalformedReply, match="heard 8000 samples and then nothing"):
        accept._listened(device, 2.0, None, SILENT)


def test_a_device_without_a_microphone_hears_nothing(samples: np.ndarray) -> None:
    device: Any = Microphone(samples[:0], pace=300)
    assert not accept._hears_by_itself(device)
