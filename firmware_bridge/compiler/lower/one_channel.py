"""Convolutions of an image of one channel: onto what takes the fewest instructions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.columns import convolution_call, instructions_of_output
from firmware_bridge.compiler.lower.lines import Axes, instructions_by_lines, lines_call
from firmware_bridge.compiler.lower.weighted import WeightedLayer, window_fields
from firmware_bridge.compiler.operands import quantisation_of
from firmware_bridge.compiler.requantisation import ChannelTable


def one_channel_call(
    layer: WeightedLayer,
    filters: NDArray[np.int8],
    table: ChannelTable,
    axes: Axes,
) -> KernelCall:
    """Return the call of a layer whose outputs all read the input's only channel.

    Parameters
    ----------
    layer, table
        The layer.
    filters
        ``[output channels, filter_h, filter_w]``.
    axes
        How the filter moves over height and width.
    """
    undilated = all(axis.dilation == 1 for axis in axes)
    if undilated and instructions_by_lines(axes) < instructions_of_output(filters.shape):
        by_tap = filters.transpose(1, 2, 0)
        return lines_call(layer, by_tap, table, axes)
    zero_point = quantisation_of(layer, layer.source).zero_point
    fields = window_fields(layer, *axes, zero_point)
    return convolution_call(layer, filters, table, fields)
