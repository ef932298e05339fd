"""How the sums of a layer become int8: the per-channel words of kernels/include/i8_requantise.h."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.fixed_point import INT32_MAX, INT32_MIN, multiply
from firmware_bridge.compiler.operands import (
    activation_range,
    input_tensor,
    multiplier_of,
    quantisation_of,
    refuse,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.schema import Activation, DType

WORDS = 4
"""int32 words a channel."""
_NARROW_SUM = 1 << 30


class Rounding(Enum):
    """How a layer's words are to be read: enum i8_rounding of i8_requantise.h."""

    HALVES_UP = 0
    HALVES_AWAY = 1
    WIDE = 2


@dataclass(frozen=True, slots=True, eq=False)
class ChannelTable:
    """What is done to the sums of a layer.

    Parameters
    ----------
    words
        int32 ``[channels, 4]``, see i8_requantise.h.
    rounding
        How they are to be read.
    minimum, maximum
        What outputs are clamped to.
    largest_sum
        The most that a sum can be, or its opposite, bias included.
    """

    words: NDArray[np.int32]
    rounding: Rounding
    minimum: int
    maximum: int
    largest_sum: int


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Folded biases, and the least and largest sum of each channel, all int64 ``[channels]``."""

    bias: NDArray[np.int64]
    least: NDArray[np.int64]
    most: NDArray[np.int64]


def weight_scales(layer: Layer, weights: Tensor, channel_axis: int) -> NDArray[np.float32]:
    """Return the scale of each output channel's weights.

    Raises
    ------
    BadInput
        When the weights are not quantised symmetrically as a whole or along `channel_axis`.
    """
    quantisation = weights.quantisation
    channels = weights.shape[channel_axis]
    if quantisation is None:
        refuse(layer, "its weights are not quantised")
    if np.any(quantisation.zero_points != 0):
        refuse(layer, "its weights have a zero point other than 0")
    if quantisation.per_axis and quantisation.axis != channel_axis:
        refuse(
            layer, f"its weights have scales along axis {quantisation.axis}, "
            f"not along the output channels (axis {channel_axis})",
        )  # fmt: skip
    return np.broadcast_to(quantisation.scales, channels)


def bias_of(layer: Layer, channels: int) -> NDArray[np.int64]:
    """Return the bias of each output channel, zeros where there is none."""
    tensor = layer.input(2)
    if tensor is None:
        return np.zeros(channels, np.int64)
    if tensor.data is None or tensor.dtype is not DType.INT32 or tensor.elements != channels:
        refuse(layer, f"its bias is not {channels} constant int32")
    return np.asarray(tensor.data, np.int64).reshape(-1)


def channel_table(
    layer: Layer,
    weights: NDArray[np.int8],
    real_multipliers: NDArray[np.float64],
    activation: Activation,
) -> ChannelTable:
    """Return the words of every output channel.

    Parameters
    ----------
    layer
        The layer: input 0 and output 0 are quantised as a whole, input 2 is the bias.
    weights
        ``[channels, weights of a channel]``.
    real_multipliers
        Input scale times weight scale over output scale, of each channel.
    activation
        The fused one.

    Raises
    ------
    BadInput
        When sums may overflow int32, where TFLite-Micro's result is not defined either.
    """
    output = layer.outputs[0]
    zero_point = quantisation_of(layer, output).zero_point
    minimum, maximum = activation_range(layer, activation, output)
    sums = _sums(layer, weights)
    pairs = [multiplier_of(layer, float(real)) for real in real_multipliers]
    _refuse_overflow(layer, sums, pairs)
    # Nothing below the zero point is left by ReLU.
    rounding = Rounding.HALVES_UP if minimum >= zero_point else Rounding.HALVES_AWAY
    least_right = 0 if rounding is Rounding.HALVES_UP else 1
    constant = ~np.any(weights, axis=1)
    narrow = [
        _constant_words(int(sums.bias[channel]), pair, zero_point)
        if constant[channel]
        else _narrow_words(sums, channel, pair, zero_point, least_right)
        for channel, pair in enumerate(pairs)
    ]
    rows = [words for words in narrow if words is not None]
    if len(rows) < len(narrow):
        rounding = Rounding.WIDE
        rows = [
            (int(bias), multiplier, zero_point, shift)
            for bias, (multiplier, shift) in zip(sums.bias, pairs, strict=True)
        ]
    # A folded bias may pass 32 bits where the sums do not: these are right modulo 2^32.
    words = np.array(rows, np.int64).astype(np.int32).reshape(-1, WORDS)
    summed = ~constant | (rounding is Rounding.WIDE)
    ends = np.abs(np.stack([sums.least[summed], sums.most[summed]]))
    largest = int(ends.max(initial=0))
    return ChannelTable(words, rounding, minimum, maximum, largest)


def _refuse_overflow(layer: Layer, sums: _Sums, pairs: list[tuple[int, int]]) -> None:
    for channel, (_, shift) in enumerate(pairs):
        left = max(shift, 0)
        least, most = int(sums.least[channel]) << left, int(sums.most[channel]) << left
        if least < INT32_MIN or most > INT32_MAX:
            refuse(layer, f"the sums of channel {channel} may overflow 32 bits")


def _sums(layer: Layer, weights: NDArray[np.int8]) -> _Sums:
    zero_point = quantisation_of(layer, input_tensor(layer, 0)).zero_point
    wide = weights.astype(np.int64)
    bias = bias_of(layer, len(wide)) - zero_point * wide.sum(axis=1)
    positive, negative = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    return _Sums(
        bias, bias - 128 * positive + 127 * negative, bias + 127 * positive - 128 * negative
    )


def _constant_words(bias: int, pair: tuple[int, int], zero_point: int) -> tuple[int, int, int, int]:
    """Weights of 0, as pruned channels have them, often beside scales far from all others."""
    output = int(multiply(bias, *pair)) + zero_point
    return 0, 0, min(max(output, -128), 127), 0


def _narrow_words(
    sums: _Sums, channel: int, pair: tuple[int, int], zero_point: int, least_right: int
) -> tuple[int, int, int, int] | None:
    """Return the words of a channel, ``None`` where they do not fit."""
    multiplier, shift = pair
    right = -shift
    largest = max(abs(int(sums.least[channel])), abs(int(sums.most[channel])))
    if right < least_right or largest >= _NARROW_SUM:
        return None
    rounding = ((1 << right) >> 1) + (zero_point << right)
    high = ((largest * multiplier) >> 31) + 2
    if abs(rounding) + high > INT32_MAX:
        return None
    return int(sums.bias[channel]), multiplier, rounding, right
