"""Each way that a layer with weights can take through its kernel: every byte is TFLite-Micro's."""

from __future__ import annotations

import ctypes
import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from device_kernels import CORAL, GCC, M7, M55, ON_DEVICES, QEMU, Job, Machine, run_on_device
from host_kernels import compile_kernels, run_call
from operator_models import micro_outputs
from weighted_layers import NONE, RELU, RELU6, SAME, VALID, Layer

from firmware_bridge.compiler.host_build import native_flags

needs_device = pytest.mark.skipif(
    not (GCC and QEMU), reason="needs arm-none-eabi-gcc and qemu-system-arm"
)
CONV, DEPTHWISE, DENSE = "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"


def layer_of(
    kind: str,
    source: tuple[int, ...],
    weights: tuple[int, ...],
    strides: tuple[int, int] = (1, 1),
    *,
    padding: int = SAME,
    activation: int = NONE,
    zeros: tuple[int, int] = (-7, 5),
    least: int = -127,
    seed: int = 0,
) -> Layer:
    """A layer whose outputs fill int8; weights from `least` to 127."""
    rng = np.random.default_rng(seed)
    channels = weights[3 if kind == DEPTHWISE else 0]
    depth = math.prod(weights) / channels
    return Layer(
        kind=kind,
        source=rng.integers(-128, 128, source).astype(np.int8),
        weights=rng.integers(least, 128, weights).astype(np.int8),
        bias=rng.integers(-5000, 5000, channels).astype(np.int32),
        source_scale=0.03,
        source_zero=zeros[0],
        weight_scales=(rng.uniform(0.5, 1.5, channels) * 0.01).astype(np.float32),
        output_scale=0.03 * depth**0.5,
        output_zero=zeros[1],
        padding=padding,
        strides=strides,
        activation=activation,
    )


def plain(*arguments: object, **settings: object) -> Layer:
    """The same with ReLU at the end of the range, which asks for no clamp."""
    return layer_of(*arguments, activation=RELU, zeros=(-128, -128), **settings)  # type: ignore[arg-type]


def by_lanes(taps: int, stride: int, length: int) -> bool:
    """Whether a filter of so many taps each way meets inputs too seldom to unzip six channels."""
    if taps == 2:
        return stride > 1 or length == 6
    if taps < 5 or length == 6:
        return taps < 9 and stride > 2
    return taps < 9 and stride > 3


def clamped(*arguments: object, **settings: object) -> Layer:
    """The same with a clamp that outputs meet."""
    return layer_of(*arguments, activation=RELU6, zeros=(-128, -128), **settings)  # type: ignore[arg-type]


def without(layer: Layer, lines: slice, taps: slice, channels: slice) -> Layer:
    """The same where some weights are 0."""
    weights = layer.weights.copy()
    weights[0, lines, taps, channels] = 0
    return replace(layer, weights=weights)


