"""DEPTHWISE_CONV_2D: onto i8_depthwise_conv_2d; i8_conv_2d where the input has one channel."""

from __future__ import annotations

from firmware_bridge.compiler.lower_conv import convolution_call
from firmware_bridge.compiler.operands import options_of, quantisation_of, refuse
from firmware_bridge.compiler.packing import pack_channel_blocks, pack_three_taps, round_up
from firmware_bridge.compiler.records import KernelCall
from firmware_bridge.compiler.requantisation import ChannelTable, channel_table, weight_scales
from firmware_bridge.compiler.weighted import (
    WeightedLayer,
    constants,
    convolution_multipliers,
    output_fields,
    weighted_layer,
    window_axes,
    window_fields,
)
from firmware_bridge.compiler.window import WindowAxis
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import DepthwiseConv2DOptions
from quantize.tflite.redundancy import depth_multiplier_problem


def lower_depthwise_conv_2d(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower DEPTHWISE_CONV_2D with constant int8 filters, per tensor or per channel.

    Raises
    ------
    BadInput
        When the layer is not one that TFLite-Micro defines.
    """
    layer = weighted_layer(operator, graph)
    options = options_of(operator, graph, DepthwiseConv2DOptions)
    if problem := depth_multiplier_problem(graph, operator):
        refuse(operator, graph, problem, hint="set the field to what the weights imply")
    vertical, horizontal = window_axes(operator, graph, layer, options)
    scales = weight_scales(operator, graph, layer.weights, 3)
    taps = layer.values.reshape(-1, layer.values.shape[3])
    multipliers = convolution_multipliers(operator, graph, layer, scales)
    table = channel_table(operator, graph, taps.T, multipliers, options.activation)
    zero_point = quantisation_of(operator, graph, layer.source).zero_point
    fields = window_fields(layer, vertical, horizontal, zero_point)
    if layer.source.shape[3] == 1:
        # Every output channel reads the one input channel, as in an ordinary convolution.
        filters = layer.values[0].transpose(2, 0, 1)
        return convolution_call(operator, graph, layer, filters, table, fields)
    if _is_3x3(layer, vertical, horizontal):
        return _depthwise_3x3(operator, graph, layer, table, vertical, horizontal)
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_depthwise_conv_2d",
        header="i8_depthwise_conv_2d.h",
        struct="i8_depthwise_conv_2d",
        fields={
            **output_fields(table),
            **fields,
        },
        constants=constants(pack_channel_blocks(taps), table.words),
        inputs=(layer.source.index,),
        outputs=(layer.output.index,),
        scratch_bytes=len(taps) * layer.source.shape[3],
        macs=count_macs(graph, operator) or 0,
    )


def _is_3x3(layer: WeightedLayer, vertical: WindowAxis, horizontal: WindowAxis) -> bool:
    """Whether i8_depthwise_3x3 can run the layer."""
    along, _ = _along_and_across(vertical, horizontal)
    return (
        vertical.taps == horizontal.taps == 3
        and vertical.dilation == horizontal.dilation == 1
        and layer.source.shape[3] == layer.output.shape[3]
        and along.stride <= 2
    )


def _along_and_across(
    vertical: WindowAxis, horizontal: WindowAxis
) -> tuple[WindowAxis, WindowAxis]:
    """Return the axis that lines run along: the one with more outputs, for they go four by four."""
    if vertical.outputs > horizontal.outputs:
        return vertical, horizontal
    return horizontal, vertical


def _depthwise_3x3(
    operator: Operator,
    graph: Subgraph,
    layer: WeightedLayer,
    table: ChannelTable,
    vertical: WindowAxis,
    horizontal: WindowAxis,
) -> KernelCall:
    along, across = _along_and_across(vertical, horizontal)
    batches, _, input_w, depth = layer.source.shape
    output_w = layer.output.shape[2]
    is_vertical = along is vertical
    # [height, width, channels] to [across, along, channels]
    filters = layer.values[0].transpose(1, 0, 2) if is_vertical else layer.values[0]
    row_words = 1 + 2 * along.stride * round_up(along.outputs, 4) // 4
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_depthwise_3x3",
        header="i8_depthwise_3x3.h",
        struct="i8_depthwise_3x3",
        fields={
            **output_fields(table),
            "batches": batches,
            "depth": depth,
            "input_along": along.length,
            "input_across": across.length,
            "output_along": along.outputs,
            "output_across": across.outputs,
            "input_step": depth * (input_w if is_vertical else 1),
            "input_line": depth * (1 if is_vertical else input_w),
            "output_step": depth * (output_w if is_vertical else 1),
            "output_line": depth * (1 if is_vertical else output_w),
            "stride_along": along.stride,
            "stride_across": across.stride,
            "pad_along": along.before,
            "pad_across": across.before,
            "row_words": row_words,
            "input_zero_point": quantisation_of(operator, graph, layer.source).zero_point,
        },
        constants=constants(pack_three_taps(filters), table.words),
        inputs=(layer.source.index,),
        outputs=(layer.output.index,),
        scratch_bytes=4 * (12 * row_words + 40),
        macs=count_macs(graph, operator) or 0,
    )
