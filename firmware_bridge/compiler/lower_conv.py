"""CONV_2D: onto i8_conv_2d, or onto i8_fully_connected where there is a single pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.operands import options_of, quantisation_of, refuse
from firmware_bridge.compiler.packing import ROW_MULTIPLE, pack_rows, round_up
from firmware_bridge.compiler.records import Field, KernelCall
from firmware_bridge.compiler.requantisation import ChannelTable, channel_table, weight_scales
from firmware_bridge.compiler.weighted import (
    WeightedLayer,
    constants,
    convolution_multipliers,
    fully_connected_call,
    output_fields,
    weighted_layer,
    window_axes,
    window_fields,
)
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import Conv2DOptions

_COLUMN_BYTES = 8  # four pixels of int16, for each weight of a row


def lower_conv_2d(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower CONV_2D with constant int8 filters, per tensor or per channel.

    Raises
    ------
    BadInput
        When the filters are grouped, or the layer is not one that TFLite-Micro defines.
    """
    layer = weighted_layer(operator, graph)
    options = options_of(operator, graph, Conv2DOptions)
    groups = layer.source.shape[3] // layer.weights.shape[3]
    if groups != 1:
        refuse(operator, graph, f"its filters are in {groups} groups")
    vertical, horizontal = window_axes(operator, graph, layer, options)
    scales = weight_scales(operator, graph, layer.weights, 0)
    matrix = layer.values.reshape(len(layer.values), -1)
    multipliers = convolution_multipliers(operator, graph, layer, scales)
    table = channel_table(operator, graph, matrix, multipliers, options.activation)
    zero_point = quantisation_of(operator, graph, layer.source).zero_point
    fields = window_fields(layer, vertical, horizontal, zero_point)
    padded = vertical.padded or horizontal.padded
    if not padded and layer.source.elements == matrix.shape[1]:
        # One pixel: the filter covers the whole input, in its order.
        return fully_connected_call(operator, graph, layer, table)
    gathers = padded or vertical.taps > 1 or horizontal.taps > 1
    return convolution_call(operator, graph, layer, matrix, table, fields, gathers=gathers)


def convolution_call(
    operator: Operator,
    graph: Subgraph,
    layer: WeightedLayer,
    matrix: NDArray[np.int8],
    table: ChannelTable,
    fields: dict[str, Field],
    *,
    gathers: bool,
) -> KernelCall:
    """Return the call of i8_conv_2d.

    Parameters
    ----------
    operator, graph, layer, table
        The layer.
    matrix
        ``[output channels, filter_h * filter_w * input_c]``.
    fields
        Its window, see `window_fields`.
    gathers
        Whether the kernel copies patches, rather than read pixels where they lie.
    """
    row_bytes = round_up(matrix.shape[1], ROW_MULTIPLE)
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_conv_2d",
        header="i8_conv_2d.h",
        struct="i8_conv_2d",
        fields={
            **output_fields(table),
            **fields,
            "row_bytes": row_bytes,
            "gathers": int(gathers),
        },
        constants=constants(pack_rows(matrix), table.words),
        inputs=(layer.source.index,),
        outputs=(layer.output.index,),
        scratch_bytes=row_bytes * (_COLUMN_BYTES + int(gathers)),
        macs=count_macs(graph, operator) or 0,
    )