ALL = slice(None)
PATHS = {
    # Lines: strides, widths of the filter, lines that turn, lines that stay. Lanes: those strides.
    **{
        f"{'lanes' if by_lanes(taps, stride, length) else 'lines'} {taps}x{taps} by {stride}, "
        f"{length}": plain(DEPTHWISE, (1, length, length, 6), (1, taps, taps, 6), (stride, stride))
        for taps in (2, 3, 4, 5, 7, 9)
        for stride in (1, 2, 3, 4)
        for length in (6, 23)
    },
    # Lanes: copied and where they lie, fewer channels than four, four that repeat some.
    **{
        f"lanes of {channels} channels, {each} of each, padding {padding}": plain(
            DEPTHWISE, (2, 14, 11, channels), (1, 3, 3, channels * each), (3, 3), padding=padding
        )
        for channels, each in ((2, 1), (3, 1), (3, 2), (4, 1), (5, 1), (7, 2), (8, 1))
        for padding in (SAME, VALID)
    },
    **{
        f"lanes {high}x{wide} by {by}": layer_of(
            DEPTHWISE, (1, 19, 26, 11), (1, high, wide, 11), by, padding=padding
        )
        for high, wide, by, padding in (
            (1, 1, (1, 1), SAME),
            (1, 3, (2, 2), SAME),
            (5, 1, (4, 3), SAME),
            (1, 7, (3, 4), VALID),
            (3, 6, (3, 4), SAME),
            (2, 5, (4, 4), SAME),
            (4, 3, (1, 4), VALID),
            (6, 6, (4, 4), SAME),
        )
    },
    "lanes, rounded away": layer_of(DEPTHWISE, (1, 17, 17, 8), (1, 3, 3, 8), (3, 3)),
    "lanes, clamped": clamped(DEPTHWISE, (1, 17, 17, 8), (1, 3, 3, 8), (3, 3)),
    "lanes, clamped, inside": clamped(
        DEPTHWISE, (1, 17, 17, 8), (1, 2, 3, 8), (4, 4), padding=VALID
    ),
    "lanes along the height": plain(DEPTHWISE, (2, 40, 3, 3), (1, 4, 2, 3), (3, 2)),
    "lanes of a map of 4x4": plain(DEPTHWISE, (1, 4, 4, 32), (1, 3, 3, 32), (2, 2)),
    "lanes, taps of 0": without(
        plain(DEPTHWISE, (1, 20, 20, 12), (1, 4, 4, 12), (3, 3)), slice(1, 3), slice(2, 4), ALL
    ),
    "lanes, channels of 0": without(
        plain(DEPTHWISE, (1, 20, 20, 12), (1, 4, 4, 12), (3, 3)), ALL, ALL, slice(3, 9)
    ),
    "lines, rounded away": layer_of(DEPTHWISE, (1, 9, 9, 5), (1, 3, 3, 5)),
    "lines, clamped": layer_of(DEPTHWISE, (2, 9, 9, 5), (1, 3, 3, 5), activation=RELU6),
    "lines, rounded away, by 2": layer_of(DEPTHWISE, (1, 9, 9, 5), (1, 3, 3, 5), (2, 2)),
    "lines, clamped, by 2": layer_of(
        DEPTHWISE, (1, 9, 9, 5), (1, 3, 3, 5), (2, 2), activation=RELU6
    ),
    **{
        f"lines of {channels} channels, {each} of each": plain(
            DEPTHWISE, (2, 12, 9, channels), (1, taps, taps, channels * each), (stride, stride)
        )
        for channels, each in ((2, 3), (4, 2), (7, 2), (9, 3))
        for taps, stride in ((3, 1), (5, 2))
    },
    "lines, some at a time": plain(DEPTHWISE, (1, 33, 33, 6), (1, 3, 3, 6), (2, 2)),
    "lanes, some at a time, multiplied": plain(
        DEPTHWISE, (1, 33, 33, 3), (1, 5, 5, 6), (4, 4), padding=VALID
    ),
    "lines, some left out": plain(DEPTHWISE, (1, 40, 16, 6), (1, 9, 1, 6), (3, 3)),
    "lines, along one axis": layer_of(DEPTHWISE, (1, 28, 1, 7), (1, 15, 1, 7), padding=VALID),
    "lines of one channel, 3x3": plain(DEPTHWISE, (1, 20, 20, 1), (1, 3, 3, 11), (2, 2)),
    "lines of one channel, 5x5": plain(CONV, (1, 40, 20, 1), (9, 5, 5, 1), (2, 2)),
    "lines of one channel, unpadded": plain(CONV, (2, 17, 31, 1), (3, 3, 3, 1), padding=VALID),
    # Columns: lines of taps where they lie, at borders, narrow, copied.
    "columns, three channels": plain(CONV, (1, 17, 17, 3), (8, 3, 3, 3), (2, 2)),
    "columns, clamped": layer_of(CONV, (1, 9, 13, 3), (8, 3, 3, 3), activation=RELU6),
    "columns, rounded away": layer_of(CONV, (1, 9, 13, 8), (5, 3, 3, 8)),
    "columns, narrow": plain(CONV, (1, 30, 1, 3), (16, 4, 3, 3)),
    "columns, of a column of pixels": plain(CONV, (2, 40, 1, 3), (8, 5, 1, 3), (2, 2)),
    "columns, of a dilated column": replace(
        plain(CONV, (1, 40, 1, 5), (8, 3, 1, 5)), dilations=(2, 1)
    ),
    "lines of one channel, a column": plain(CONV, (1, 64, 1, 1), (5, 7, 1, 1), (2, 1)),
    "columns, copied": plain(CONV, (1, 9, 9, 5), (64, 5, 5, 5)),
    "columns, one pixel at a time": plain(CONV, (1, 3, 1, 24), (8, 1, 1, 24)),
    **{
        f"columns of {depth}": plain(CONV, (1, 5, 5, depth), (7, 1, 1, depth))
        for depth in (3, 4, 7, 8, 12, 16, 24, 32, 40, 64)
    },
    **{
        f"columns for {channels}": plain(CONV, (1, 5, 5, depth), (channels, 1, 1, depth))
        for channels, depth in ((1, 8), (2, 48), (3, 8), (4, 48))
    },
    "columns, two pixels": plain(CONV, (1, 2, 1, 16), (5, 1, 1, 16)),
    "columns of 24, rounded away": layer_of(CONV, (1, 5, 7, 24), (6, 1, 1, 24)),
    "columns of 32, clamped": layer_of(CONV, (1, 4, 2, 32), (5, 1, 1, 32), activation=RELU6),
    "columns of 20, not joined": layer_of(CONV, (1, 5, 5, 20), (3, 1, 1, 20), least=-128, seed=22),
    "columns, not joined": layer_of(CONV, (1, 9, 9, 6), (8, 3, 3, 6), least=-128, seed=3),
    "dense, not joined": layer_of(DENSE, (1, 300), (9, 300), least=-128, seed=3),
    "dense, by parts": layer_of(DENSE, (1, 1510), (6, 1510)),
    "dense, by parts, plain": plain(DENSE, (1, 2050), (4, 2050)),
    # One weight.
    "table": layer_of(CONV, (1, 9, 9, 1), (1, 1, 1, 1)),
    "table of a depthwise layer": plain(CONV, (1, 30, 4, 1), (1, 1, 1, 1)),
}


