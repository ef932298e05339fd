"""Layers with weights, drawn at random, as .tflite models of one operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from operator_models import ModelBuilder

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lowering import LOWERINGS
from quantize.tflite import read_model
from quantize.tflite.schema import DType

Choose = Callable[[int, int], int]
"""Picks an integer between two, both included: hypothesis, or a random generator."""
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6, TANH = range(5)


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer with its values and an input; `weights` and `source` have the file's shapes."""

    kind: str
    source: NDArray[np.int8]
    weights: NDArray[np.int8]
    bias: NDArray[np.int32] | None
    source_scale: float
    source_zero: int
    weight_scales: NDArray[np.float32]
    output_scale: float
    output_zero: int
    padding: int = SAME
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    activation: int = NONE
    weight_type: DType = DType.INT8

    @property
    def output_shape(self) -> tuple[int, ...]:
        if self.kind == "FULLY_CONNECTED":
            return (len(self.source), len(self.weights))
        channels = self.weights.shape[0 if self.kind == "CONV_2D" else 3]
        sizes = zip(
            self.source.shape[1:3], self.weights.shape[1:3], self.strides, self.dilations,
            strict=True,
        )  # fmt: skip
        outputs = [
            -(-length // stride)
            if self.padding == SAME
            else (length - (taps - 1) * dilation - 1) // stride + 1
            for length, taps, stride, dilation in sizes
        ]
        return (len(self.source), *outputs, channels)

    def model(self) -> bytes:
        builder = ModelBuilder()
        source = builder.tensor(
            self.source.shape, scale=self.source_scale, zero_point=self.source_zero
        )
        weights = builder.tensor(
            self.weights.shape,
            scale=self.weight_scales,
            axis=3 if self.kind == "DEPTHWISE_CONV_2D" else 0,
            dtype=self.weight_type,
            data=self.weights,
        )
        inputs = [source, weights]
        if self.bias is not None:
            scale = np.float32(self.source_scale) * self.weight_scales
            inputs.append(
                builder.tensor(self.bias.shape, scale=scale, dtype=DType.INT32, data=self.bias)
            )
        elif self.kind == "FULLY_CONNECTED":
            inputs.append(-1)
        output = builder.tensor(
            self.output_shape, scale=self.output_scale, zero_point=self.output_zero
        )
        table, options = self._options()
        builder.operator(self.kind, tuple(inputs), (output,), table, version=3, **options)
        return builder.build((source,), (output,))

    def _options(self) -> tuple[str, dict[str, Any]]:
        if self.kind == "FULLY_CONNECTED":
            return "FullyConnected", {"fusedActivationFunction": self.activation}
        options = {
            "padding": self.padding,
            "strideH": self.strides[0],
            "strideW": self.strides[1],
            "dilationHFactor": self.dilations[0],
            "dilationWFactor": self.dilations[1],
            "fusedActivationFunction": self.activation,
        }
        if self.kind == "CONV_2D":
            return "Conv2D", options
        multiplier = self.weights.shape[3] // self.source.shape[3]
        return "DepthwiseConv2D", {**options, "depthMultiplier": multiplier}

    def lowered(self) -> KernelCall:
        graph = read_model(self.model()).main
        return LOWERINGS[self.kind](graph.layers[0])


def draw_layer(choose: Choose) -> Layer:
    """Draw a layer: any shape, any scales, values at random and at the ends of their range."""
    kind = KINDS[choose(0, 2)]
    rng = np.random.default_rng(choose(0, 1 << 30))
    if kind == "FULLY_CONNECTED":
        inputs = choose(1, 70)
        source, weights = (choose(1, 6), inputs), (choose(1, 20), inputs)
        layer = _with_values(choose, rng, kind, source, weights)
    else:
        layer = _convolution(choose, rng, kind)
    return replace(layer, activation=choose(NONE, RELU6))


def _convolution(choose: Choose, rng: np.random.Generator, kind: str) -> Layer:
    taps = ((choose(1, 5), choose(1, 5)), (1, 1), (3, 3))[choose(0, 2)]
    strides = (choose(1, 4), choose(1, 4)) if choose(0, 1) else (1, 1)
    dilations = (choose(1, 3), choose(1, 3)) if choose(0, 2) == 0 else (1, 1)
    padding = choose(SAME, VALID)
    lengths = [choose(1, 12), choose(1, 12)]
    if padding == VALID:
        reaches = [(tap - 1) * step + 1 for tap, step in zip(taps, dilations, strict=True)]
        lengths = [max(pair) for pair in zip(lengths, reaches, strict=True)]
    groups = choose(2, 4) if kind == "CONV_2D" and choose(0, 4) == 0 else 1
    channels = choose(1, 19)
    source = (choose(1, 2), lengths[0], lengths[1], channels * groups)
    if kind == "CONV_2D":
        weights = (choose(1, 19) * groups, *taps, channels)
    else:
        multiplier = max(choose(-2, 3), 1)
        weights = (1, *taps, channels * multiplier)
    layer = _with_values(choose, rng, kind, source, weights)
    return replace(layer, padding=padding, strides=strides, dilations=dilations)


def _with_values(
    choose: Choose,
    rng: np.random.Generator,
    kind: str,
    source_shape: tuple[int, ...],
    weights_shape: tuple[int, ...],
) -> Layer:
    channels = weights_shape[3 if kind == "DEPTHWISE_CONV_2D" else 0]
    depth = np.prod(weights_shape) / channels
    source_scale = float(np.float32(10.0 ** rng.uniform(-3, 0)))
    output_scale = float(np.float32(10.0 ** rng.uniform(-3, 1)))
    # Mostly so that outputs fill int8; sometimes all saturate, or all are the zero point.
    magnitude = rng.uniform(-3.5, -0.5) if choose(0, 9) else rng.uniform(-8, 1)
    scales = 10.0 ** (magnitude + rng.uniform(-0.5, 0.5, channels if choose(0, 2) else 1))
    return Layer(
        kind=kind,
        source=_values(choose, rng, source_shape),
        weights=_values(choose, rng, weights_shape),
        bias=rng.integers(-20000, 20001, channels).astype(np.int32) if choose(0, 4) else None,
        source_scale=source_scale,
        source_zero=choose(-128, 127),
        weight_scales=(scales * output_scale / source_scale / depth**0.5).astype(np.float32),
        output_scale=output_scale,
        output_zero=choose(-128, 127),
    )


def _values(choose: Choose, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int8]:
    if choose(0, 4) == 0:
        return rng.choice([-128, 127], shape).astype(np.int8)
    return rng.integers(-128, 128, shape).astype(np.int8)


def layers_at_random(count: int, *, seed: int) -> list[Layer]:
    """The same layers for the same seed."""
    rng = np.random.default_rng(seed)
    return [draw_layer(lambda low, high: int(rng.integers(low, high + 1))) for _ in range(count)]
