"""What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.packing import (
    GROUP,
    can_join,
    join_pairs,
    joined_constant,
    pack_rows_of_four,
    pad_channels,
    round_up,
)
from firmware_bridge.compiler.operands import (
    check_dtype,
    computed_input,
    input_tensor,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.requantisation import ChannelTable
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import Conv2DOptions, DepthwiseConv2DOptions
from quantize.tflite.schema import DType
from quantize.tflite.window import WindowAxis


@dataclass(frozen=True, slots=True, eq=False)
class WeightedLayer(Layer):
    """A layer with constant weights, and its tensors, checked.

    Parameters
    ----------
    source, weights, target
        Its tensors.
    values
        The weights as int8, in the shape that the file has.
    """

    source: Tensor
    weights: Tensor
    target: Tensor
    values: NDArray[np.int8]


def weighted_layer(layer: Layer) -> WeightedLayer:
    """Check a layer's tensors.

    Raises
    ------
    BadInput
        When input or output is not int8 and computed, or the weights are not constant int8 or
        int4.
    """
    weights = input_tensor(layer, 1)
    if weights.dtype is not DType.INT4:
        check_dtype(layer, weights, "its weights", DType.INT8)
    if weights.data is None:
        refuse(layer, "its weights are not constant")
    return WeightedLayer(
        graph=layer.graph,
        operator=layer.operator,
        source=computed_input(layer),
        weights=weights,
        target=output_tensor(layer),
        values=_values(weights, weights.data),
    )


def _values(weights: Tensor, data: NDArray[Any]) -> NDArray[np.int8]:
    """Return weights as int8; of int4 two lie in a byte, the first in its lower bits."""
    if weights.dtype is not DType.INT4:
        return np.asarray(data, np.int8)
    nibbles = np.stack([data << 4, data & 0xF0], axis=-1).astype(np.uint8).view(np.int8)
    return (nibbles >> 4).reshape(-1)[: weights.elements].reshape(weights.shape)


def convolution_multipliers(
    layer: WeightedLayer, scales: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return input scale times weight scale over output scale, in double precision throughout."""
    source = quantisation_of(layer, layer.source).scale
    output = quantisation_of(layer, layer.target).scale
    return source * scales.astype(np.float64) / output


_PART = 256
"""Inputs of FULLY_CONNECTED that are widened at a time where not all are."""
_MOST_JOINED = 1 << 23
"""Sums below it can be taken times 256."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedWeights:
    """Weights and channel table as a kernel of i8_dot.h reads them.

    Parameters
    ----------
    weights
        int8, flat.
    channels
        int32 ``[channels, 4]``.
    is_joined
        Whether weights are stored in pairs, and sums come times 256.
    """

    weights: NDArray[np.int8]
    channels: NDArray[np.int32]
    is_joined: bool


def packed_weights(
    matrix: NDArray[np.int8],
    table: ChannelTable,
    pack: Callable[[NDArray[np.int8]], NDArray[np.int8]],
) -> PackedWeights:
    """Pack weights ``[channels, depth]``, joined where they and their sums allow it.

    `pack` keeps each two weights that follow each other, from the first on, side by side.
    """
    channels, depth = matrix.shape
    even = np.zeros((channels, round_up(depth, 2)), np.int8)
    even[:, :depth] = matrix
    if table.largest_sum >= _MOST_JOINED or not can_join(even.reshape(-1)):
        return PackedWeights(pack(matrix), table.words, False)
    bias = (table.words[:, 0].astype(np.int64) << 8) - joined_constant(even)
    words = table.words.copy()
    words[:, 0] = bias.astype(np.int32)  # right modulo 2^32
    return PackedWeights(join_pairs(pack(matrix)), words, True)


def output_fields(table: ChannelTable) -> dict[str, Field]:
    """Return the fields that every layer with weights has."""
    return {
        "weights": "weights",
        "channels": "channels",
        "output_minimum": table.minimum,
        "output_maximum": table.maximum,
        "rounding": table.rounding.value,
    }


def constants(weights: NDArray[np.int8], channels: NDArray[np.int32]) -> tuple[Constant, ...]:
    """Return packed weights and channel table as constants."""
    return Constant("weights", weights), Constant("channels", channels.reshape(-1))


def window_axes(
    layer: WeightedLayer,
    options: Conv2DOptions | DepthwiseConv2DOptions,
) -> tuple[WindowAxis, WindowAxis]:
    """Return how the filter moves over height and width.

    Raises
    ------
    BadInput
        When the output is not of the size that follows from it.
    """
    _, input_h, input_w, _ = layer.source.shape
    _, filter_h, filter_w, _ = layer.weights.shape
    vertical = WindowAxis(input_h, filter_h, options.stride_h, options.dilation_h, options.padding)
    horizontal = WindowAxis(
        input_w, filter_w, options.stride_w, options.dilation_w, options.padding
    )
    expected = (layer.source.shape[0], vertical.outputs, horizontal.outputs)
    if layer.target.shape[:3] != expected:
        refuse(
            layer,
            f"its output is {list(layer.target.shape)}, where batch, height and width follow "
            f"to be {list(expected)}",
        )
    return vertical, horizontal


def window_fields(
    layer: WeightedLayer, vertical: WindowAxis, horizontal: WindowAxis, zero_point: int
) -> dict[str, Field]:
    """Return the fields of a layer whose filter moves over height and width."""
    return {
        "batches": layer.source.shape[0],
        "input_h": vertical.length,
        "input_w": horizontal.length,
        "input_c": layer.source.shape[3],
        "filter_h": vertical.taps,
        "filter_w": horizontal.taps,
        "output_h": vertical.outputs,
        "output_w": horizontal.outputs,
        "output_c": layer.target.shape[3],
        "stride_h": vertical.stride,
        "stride_w": horizontal.stride,
        "dilation_h": vertical.dilation,
        "dilation_w": horizontal.dilation,
        "pad_top": vertical.before,
        "pad_left": horizontal.before,
        "input_zero_point": zero_point,
    }


def fully_connected_call(
    layer: WeightedLayer,
    table: ChannelTable,
) -> KernelCall:
    """Return the call that multiplies one vector by a matrix of ``[outputs, inputs]``."""
    matrix = layer.values.reshape(len(table.words), -1)
    outputs, inputs = matrix.shape
    packed = packed_weights(matrix, table, pack_rows_of_four)
    part, scratch_bytes = _input_part(inputs, outputs)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_fully_connected",
        header="i8_fully_connected.h",
        struct="i8_fully_connected",
        fields={
            **output_fields(table),
            "inputs": inputs,
            "outputs": outputs,
            "part": part,
            "is_joined": int(packed.is_joined),
        },
        constants=constants(packed.weights, pad_channels(packed.channels)),
        inputs=(layer.source.index,),
        outputs=(layer.target.index,),
        scratch_bytes=scratch_bytes,
        macs=count_macs(layer) or 0,
    )


def _input_part(inputs: int, outputs: int) -> tuple[int, int]:
    """Return how many inputs are widened at a time, and the scratch that takes.

    All of them, but where the sums of parts take much less memory than that.
    """
    whole, sums = 2 * round_up(inputs, GROUP), 4 * round_up(outputs, GROUP)
    parts = 2 * _PART + sums
    return (_PART, parts) if 2 * parts <= whole else (round_up(inputs, GROUP), whole)