def expected_of(layer: Layer) -> np.ndarray:
    return micro_outputs(layer.model(), layer.source[np.newaxis])[0].reshape(-1)


Libraries = tuple[ctypes.CDLL, ...]
"""The kernels for any processor, and for this one with its vector instructions."""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Libraries:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
    return tuple(
        ctypes.CDLL(str(compile_kernels(tmp_path_factory.mktemp("kernels"), *flags, *more)))
        for more in ((), native_flags("gcc"))
    )


def check(libraries: Libraries, layer: Layer) -> None:
    size = math.prod(layer.output_shape)
    expected, call = expected_of(layer), layer.lowered()
    for library in libraries:
        for within in (False, True)[: 1 + (call.input_after is not None)]:
            (output,) = run_call(library, call, [layer.source], [size], within=within)
            np.testing.assert_array_equal(output[:size], expected)


@pytest.mark.parametrize("path", PATHS)
def test_on_the_host(libraries: Libraries, path: str) -> None:
    check(libraries, PATHS[path])


@needs_device
@ON_DEVICES
def test_on_the_device(tmp_path: Path, machine: Machine, level: str) -> None:
    jobs = {
        path: Job(layer.lowered(), [layer.source], expected_of(layer))
        for path, layer in PATHS.items()
    }
    jobs |= {
        f"{path}, within": replace(job, within=True)
        for path, job in jobs.items()
        if job.call.input_after is not None
    }
    assert any(job.within for job in jobs.values())
    results = run_on_device(list(jobs.values()), tmp_path, level, machine=machine)
    assert [path for path, result in zip(jobs, results, strict=True) if not result.agrees] == []


def test_the_paths_are_taken() -> None:
    calls = {path: layer.lowered() for path, layer in PATHS.items()}
    for path, call in calls.items():
        function = {"lines": "i8_depthwise_lines", "lanes": "i8_depthwise_lanes",
                    "columns": "i8_conv_2d", "dense": "i8_fully_connected",
                    "table": "i8_lookup"}  # fmt: skip
        name = (call.function or "").removesuffix("_inside")
        assert name == function[path.split()[0].rstrip(",")], path
    assert [c.fields["is_joined"] for p, c in calls.items() if "not joined" in p] == [0, 0, 0]
    assert calls["columns, copied"].fields["run_bytes"] == 0
    assert calls["columns, three channels"].fields["run_bytes"] == 12
    assert calls["dense, by parts"].fields["part"] == 256
    inside = [c.function == "i8_depthwise_lanes_inside" for p, c in calls.items() if "lanes" in p]
    assert any(inside) and not all(inside)
    lanes = [c for p, c in calls.items() if "lanes" in p]
    assert {c.fields["rounding"] for c in lanes} == {0, 1}
    turning = [c.fields["kept"] == c.fields["lines"] for p, c in calls.items() if "lines " in p]
    assert any(turning) and not all(turning)
    together = calls["lines, some at a time"].fields
    assert together["lines"] < together["kept"] < 2 * together["output_across"] + 1


