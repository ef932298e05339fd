"""DEPTHWISE_CONV_2D: onto i8_depthwise_conv_2d; i8_conv_2d where the input has one channel."""

from __future__ import annotations

from firmware_bridge.compiler.lower_conv import convolution_call
from firmware_bridge.compiler.operands import options_of, quantisation_of
from firmware_bridge.compiler.packing import pack_channel_blocks
from firmware_bridge.compiler.records import KernelCall
from firmware_bridge.compiler.requantisation import channel_table, weight_scales
from firmware_bridge.compiler.weighted import (
    constants,
    convolution_multipliers,
    output_fields,
    weighted_layer,
    window_axes,
    window_fields,
)
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import DepthwiseConv2DOptions


def lower_depthwise_conv_2d(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower DEPTHWISE_CONV_2D with constant int8 filters, per tensor or per channel.

    Raises
    ------
    BadInput
        When the layer is not one that TFLite-Micro defines.
    """
    layer = weighted_layer(operator, graph)
    options = options_of(operator, graph, DepthwiseConv2DOptions)
    vertical, horizontal = window_axes(operator, graph, layer, options)
    scales = weight_scales(operator, graph, layer.weights, 3)
    taps = layer.values.reshape(-1, layer.values.shape[3])
    multipliers = convolution_multipliers(operator, graph, layer, scales)
    table = channel_table(operator, graph, taps.T, multipliers, options.activation)
    zero_point = quantisation_of(operator, graph, layer.source).zero_point
    fields = window_fields(layer, vertical, horizontal, zero_point)
    if layer.source.shape[3] == 1:
        # Every output channel reads the one input channel, as in an ordinary convolution.
        return convolution_call(operator, graph, layer, taps.T, table, fields, gathers=True)
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
