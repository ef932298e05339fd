"""A device's commands: right against the real application, refused when a device lies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.certainty import Certainty
from firmware_bridge.emulator import BuiltFirmware, running_emulator
from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features
from firmware_bridge.link import (
    Device,
    DeviceError,
    DeviceGone,
    DeviceRefusal,
    DeviceTimeout,
    HashMismatch,
    Heard,
    MalformedReply,
    MlperfRunner,
    Patience,
    Session,
)
from firmware_bridge.streaming import StreamingClassifier
from quantize.foundation.errors import BadInput


def hand_made(windows: np.ndarray) -> np.ndarray:
    """The model made by hand: half the sums of the quarters, after a ReLU."""
    values = np.maximum(windows.reshape(len(windows), 4, 8).astype(np.int32), 0)
    return np.trunc(np.clip(values.sum(-1) - 100, -128, 127) / 2).astype(np.int8)


@pytest.fixture
def samples() -> np.ndarray:
    rng = np.random.default_rng(3)
    loudness = np.repeat(rng.uniform(100, 9000, 20), 480)
    return (rng.normal(0, 1, 9600) * loudness).clip(-32768, 32767).astype(np.int16)


def random_input(seed: int) -> np.ndarray:
    # The model made by hand misbehaves when its first byte says so.
    return np.abs(np.random.default_rng(seed).integers(-90, 60, 32)).astype(np.int8)


def test_the_banner_says_what_runs(wire, small_frontend: FrontendConfig) -> None:
    banner = wire.open().banner
    assert banner.board == "host"
    assert banner.frontend_hash == small_frontend.hash
    assert banner.frame_values * banner.window_frames == banner.input_bytes == 32
    assert (banner.hop_samples, banner.smoothing, banner.stream_hop_frames) == (160, 2, 3)


def test_hashes_must_agree(wire, small_frontend: FrontendConfig) -> None:
    banner = wire.open().banner
    wire.open(model_hash=banner.model_hash, frontend_hash=small_frontend.hash)
    for expected in ({"model_hash": "0" * 64}, {"frontend_hash": "1" * 64}):
        with pytest.raises(HashMismatch) as caught:
            wire.open(**expected)
        (wanted,) = expected.values()
        found = banner.model_hash if "model_hash" in expected else banner.frontend_hash
        assert wanted in caught.value.message
        assert found in caught.value.message
        assert caught.value.exit_code == 1


def test_no_frontend_is_another_frontend(stand_in, spoilt) -> None:
    of_frontend = (
        "sample_rate hop_samples window_frames stream_hop_frames smoothing channels planes"
    )
    banner = dict.fromkeys(of_frontend.split(), "0") | {"frontend_hash": "none"}
    wire = spoilt(stand_in(**banner))
    with pytest.raises(HashMismatch, match="has none"):
        wire.open(frontend_hash="cd" * 32)
    with pytest.raises(BadInput, match="no frontend"):
        wire.open().reset()


def test_the_model_runs(wire) -> None:
    device = wire.open()
    for seed in range(3):
        data = random_input(seed)
        device.write_input(data)
        assert device.infer(profile=True) > 0
        output = device.read_output()
        assert output.dtype == np.int8
        assert output.tolist() == hand_made(data[None])[0].tolist()
        assert device.profile().shape == (3,)


def test_a_tap_shows_an_operators_output(wire) -> None:
    data = random_input(1) - 30
    data = data.astype(np.int8)
    relu = wire.open().tap(0, 32, data)
    assert relu.tolist() == np.maximum(data, 0).tolist()


@pytest.mark.parametrize("chunk", [1, 7, 160, 500, None])
def test_features_and_rows_are_the_hosts(
    wire, samples: np.ndarray, small_frontend: FrontendConfig, chunk: int | None
) -> None:
    device = wire.open()
    device.reset()
    samples = samples[:2000]
    replies = list(device.stream(samples, chunk=chunk, raw=True, rows=True))
    features = compute_features(samples, small_frontend)
    amplitude = np.concatenate([reply.amplitude for reply in replies])
    phase = np.concatenate([reply.phase for reply in replies])
    rows = np.concatenate([reply.rows for reply in replies])
    assert np.array_equal(amplitude, features.amplitude)
    assert np.array_equal(phase, features.phase)
    assert np.array_equal(rows, quantise_features(features, small_frontend))
    assert replies[-1].samples == 2000
    assert device.feature_ticks().frames == replies[-1].frames == len(rows)


@pytest.mark.parametrize("chunk", [1, 160, 512])
def test_what_was_heard_is_what_the_host_counts(
    wire, samples: np.ndarray, small_frontend: FrontendConfig, chunk: int
) -> None:
    device = wire.open()
    device.reset()
    assert device.heard() == Heard(0, 0, 0, 0, 0) and device.heard().level_dbfs is None
    samples = samples[:2000].copy()
    samples[100:140] = 32767
    samples[140:160] = -32768
    list(device.stream(samples, chunk=chunk))
    rows = quantise_features(compute_features(samples, small_frontend), small_frontend)
    heard = device.heard()
    assert heard.samples == 2000
    assert heard.energy == int(np.sum(samples.astype(np.int64) ** 2))
    assert heard.full_scale == int(np.isin(samples, (32767, -32768)).sum()) >= 60
    assert heard.values == rows.size
    assert heard.clipped == int(np.isin(rows, (127, -128)).sum()) > 0
    assert heard.clipped_share == heard.clipped / rows.size
    rms = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
    assert heard.level_dbfs == pytest.approx(20 * np.log10(rms / 32768))
    device.reset()
    assert device.heard().samples == 0


@pytest.mark.parametrize("chunk", [97, 160, 512])
def test_decisions_are_those_of_the_twin(
    wire,
    samples: np.ndarray,
    small_frontend: FrontendConfig,
    certainty: Certainty,
    chunk: int,
) -> None:
    device = wire.open()
    twin = StreamingClassifier(
        small_frontend, hand_made, window_frames=4, hop_frames=3, smoothing=2, certainty=certainty
    )
    expected = twin.push(samples)
    assert len(expected) > 16
    assert len({decision.label for decision in expected}) > 1
    assert {decision.unsure for decision in expected} == {False, True}
    assert device.hear(samples, chunk=chunk)[1] == expected
    assert device.hear(samples, chunk=chunk)[1] == expected
    assert device.decisions(5) == expected[5:]
    assert device.decisions() == expected[-16:]


def test_the_emulated_device_agrees(
    emulated_listener: BuiltFirmware,
    samples: np.ndarray,
    small_frontend: FrontendConfig,
    certainty: Certainty,
) -> None:
    twin = StreamingClassifier(
        small_frontend, hand_made, window_frames=4, hop_frames=3, smoothing=2, certainty=certainty
    )
    with running_emulator(emulated_listener.elf, MPS2_AN500) as transport:
        session = Session(transport, patience=Patience(attempt_s=5.0, attempts=3))
        device = Device(session, frontend_hash=small_frontend.hash)
        assert device.hear(samples[:4000])[1] == twin.push(samples[:4000])
        assert device.memory().stack_used > 0
        data = random_input(4)
        ran = []
        for _ in range(2):
            device.write_input(data)
            ran.append(device.infer())
            assert device.read_output().tolist() == hand_made(data[None])[0].tolist()
        assert ran[0] == ran[1]
        host = MlperfRunner(transport, patience=Patience(attempt_s=5.0))
        host.load(data.tobytes())
        assert host.infer(2).results == tuple(0.25 * (hand_made(data[None])[0] + 2.0))


OVERFLOW_STACK, HANG = -101, -107


@pytest.mark.parametrize(
    ("misdeed", "error", "said"),
    [(OVERFLOW_STACK, DeviceGone, "stack"), (HANG, DeviceTimeout, "m-ready")],
)
def test_an_emulated_device_that_dies_says_why(
    emulated_listener: BuiltFirmware, misdeed: int, error: type[DeviceError], said: str
) -> None:
    with running_emulator(emulated_listener.elf, MPS2_AN500) as transport:
        session = Session(transport, patience=Patience(attempt_s=5.0, attempts=3))
        device = Device(session, inference=Patience(attempt_s=2.0, attempts=1))
        device.write_input(bytes([misdeed % 256]) + bytes(31))
        with pytest.raises(error) as caught:
            device.infer()
        assert said in caught.value.hint


def test_memory_and_self_test(wire) -> None:
    device = wire.open()
    assert device.self_test().passed
    assert device.self_test().findings["canaries"] == "ok"
    use = device.memory()
    assert use.arena_bytes == device.banner.arena_bytes
    assert use.frontend_work_bytes > 0


def test_wrong_use_is_refused_before_anything_is_sent(wire) -> None:
    device = wire.open()
    writes = wire.writes
    calls: list[Callable[[], object]] = [
        lambda: device.audio(np.zeros(10, np.int16)),
        device.decisions,
        lambda: device.write_input(b"short"),
        lambda: device.write_input(np.zeros(32)),
        lambda: device.tap(3, 4, bytes(32)),
        lambda: device.tap(-1, 4, bytes(32)),
    ]
    for call in calls:
        with pytest.raises(BadInput):
            call()
    assert wire.writes == writes
    device.reset()
    for audio in (np.zeros(513, np.int16), np.zeros(10), np.zeros((2, 2), np.int16)):
        with pytest.raises(BadInput):
            device.audio(audio)


def test_what_the_device_refuses_is_said(wire) -> None:
    with pytest.raises(DeviceRefusal, match="out of range") as caught:
        wire.open().tap(1, 1000, bytes(32))
    assert caught.value.code == 3


def test_each_input_is_a_request_of_its_own(stand_in, spoilt) -> None:
    """Its number in the flags, offsets in it; of a model with one input the flags are 0."""
    device = stand_in(inputs="32,1500")
    device.replies[5] = b""
    opened = spoilt(device).open()
    assert opened.banner.each_input_bytes == (32, 1500)
    content = bytes(number % 251 for number in range(1532))
    opened.write_input(content)
    sent = [
        (r.flags, int.from_bytes(r.payload[:4], "little"), r.payload[4:])
        for r in device.requests
        if r.type == 5
    ]
    assert sent == [
        (0, 0, content[:32]),
        (1, 0, content[32:1052]),
        (1, 1020, content[1052:]),
    ]


def test_state_alone_can_be_reset(stand_in, spoilt) -> None:
    of_frontend = (
        "sample_rate hop_samples window_frames stream_hop_frames smoothing channels planes"
    )
    banner = dict.fromkeys(of_frontend.split(), "0") | {"frontend_hash": "none"}
    device = stand_in(**banner, state_bytes="48")
    opened = spoilt(device).open()
    opened.reset()
    assert [request.type for request in device.requests] == [1, 2]
    with pytest.raises(BadInput, match="no stream has begun"):
        opened.audio(np.zeros(10, np.int16))


def test_pieces_are_as_long_as_their_reply_allows(stand_in, spoilt) -> None:
    device = spoilt(stand_in()).open()
    assert device.most_samples() == device.most_samples(raw=True, rows=True) == 512
    big = {"channels": "40", "planes": "5", "window_frames": "1", "input_bytes": "200"}
    device = spoilt(stand_in(**big)).open()
    assert device.most_samples(raw=True, rows=True) == 160
    assert device.most_samples(raw=True) == 320
    assert device.most_samples(rows=True) == 512
    huge = {"channels": "250", "planes": "5", "window_frames": "1", "input_bytes": "1250"}
    with pytest.raises(BadInput, match="does not fit"):
        spoilt(stand_in(**huge)).open().most_samples(rows=True)


def test_every_error_is_a_device_error() -> None:
    for error in (DeviceRefusal, HashMismatch, MalformedReply):
        assert issubclass(error, DeviceError)
