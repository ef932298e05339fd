"""Whole files, streams, threads and bad arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    MICROFRONTEND,
    PHASE_PLANES,
    FrontendConfig,
    FrontendStream,
    compute_features,
)
from quantize.foundation.errors import BadInput

Signal = NDArray[np.int16]
ALL = FrontendConfig(amplitude_delta=True, phase_planes=PHASE_PLANES)


def pushed(stream: FrontendStream, samples: Signal, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Push samples in random pieces; return all frames."""
    rng = np.random.default_rng(seed)
    parts, position = [], 0
    while position < samples.size:
        size = int(rng.choice([0, 1, 7, 160, 479, 480, 481, 3000]))
        parts.append(stream.push(samples[position : position + size]))
        position += size
    return (
        np.concatenate([part.amplitude for part in parts]),
        np.concatenate([part.phase for part in parts]),
    )


@pytest.mark.parametrize("seed", range(10))
def test_stream_equals_whole(
    seed: int,
    random_configs: Callable[..., list[FrontendConfig]],
    all_hostile: dict[str, Signal],
) -> None:
    (config,) = random_configs(200 + seed, 1, phase=True)
    samples = np.concatenate([all_hostile["voice"], all_hostile["extremes"]])
    expected = compute_features(samples, config)
    stream = FrontendStream(config)
    for round_ in range(2):
        amplitude, phase = pushed(stream, samples, 10 * seed + round_)
        np.testing.assert_array_equal(amplitude, expected.amplitude)
        np.testing.assert_array_equal(phase, expected.phase)
        stream.reset()


def packed_features(samples: Signal, config: FrontendConfig) -> tuple[NDArray[Any], NDArray[Any]]:
    """Compute features as devices do, in the order of memory that they have."""
    frames = max(0, 1 + (samples.size - config.window_samples) // config.hop_samples)
    amplitude = np.empty((frames, config.channels), np.uint16)
    phase = np.empty((frames, config.channels, len(config.signed_planes)), np.int16)
    assert config.build(packed=True).process(samples, amplitude, phase) == frames
    return amplitude, phase


@pytest.mark.parametrize("seed", range(30))
def test_device_order_gives_the_same_bits(
    seed: int,
    random_configs: Callable[..., list[FrontendConfig]],
    all_hostile: dict[str, Signal],
) -> None:
    config = random_configs(400 + seed, 1, phase=True)[0] if seed else ALL
    samples = np.concatenate(list(all_hostile.values()))
    expected = compute_features(samples, config)
    amplitude, phase = packed_features(samples, config)
    np.testing.assert_array_equal(amplitude, expected.amplitude)
    np.testing.assert_array_equal(phase, expected.phase)


def test_whole_files_start_afresh(all_hostile: dict[str, Signal]) -> None:
    first = compute_features(all_hostile["voice"], ALL)
    compute_features(all_hostile["white"], ALL)
    again = compute_features(all_hostile["voice"], ALL)
    np.testing.assert_array_equal(first.amplitude, again.amplitude)
    np.testing.assert_array_equal(first.phase, again.phase)


@pytest.mark.parametrize(("count", "frames"), [(0, 0), (479, 0), (480, 1), (639, 1), (640, 2)])
def test_frames_per_sample_count(count: int, frames: int) -> None:
    features = compute_features(np.ones(count, np.int16), ALL)
    assert features.amplitude.shape == (frames, 40)
    assert features.phase.shape == (frames, 40, 9)
    assert (features.amplitude.dtype, features.phase.dtype) == (np.uint16, np.int16)


def test_strided_input_is_taken_as_it_reads(all_hostile: dict[str, Signal]) -> None:
    samples = all_hostile["voice"]
    doubled = np.repeat(samples, 2)[::2]
    np.testing.assert_array_equal(
        compute_features(doubled, MICROFRONTEND).amplitude,
        compute_features(samples, MICROFRONTEND).amplitude,
    )


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(1000, np.float32),
        np.zeros(1000, np.uint16),
        np.zeros(1000, ">i2"),
        np.zeros((1000, 2), np.int16),
        np.int16(3),
        [1, 2, 3],
        b"abc",
        None,
    ],
)
def test_other_samples_are_refused(bad: Any) -> None:
    with pytest.raises(BadInput, match="int16"):
        compute_features(bad, MICROFRONTEND)
    with pytest.raises(BadInput, match="int16"):
        FrontendStream(MICROFRONTEND).push(bad)


def test_threads_do_not_disturb_each_other(all_hostile: dict[str, Signal]) -> None:
    signals = [np.tile(signal, 4) for signal in all_hostile.values()]
    expected = [compute_features(signal, ALL) for signal in signals]
    with ThreadPoolExecutor(4) as pool:
        for index, features in enumerate(
            pool.map(lambda signal: compute_features(signal, ALL), signals * 3)
        ):
            wanted = expected[index % len(signals)]
            np.testing.assert_array_equal(features.amplitude, wanted.amplitude)
            np.testing.assert_array_equal(features.phase, wanted.phase)


def test_gil_is_released() -> None:
    samples = np.zeros(16_000 * 600, np.int16)
    ticks = 0
    done = threading.Event()

    def work() -> None:
        compute_features(samples, ALL)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        ticks += 1
    thread.join()
    # With the GIL held this loop would see at most the moments before and after.
    assert ticks > 10


def test_one_stream_refuses_two_threads_at_once() -> None:
    frontend = ALL.build()
    samples = np.zeros(16_000 * 1200, np.int16)
    frames = 1 + (samples.size - 480) // 160
    amplitude = np.empty((frames, 40), np.uint16)
    phase = np.empty((frames, 40, 9), np.int16)
    thread = threading.Thread(target=frontend.process, args=(samples, amplitude, phase))
    thread.start()
    refused = 0
    while thread.is_alive():
        try:
            frontend.reset()
        except RuntimeError:
            refused += 1
        thread.join(0.001)
    assert refused > 0


def test_binding_checks_its_buffers() -> None:
    frontend = MICROFRONTEND.build()
    samples = np.zeros(4800, np.int16)
    good = np.empty((28, 40), np.uint16)
    no_phase = np.empty(0, np.int16)
    assert frontend.process(samples, good, no_phase) == 28
    with pytest.raises(ValueError, match="28 frames"):
        frontend.process(samples, good[:27], no_phase)
    with pytest.raises(TypeError, match="amplitude"):
        frontend.process(samples, good.astype(np.int16), no_phase)
    with pytest.raises(TypeError, match="samples"):
        frontend.process(samples.astype(np.float32), good, no_phase)
    read_only = good.copy()
    read_only.flags.writeable = False
    with pytest.raises((BufferError, ValueError)):
        frontend.process(samples, read_only, no_phase)
    with pytest.raises((BufferError, ValueError)):
        frontend.process(samples[::2], good, no_phase)


def test_tables_do_not_depend_on_the_instance() -> None:
    first, second = ALL.build(), ALL.build()
    assert first.tables() == second.tables()
    assert len(first.tables()) == first.memory[0]