@given(st.data())
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
def test_any_layer_of_one_channel_each(libraries: Libraries, data: st.DataObject) -> None:
    """Depthwise layers larger than most, of one channel shared and of many, and multiplied."""

    def choose(low: int, high: int) -> int:
        return data.draw(st.integers(low, high))

    channels = choose(1, 9)
    shared = choose(0, 3) == 0
    taps, lengths = (choose(1, 11), choose(1, 11)), (choose(11, 40), choose(11, 24))
    drawn = layer_of(
        DEPTHWISE,
        (1, *lengths, 1 if shared else channels),
        (1, *taps, channels if shared else channels * choose(1, 3)),
        (choose(1, 4), choose(1, 4)),
        padding=choose(SAME, VALID),
        activation=choose(NONE, RELU6),
        zeros=(choose(-128, 127), choose(-128, 127)),
        least=choose(-128, -126),
        seed=choose(0, 1 << 20),
    )
    check(libraries, drawn)


BUDGETS = {
    "first, 3 channels": (plain(CONV, (1, 96, 96, 3), (8, 3, 3, 3), (2, 2)), 2.2),
    "first, 3 channels by 1": (plain(CONV, (1, 32, 32, 3), (16, 3, 3, 3)), 2.2),
    "first, 2 channels": (plain(CONV, (1, 48, 48, 2), (16, 3, 3, 2), (2, 2)), 2.2),
    "first, 1 channel": (plain(CONV, (1, 96, 96, 1), (8, 3, 3, 1), (2, 2)), 2.2),
    "first, 10x4": (plain(CONV, (1, 49, 10, 1), (64, 10, 4, 1), (2, 2)), 1.2),
    "first, 5x5": (plain(CONV, (1, 150, 40, 1), (24, 5, 5, 1), (2, 2)), 1.7),
    "3x3 on 6x6": (plain(DEPTHWISE, (1, 6, 6, 128), (1, 3, 3, 128)), 3.7),
    "3x3 on 8x8": (plain(DEPTHWISE, (1, 8, 8, 64), (1, 3, 3, 64)), 2.9),
    "3x3 on 10x10, clamped": (
        layer_of(DEPTHWISE, (1, 10, 10, 16), (1, 3, 3, 16), activation=RELU6),
        3.6,
    ),
    "3x3 of 2 outputs each": (plain(DEPTHWISE, (1, 12, 12, 8), (1, 3, 3, 16)), 2.3),
    "9x1 by 2 to 8x8": (plain(DEPTHWISE, (1, 16, 16, 16), (1, 9, 1, 16), (2, 2)), 4.0),
    "3x3 by 2 to 12x12": (plain(DEPTHWISE, (1, 24, 24, 32), (1, 3, 3, 32), (2, 2)), 4.0),
    "5x5 on 8x8": (plain(DEPTHWISE, (1, 8, 8, 64), (1, 5, 5, 64)), 4.0),
    "7x7 by 2 to 8x8": (plain(DEPTHWISE, (1, 16, 16, 32), (1, 7, 7, 32), (2, 2)), 4.0),
    "9x9 by 2": (plain(DEPTHWISE, (1, 24, 24, 16), (1, 9, 9, 16), (2, 2)), 4.0),
    "5x5 by 4": (plain(DEPTHWISE, (1, 40, 40, 16), (1, 5, 5, 16), (4, 4)), 3.1),
    "5x5 by 3": (plain(DEPTHWISE, (1, 24, 24, 64), (1, 5, 5, 64), (3, 3)), 4.0),
    "3x3 by 3": (plain(DEPTHWISE, (1, 30, 30, 16), (1, 3, 3, 16), (3, 3)), 3.2),
    "3x3 by 3 to 8x8": (plain(DEPTHWISE, (1, 24, 24, 8), (1, 3, 3, 8), (3, 3)), 4.0),
    "3x3 by 3, bordered": (plain(DEPTHWISE, (1, 32, 32, 24), (1, 3, 3, 24), (3, 3)), 4.0),
    "3x3 by 4": (plain(DEPTHWISE, (1, 32, 32, 16), (1, 3, 3, 16), (4, 4)), 4.0),
    "3x3 by 2 and 4": (plain(DEPTHWISE, (1, 32, 32, 16), (1, 3, 3, 16), (2, 4)), 4.0),
    "3x3 by 3, clamped": (clamped(DEPTHWISE, (1, 30, 30, 16), (1, 3, 3, 16), (3, 3)), 4.0),
    "4x4 by 3 of 2 outputs each": (plain(DEPTHWISE, (1, 25, 25, 8), (1, 4, 4, 16), (3, 3)), 4.0),
    "6x6 by 4, unpadded": (
        plain(DEPTHWISE, (1, 34, 34, 8), (1, 6, 6, 8), (4, 4), padding=VALID),
        4.0,
    ),
    "7x7 by 3 to 8x8": (plain(DEPTHWISE, (1, 24, 24, 16), (1, 7, 7, 16), (3, 3)), 4.0),
    "1x7 by 1 and 3": (plain(DEPTHWISE, (1, 24, 24, 16), (1, 1, 7, 16), (1, 3)), 4.0),
    "2x2 by 2 to 8x8": (plain(DEPTHWISE, (1, 16, 16, 16), (1, 2, 2, 16), (2, 2)), 4.7),
    "1x3": (plain(DEPTHWISE, (1, 16, 16, 16), (1, 1, 3, 16)), 5.2),
    "1x1": (plain(DEPTHWISE, (1, 16, 16, 16), (1, 1, 1, 16)), 9.9),
    "3x3 by 2 on 6x6": (plain(DEPTHWISE, (1, 6, 6, 128), (1, 3, 3, 128), (2, 2)), 5.4),
    "pointwise": (plain(CONV, (1, 25, 5, 64), (64, 1, 1, 64)), 0.95),
    "dense": (plain(DENSE, (1, 640), (128, 640)), 1.02),
}
"""Layers as trained ones are, and the most instructions for each of their multiplications."""


