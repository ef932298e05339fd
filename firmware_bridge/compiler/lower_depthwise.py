"""DEPTHWISE_CONV_2D: onto i8_depthwise_lines, i8_depthwise_conv_2d for what that cannot do.

As an ordinary convolution where the input has one channel.
"""

from __future__ import annotations

from firmware_bridge.compiler.lower_lines import lines_call
from firmware_bridge.compiler.lower_one_channel import one_channel_call
from firmware_bridge.compiler.operands import options_of, quantisation_of, refuse
from firmware_bridge.compiler.packing import pack_channel_blocks
from firmware_bridge.compiler.records import KernelCall
from firmware_bridge.compiler.requantisation import channel_table, weight_scales
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
    if layer.source.shape[3] == 1:
        # Every output channel reads the one input channel, as in an ordinary convolution.
        filters = layer.values[0].transpose(2, 0, 1)
        return one_channel_call(operator, graph, layer, filters, table, (vertical, horizontal))
    if _by_lines(layer, vertical, horizontal):
        axes = (vertical, horizontal)
        return lines_call(operator, graph, layer, layer.values[0], table, axes)
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_depthwise_conv_2d",
        header="i8_depthwise_conv_2d.h",
        struct="i8_depthwise_conv_2d",
        fields={
            **output_fields(table),
            **window_fields(layer, vertical, horizontal, zero_point),
        },
        constants=constants(pack_channel_blocks(taps), table.words),
        inputs=(layer.source.index,),
        outputs=(layer.output.index,),
        scratch_bytes=len(taps) * layer.source.shape[3],
        macs=count_macs(graph, operator) or 0,
    )


def _by_lines(layer: WeightedLayer, vertical: WindowAxis, horizontal: WindowAxis) -> bool:
    """Whether i8_depthwise_lines runs the layer: not where four outputs would be one."""
    return (
        vertical.dilation == horizontal.dilation == 1
        and max(vertical.outputs, horizontal.outputs) > 1
    )
