"""The same layers on an emulated Cortex-M7, by its DSP instructions, and by others' vectors."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from device_kernels import GCC, M7, M55, ON_DEVICES, QEMU, Job, Machine, run_on_device
from operator_models import micro_outputs
from weighted_layers import RELU, SAME, Layer, layers_at_random

pytestmark = pytest.mark.skipif(
    not (GCC and QEMU), reason="needs arm-none-eabi-gcc and qemu-system-arm"
)


def job_of(layer: Layer) -> Job:
    expected = micro_outputs(layer.model(), layer.source[np.newaxis])[0]
    return Job(layer.lowered(), [layer.source], expected.reshape(-1))


def layer_of(kind: str, source: tuple[int, ...], weights: tuple[int, ...]) -> Layer:
    """A layer with ReLU as trained ones have it."""
    rng = np.random.default_rng(1)
    channels = weights[3 if kind == "DEPTHWISE_CONV_2D" else 0]
    return Layer(
        kind=kind,
        source=rng.integers(-128, 128, source).astype(np.int8),
        weights=rng.integers(-127, 128, weights).astype(np.int8),
        bias=rng.integers(-5000, 5000, channels).astype(np.int32),
        source_scale=0.02,
        source_zero=-128,
        weight_scales=np.full(channels, 0.01, np.float32),
        output_scale=0.02 * math.sqrt(math.prod(weights) / channels),
        output_zero=-128,
        padding=SAME,
        activation=RELU,
    )


# Twins of the DSP instructions compute the same, and are what unoptimised code has.
@ON_DEVICES
def test_every_byte(tmp_path: Path, machine: Machine, level: str) -> None:
    jobs = [job_of(layer) for layer in layers_at_random(50, seed=7)]
    assert {job.call.function for job in jobs} == {
        "i8_conv_2d", "i8_depthwise_lines", "i8_depthwise_lanes", "i8_depthwise_lanes_inside",
        "i8_depthwise_conv_2d", "i8_fully_connected",
    }  # fmt: skip
    assert {job.call.fields["rounding"] for job in jobs} == {0, 1, 2}
    results = run_on_device(jobs, tmp_path, level, machine=machine)
    assert [index for index, result in enumerate(results) if not result.agrees] == []


@pytest.mark.parametrize("machine", [M7, M55], ids=["M7", "M55"])
def test_lanes_of_any_layer(tmp_path: Path, machine: Machine) -> None:
    """Layers for which there is a loop by hand, so that a host's tests do not reach it."""
    jobs = jobs_by_lanes()
    assert len(jobs) > 30
    results = run_on_device(jobs, tmp_path, machine=machine)
    assert [index for index, result in enumerate(results) if not result.agrees] == []


@cache
def jobs_by_lanes() -> list[Job]:
    drawn = [layer for layer in layers_at_random(300, seed=11) if layer.kind == "DEPTHWISE_CONV_2D"]
    jobs = [job_of(layer) for layer in drawn]
    return [job for job in jobs if "lanes" in (job.call.function or "")]


def test_instructions_per_mac(tmp_path: Path) -> None:
    """A layer of each kind against its budget; and a wrong byte is found."""
    most_per_mac = {
        layer_of("CONV_2D", (1, 25, 5, 64), (64, 1, 1, 64)): 1.15,
        layer_of("CONV_2D", (1, 49, 10, 1), (64, 10, 4, 1)): 1.5,
        layer_of("DEPTHWISE_CONV_2D", (1, 25, 5, 64), (1, 3, 3, 64)): 3.5,
        layer_of("DEPTHWISE_CONV_2D", (1, 25, 5, 64), (1, 5, 5, 64)): 7.0,
        layer_of("FULLY_CONNECTED", (1, 640), (128, 640)): 1.4,
    }
    jobs = [job_of(layer) for layer in most_per_mac]
    wrong = jobs[-1].expected.copy()
    wrong[-1] ^= 1
    results = run_on_device([*jobs, replace(jobs[-1], expected=wrong)], tmp_path)
    assert [result.agrees for result in results] == [True] * len(jobs) + [False]
    for job, result, most in zip(jobs, results, most_per_mac.values(), strict=False):
        assert 0.5 < result.instructions / job.call.macs <= most, job.call.function