@needs_device
def test_instructions(tmp_path: Path) -> None:
    spent = instructions_of([layer for layer, _ in BUDGETS.values()], tmp_path, M7)
    per_mac = {
        name: count / layer.lowered().macs
        for count, (name, (layer, _)) in zip(spent, BUDGETS.items(), strict=True)
    }
    assert {name: per for name, per in per_mac.items() if per > BUDGETS[name][1]} == {}


@needs_device
def test_the_keyword_model_by_helium(tmp_path: Path) -> None:
    """Its three kinds of layers, of two of which there are four, on a Cortex-M55."""
    depthwise = plain(DEPTHWISE, (1, 25, 5, 64), (1, 3, 3, 64))
    layers = [BUDGETS["pointwise"][0], depthwise, BUDGETS["first, 10x4"][0], BUDGETS["dense"][0]]
    pointwise, by_channel, first, dense = instructions_of(layers, tmp_path, M55)
    assert 4 * pointwise + 4 * by_channel + first < 980_000  # of 1.0 M; pooling takes 13 k
    assert dense < 0.4 * layers[-1].lowered().macs


def test_layers_by_the_vectors_of_risc_v(tmp_path: Path) -> None:
    """The keyword model's kinds of layers on the Coral NPU's core; pooling takes 2 k."""
    depthwise = plain(DEPTHWISE, (1, 25, 5, 64), (1, 3, 3, 64))
    layers = [BUDGETS["pointwise"][0], depthwise, BUDGETS["first, 10x4"][0], BUDGETS["dense"][0]]
    pointwise, by_channel, first, dense = instructions_of(layers, tmp_path, CORAL)
    assert 4 * pointwise + 4 * by_channel + first < 600_000
    assert dense < 0.45 * layers[-1].lowered().macs


def instructions_of(layers: Sequence[Layer], folder: Path, machine: Machine) -> list[float]:
    jobs = [Job(layer.lowered(), [layer.source], expected_of(layer)) for layer in layers]
    results = run_on_device(jobs, folder, machine=machine)
    assert all(result.agrees for result in results)
    return [result.instructions for result in results]


@pytest.mark.parametrize("channels", [1, 3, 16])
def test_a_column_of_pixels_is_read_as_a_line(channels: int) -> None:
    """Time in the height, where the taps of a line would lie apart, costs nothing more."""
    column = layer_of(CONV, (1, 128, 1, channels), (16, 5, 1, channels), (2, 1)).lowered()
    line = layer_of(CONV, (1, 1, 128, channels), (16, 1, 5, channels), (1, 2)).lowered()
    assert column.function == line.function
    if channels > 1:
        assert column.fields == line.fields
    for ours, theirs in zip(column.constants, line.constants, strict=True):
        np.testing.assert_array_equal(ours.values, theirs.values)


def test_sums_near_the_end_of_their_range_are_not_joined() -> None:
    dense = layer_of(DENSE, (1, 64), (4, 64))
    large = replace(dense, bias=np.full(4, 1 << 23, np.int32))
    assert dense.lowered().fields["is_joined"] == 1
    assert large.lowered().fields["is_joined"] == 0
