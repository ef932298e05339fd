"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED: every byte is TFLite-Micro's."""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from host_kernels import SANITIZERS, compile_kernels, run_call
from operator_models import ModelBuilder, micro_outputs
from weighted_layers import (
    NONE,
    RELU,
    RELU6,
    SAME,
    TANH,
    VALID,
    Layer,
    draw_layer,
    layers_at_random,
)

from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.lowering import LOWERINGS
from firmware_bridge.compiler.requantisation import Rounding
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.schema import DType

GCC = shutil.which("gcc") or ""
pytestmark = pytest.mark.skipif(not GCC, reason="needs gcc")
Check = Callable[[Layer], NDArray[np.int8]]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    folder = tmp_path_factory.mktemp("kernels")
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
    library = ctypes.CDLL(str(compile_kernels(folder, *flags)))

    def check_layer(layer: Layer) -> NDArray[np.int8]:
        expected = micro_outputs(layer.model(), layer.source[np.newaxis])[0]
        size = math.prod(layer.output_shape)
        (output,) = run_call(library, layer.lowered(), [layer.source], [size])
        np.testing.assert_array_equal(output.reshape(expected.shape), expected)
        return output

    return check_layer


def layer_of(
    kind: str, source: tuple[int, ...], weights: tuple[int, ...], *, seed: int = 0
) -> Layer:
    """A layer whose outputs fill int8."""
    rng = np.random.default_rng(seed)
    channels = weights[3 if kind == "DEPTHWISE_CONV_2D" else 0]
    depth = math.prod(weights) / channels
    return Layer(
        kind=kind,
        source=rng.integers(-128, 128, source).astype(np.int8),
        weights=rng.integers(-127, 128, weights).astype(np.int8),
        bias=rng.integers(-5000, 5000, channels).astype(np.int32),
        source_scale=0.03,
        source_zero=-7,
        weight_scales=(rng.uniform(0.5, 1.5, channels) * 0.01).astype(np.float32),
        output_scale=0.03 * depth**0.5,
        output_zero=5,
    )


@given(st.data())
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_any_layer(check: Check, data: st.DataObject) -> None:
    check(draw_layer(lambda low, high: data.draw(st.integers(low, high))))


def of_four_bits(layer: Layer) -> Layer:
    """Return a layer with int4 weights; those of FULLY_CONNECTED have one scale."""
    count = 1 if layer.kind == "FULLY_CONNECTED" else layer.weight_scales.size
    scales = 16 * layer.weight_scales[:count]
    return replace(layer, weights=layer.weights >> 4, weight_type=DType.INT4, weight_scales=scales)


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_layer_of_four_bits(check: Check, data: st.DataObject) -> None:
    layer = of_four_bits(draw_layer(lambda low, high: data.draw(st.integers(low, high))))
    check(layer)
    packed, plain = layer.lowered(), replace(layer, weight_type=DType.INT8).lowered()
    assert packed.fields == plain.fields
    for one, other in zip(packed.constants, plain.constants, strict=True):
        np.testing.assert_array_equal(one.values, other.values, strict=True)


