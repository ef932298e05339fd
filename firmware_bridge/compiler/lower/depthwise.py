"""DEPTHWISE_CONV_2D: onto i8_depthwise_lines, i8_depthwise_conv_2d for what that cannot do.

As an ordinary convolution where the input has one channel.
"""

from __future__ import annotations

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.lanes import many_channels_call
from firmware_bridge.compiler.lower.one_channel import one_channel_call
from firmware_bridge.compiler.lower.packing import pack_channel_blocks
from firmware_bridge.compiler.lower.weighted import (
    WeightedLayer,
    constants,
    convolution_multipliers,
    output_fields,
    weighted_layer,
    window_axes,
    window_fields,
)
from firmware_bridge.compiler.operands import options_of, quantisation_of, refuse
from firmware_bridge.compiler.requantisation import channel_table, weight_scales
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer
from quantize.tflite.options import DepthwiseConv2DOptions
from quantize.tflite.redundancy import depth_multiplier_problem
from quantize.tflite.window import WindowAxis


def lower_depthwise_conv_2d(layer: Layer) -> KernelCall:
    """Lower DEPTHWISE_CONV_2D with constant int8 or int4 filters, per tensor or per channel.

    Raises
    ------
    BadInput
        When the layer is not one that TFLite-Micro defines.
    """
    weighted = weighted_layer(layer)
    options = options_of(layer, DepthwiseConv2DOptions)
    if problem := depth_multiplier_problem(layer):
        refuse(layer, problem, hint="set the field to what the weights imply")
    vertical, horizontal = window_axes(weighted, options)
    scales = weight_scales(layer, weighted.weights, 3)
    taps = weighted.values.reshape(-1, weighted.values.shape[3])
    multipliers = convolution_multipliers(weighted, scales)
    table = channel_table(layer, taps.T, multipliers, options.activation)
    zero_point = quantisation_of(layer, weighted.source).zero_point
    if weighted.source.shape[3] == 1:
        # Every output channel reads the one input channel, as in an ordinary convolution.
        filters = weighted.values[0].transpose(2, 0, 1)
        return one_channel_call(weighted, filters, table, (vertical, horizontal))
    if _by_lines(weighted, vertical, horizontal):
        axes = (vertical, horizontal)
        return many_channels_call(weighted, weighted.values[0], table, axes)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_depthwise_conv_2d",
        header="i8_depthwise_conv_2d.h",
        struct="i8_depthwise_conv_2d",
        fields={
            **output_fields(table),
            **window_fields(weighted, vertical, horizontal, zero_point),
        },
        constants=constants(pack_channel_blocks(taps), table.words),
        inputs=(weighted.source.index,),
        outputs=(weighted.target.index,),
        scratch_bytes=len(taps) * weighted.source.shape[3],
        macs=count_macs(layer) or 0,
    )


def _by_lines(layer: WeightedLayer, vertical: WindowAxis, horizontal: WindowAxis) -> bool:
    """Whether i8_depthwise_lines runs the layer: not where four outputs would be one."""
    return (
        vertical.dilation == horizontal.dilation == 1
        and max(vertical.outputs, horizontal.outputs) > 1
    )
