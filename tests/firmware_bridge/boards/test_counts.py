"""Counting instructions on the emulated board: exact, and the same each time."""

from __future__ import annotations

import struct

import numpy as np

from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features

RESET, AUDIO, INFER, PROFILE, TICKS = 2, 3, 6, 8, 12
DATA = bytes((37 * i + 11) % 256 for i in range(32))
SAMPLES = np.random.default_rng(1).integers(-9000, 9000, 4000).astype("<i2")


def measure(device) -> tuple[object, ...]:
    """Run model and frontend; return all counts and outputs."""
    output, ticks = device.infer(DATA)
    profiled, profiled_ticks = device.infer(DATA, flags=1)
    operators = struct.unpack("<3I", device.request(PROFILE, bytes(4)))
    device.request(RESET)
    audio = [
        device.request(AUDIO, SAMPLES[i : i + 160].tobytes(), flags=3)
        for i in range(0, SAMPLES.size, 160)
    ]
    assert output == profiled
    features = struct.unpack("<4I", device.request(TICKS))
    return output, ticks, profiled_ticks, operators, tuple(audio), features


def test_the_default_boards_counts_stay(emulated_device) -> None:
    """Its figures are compared from release to release: none may move with a new board."""
    _, ticks = emulated_device.infer(DATA)
    emulated_device.infer(DATA, flags=1)
    operators = struct.unpack("<3I", emulated_device.request(PROFILE, bytes(4)))
    assert (ticks, operators) == (636, (318, 304, 83))


def test_two_runs_give_the_same_counts(listening_device, another_listening_device) -> None:
    another_listening_device.command("name")
    first = measure(listening_device)
    assert measure(another_listening_device) == first
    assert measure(listening_device) == first


def test_empty_interval_is_tiny(emulated_device) -> None:
    empty = int(emulated_device.banner()["empty_ticks"])
    assert MPS2_AN500.instructions(empty) <= 12


def test_operators_add_up_to_the_inference(emulated_device) -> None:
    _, ticks = emulated_device.infer(DATA)
    _, profiled = emulated_device.infer(DATA, flags=1)
    operators = struct.unpack("<3I", emulated_device.request(PROFILE, bytes(4)))
    assert profiled == sum(operators)
    assert abs(MPS2_AN500.instructions(profiled) - MPS2_AN500.instructions(ticks)) <= 60
    # 32 comparisons, 32 additions, 4 divisions.
    assert operators[2] < operators[1]


def test_a_thousand_inferences_take_a_thousand_times_as_long(emulated_device) -> None:
    emulated_device.command("db load 32")
    emulated_device.command(f"db {DATA.hex()}")
    lines = emulated_device.command("infer 1000 0")
    begin, end = (int(x.removeprefix("m-lap-us-")) for x in lines if x.startswith("m-lap-us-"))
    _, ticks = emulated_device.infer(DATA)
    assert 1000 * ticks / 25 <= end - begin <= 1000 * (ticks + 600) / 25


def test_features_are_the_hosts_bit_for_bit(
    listening_device, small_frontend: FrontendConfig
) -> None:
    features = compute_features(SAMPLES, small_frontend)
    rows = quantise_features(features, small_frontend)
    expected = [
        amplitude.tobytes() + phase.tobytes() + row.tobytes()
        for amplitude, phase, row in zip(features.amplitude, features.phase, rows, strict=True)
    ]
    audio = measure(listening_device)[4]
    frames = [reply[13:] for reply in audio if len(reply) > 13]
    assert frames == expected
