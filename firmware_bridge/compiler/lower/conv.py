"""CONV_2D: onto i8_conv_2d, or onto i8_fully_connected where there is a single pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.fixed_point import multiply
from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.columns import convolution_call
from firmware_bridge.compiler.lower.one_channel import one_channel_call
from firmware_bridge.compiler.lower.unary import lookup_call
from firmware_bridge.compiler.lower.weighted import (
    WeightedLayer,
    convolution_multipliers,
    fully_connected_call,
    weighted_layer,
    window_axes,
    window_fields,
)
from firmware_bridge.compiler.operands import (
    multiplier_of,
    options_of,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.requantisation import (
    ChannelTable,
    bias_of,
    channel_table,
    weight_scales,
)
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer
from quantize.tflite.options import Conv2DOptions
from quantize.tflite.window import WindowAxis

_WORTH_A_TABLE = 64
"""Inputs of a layer of a single weight from which on it is looked up."""


def lower_conv_2d(layer: Layer) -> KernelCall:
    """Lower CONV_2D with constant int8 or int4 filters, per tensor or per channel.

    Raises
    ------
    BadInput
        When the layer is not one that TFLite-Micro defines.
    """
    weighted = _ungrouped(weighted_layer(layer))
    options = options_of(layer, Conv2DOptions)
    vertical, horizontal = _along_width(*window_axes(weighted, options))
    scales = weight_scales(layer, weighted.weights, 0)
    matrix = weighted.values.reshape(len(weighted.values), -1)
    multipliers = convolution_multipliers(weighted, scales)
    table = channel_table(layer, matrix, multipliers, options.activation)
    zero_point = quantisation_of(layer, weighted.source).zero_point
    padded = vertical.padded or horizontal.padded
    if not padded and weighted.source.elements == matrix.shape[1]:
        # One pixel: the filter covers the whole input, in its order.
        return fully_connected_call(weighted, table)
    if matrix.size == 1 and weighted.source.elements == weighted.target.elements >= _WORTH_A_TABLE:
        return _by_table(weighted, table, float(multipliers[0]))
    filters = weighted.values.reshape(len(matrix), vertical.taps, -1)
    if weighted.source.shape[3] == 1:
        return one_channel_call(weighted, filters, table, (vertical, horizontal))
    fields = window_fields(weighted, vertical, horizontal, zero_point)
    return convolution_call(weighted, filters, table, fields)


def _along_width(vertical: WindowAxis, horizontal: WindowAxis) -> tuple[WindowAxis, WindowAxis]:
    """See what goes along the height alone as going along the width: its bytes lie alike.

    A filter's taps along the width lie side by side, and are read as one run; not so dilated ones.
    """
    is_column = horizontal.length == horizontal.taps == 1
    if is_column and vertical.dilation == 1:
        return horizontal, vertical
    return vertical, horizontal


def _ungrouped(layer: WeightedLayer) -> WeightedLayer:
    """Return a layer whose filters see all channels: those of the other groups by weights of 0."""
    depth, (outputs, high, wide, seen) = layer.source.shape[3], layer.weights.shape
    if seen == depth:
        return layer
    if depth % seen or outputs % (depth // seen):
        refuse(layer, f"its {outputs} filters of {seen} channels do not part {depth}")
    groups = depth // seen
    values = np.zeros((groups, outputs // groups, high, wide, groups, seen), np.int8)
    for group, filters in enumerate(np.split(layer.values, groups)):
        values[group, :, :, :, group] = filters
    return replace(layer, values=values.reshape(outputs, high, wide, depth))


def _by_table(
    layer: WeightedLayer,
    table: ChannelTable,
    multiplier: float,
) -> KernelCall:
    """Return the lookup that a layer of a single weight is: each output follows from one input."""
    source = quantisation_of(layer, layer.source)
    target = quantisation_of(layer, layer.target)

    def outputs() -> NDArray[np.int8]:
        inputs = np.arange(-128, 128, dtype=np.int64) - source.zero_point
        sums = bias_of(layer, 1) + int(layer.values.flat[0]) * inputs
        values = multiply(sums, *multiplier_of(layer, multiplier)) + target.zero_point
        return np.clip(values, table.minimum, table.maximum).astype(np.int8)

    macs = count_macs(layer) or 0
    return replace(lookup_call(layer, outputs), macs=macs)