@pytest.mark.parametrize(
    "layer",
    [
        layer_of("CONV_2D", (1, 49, 10, 1), (64, 10, 4, 1)),
        layer_of("CONV_2D", (1, 8, 8, 130), (3, 3, 3, 130)),
        layer_of("CONV_2D", (3, 1, 1, 9), (5, 1, 1, 9)),
        layer_of("CONV_2D", (1, 1, 3, 9), (5, 1, 1, 9)),
        layer_of("CONV_2D", (1, 7, 6, 12), (8, 3, 3, 3)),
        layer_of("CONV_2D", (1, 7, 6, 4), (8, 3, 3, 1)),
        layer_of("DEPTHWISE_CONV_2D", (2, 3, 3, 5), (1, 3, 3, 5)),
        layer_of("DEPTHWISE_CONV_2D", (1, 1, 1, 4), (1, 3, 3, 4)),
        layer_of("DEPTHWISE_CONV_2D", (1, 2, 30, 6), (1, 3, 3, 6)),
        layer_of("DEPTHWISE_CONV_2D", (1, 30, 2, 6), (1, 3, 3, 6)),
        layer_of("DEPTHWISE_CONV_2D", (1, 9, 9, 1), (1, 4, 4, 8)),
        layer_of("FULLY_CONNECTED", (1, 3000), (7, 3000)),
        layer_of("FULLY_CONNECTED", (9, 1), (1, 1)),
    ],
    ids=lambda layer: f"{layer.kind}-{layer.source.shape}-{layer.weights.shape}",
)
@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("stride", [1, 2, 5])
def test_shapes(check: Check, layer: Layer, padding: int, stride: int) -> None:
    drawn = replace(layer, padding=padding, strides=(stride, stride))
    if layer.kind != "FULLY_CONNECTED" and min(drawn.output_shape) < 1:
        drawn = replace(drawn, padding=SAME)
    outputs = check(drawn)
    assert np.unique(outputs).size > min(outputs.size, 256) // 8


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize("activation", [NONE, RELU, RELU6])
@pytest.mark.parametrize("zero", [-128, 3])
def test_roundings(check: Check, kind: str, activation: int, zero: int) -> None:
    """Multipliers around every power of two, where halves and shifts of 0 meet the sign."""
    channels = 40
    source, weights = {
        "CONV_2D": ((1, 5, 5, 2), (channels, 1, 1, 2)),
        "DEPTHWISE_CONV_2D": ((1, 6, 6, channels), (1, 3, 3, channels)),
        "FULLY_CONNECTED": ((1, 2), (channels, 2)),
    }[kind]
    layer = layer_of(kind, source, weights)
    powers = np.repeat(2.0 ** -np.arange(10), 4) * np.tile([1, 1 - 1e-6, 1 + 1e-6, 1.4], 10)
    layer = replace(
        layer,
        weights=np.sign(layer.weights),
        bias=np.arange(-20, 20, dtype=np.int32),
        source_scale=1.0,
        weight_scales=powers.astype(np.float32),
        output_scale=1.0,
        output_zero=zero,
        activation=activation,
    )
    check(layer)
    if activation == NONE:
        assert layer.lowered().fields["rounding"] == Rounding.WIDE.value
    without_shift_of_0 = replace(layer, output_scale=4.0)
    cut_at_zero = activation != NONE or zero == -128
    expected = Rounding.HALVES_UP if cut_at_zero else Rounding.HALVES_AWAY
    assert without_shift_of_0.lowered().fields["rounding"] == expected.value
    check(without_shift_of_0)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_channels_that_training_let_die(check: Check, kind: str) -> None:
    """Weights of 0 under tiny scales, and weights of 1 under biases of 2^30."""
    source, weights = {
        "CONV_2D": ((1, 5, 5, 3), (8, 3, 3, 3)),
        "DEPTHWISE_CONV_2D": ((1, 6, 6, 8), (1, 3, 3, 8)),
        "FULLY_CONNECTED": ((1, 30), (8, 30)),
    }[kind]
    layer = layer_of(kind, source, weights)
    values, scales, bias = layer.weights.copy(), layer.weight_scales.copy(), layer.bias
    assert bias is not None
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    np.moveaxis(values, axis, 0)[2] = 0
    scales[2] = 1e-9
    bias[2] = 1 << 29
    dead = replace(layer, weights=values, weight_scales=scales, bias=bias)
    assert dead.lowered().fields["rounding"] == Rounding.HALVES_AWAY.value
    check(dead)
    values, bias = values.copy(), bias.copy()
    np.moveaxis(values, axis, 0)[2] = 1
    bias[2] = (1 << 30) + 12345
    dying = replace(dead, weights=values, bias=bias)
    assert dying.lowered().fields["rounding"] == Rounding.WIDE.value
    check(dying)


def test_sanitized_library_stays_in_its_buffers(tmp_path: Path) -> None:
    found = subprocess.run(
        [GCC, "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    )
    count, seed = 150, 17
    library = compile_kernels(tmp_path, *SANITIZERS)
    root = Path(__file__).parents[3]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root),
        "LD_PRELOAD": found.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    child = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("sanitized_child.py")),
         str(library), str(count), str(seed)],
        check=False, capture_output=True, env=environment,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr.decode()[-3000:]
    expected = [
        micro_outputs(layer.model(), layer.source[np.newaxis])[0].tobytes()
        for layer in layers_at_random(count, seed=seed)
    ]
    assert child.stdout == b"".join(expected)


def refusal(layer: Layer, model: bytes | None = None) -> str:
    graph = read_model(layer.model() if model is None else model).main
    with pytest.raises(BadInput) as error:
        LOWERINGS[layer.kind](graph.layers[0])
    assert f"operator 0 {layer.kind}" in error.value.message
    return error.value.message


def test_refuses_what_it_cannot_do_exactly() -> None:
    convolution = layer_of("CONV_2D", (1, 4, 4, 6), (4, 3, 3, 6))
    dense = layer_of("FULLY_CONNECTED", (1, 8), (4, 8))
    grouped = replace(convolution, source=np.zeros((1, 4, 4, 18), np.int8))
    assert "its 4 filters of 6 channels do not part 18" in refusal(grouped)
    assert "activation TANH" in refusal(replace(dense, activation=TANH))
    four_bits = replace(of_four_bits(dense), weight_scales=dense.weight_scales)
    assert "its int4 weights have a scale for each channel" in refusal(four_bits)
    huge = np.full(4, (1 << 31) - 1000, np.int32)
    assert "sums of channel 0 may overflow 32 bits" in refusal(replace(dense, bias=huge))


def test_refuses_weights_that_are_not_constant() -> None:
    builder = ModelBuilder()
    source = builder.tensor((1, 8), scale=0.1)
    weights = builder.tensor((4, 8), scale=0.1)
    output = builder.tensor((1, 4), scale=0.1)
    builder.operator("FULLY_CONNECTED", (source, weights, -1), (output,), "FullyConnected")
    graph = read_model(builder.build((source, weights), (output,))).main
    with pytest.raises(BadInput, match="weights are not constant"):
        LOWERINGS["FULLY_CONNECTED"](graph.layers[0])


def test_refuses_weights_with_a_zero_point() -> None:
    builder = ModelBuilder()
    source = builder.tensor((1, 8), scale=0.1)
    values = np.ones((4, 8), np.int8)
    weights = builder.tensor((4, 8), scale=0.1, zero_point=1, data=values)
    output = builder.tensor((1, 4), scale=0.1)
    builder.operator("FULLY_CONNECTED", (source, weights, -1), (output,), "FullyConnected")
    graph = read_model(builder.build((source,), (output,))).main
    with pytest.raises(BadInput, match="zero point other than 0"):
        LOWERINGS["FULLY_CONNECTED"](graph.layers[0])


@pytest.mark.parametrize("kind", [DType.INT8, DType.INT4])
def test_refuses_a_bias_of_another_scale(kind: DType) -> None:
    builder = ModelBuilder()
    source = builder.tensor((1, 8), scale=0.1)
    weights = builder.tensor((4, 8), scale=0.1, dtype=kind, data=np.ones((4, 8), np.int8))
    bias = builder.tensor((4,), dtype=DType.INT32, scale=0.1, data=np.ones(4, np.int32))
    output = builder.tensor((1, 4), scale=0.1)
    builder.operator("FULLY_CONNECTED", (source, weights, bias), (output,), "FullyConnected")
    with pytest.raises(BadInput, match="the scale of its bias"):
        compile_model(builder.build((source,), (output,)), "m")
