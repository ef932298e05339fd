"""FULLY_CONNECTED: onto i8_fully_connected, or onto i8_conv_2d where there are several rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.lower_columns import convolution_call
from firmware_bridge.compiler.operands import options_of, quantisation_of, refuse
from firmware_bridge.compiler.records import Field, KernelCall
from firmware_bridge.compiler.requantisation import channel_table, weight_scales
from firmware_bridge.compiler.weighted import (
    WeightedLayer,
    convolution_multipliers,
    fully_connected_call,
    weighted_layer,
)
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import FullyConnectedOptions


def lower_fully_connected(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower FULLY_CONNECTED with constant int8 weights, per tensor or per channel.

    Raises
    ------
    BadInput
        When the weights are shuffled, or the layer is not one that TFLite-Micro defines.
    """
    layer = weighted_layer(operator, graph)
    options = options_of(operator, graph, FullyConnectedOptions)
    if options.weights_format != 0:
        refuse(operator, graph, "its weights are shuffled")
    scales = weight_scales(operator, graph, layer.weights, 0)
    multipliers = _multipliers(operator, graph, layer, scales)
    table = channel_table(operator, graph, layer.values, multipliers, options.activation)
    outputs, inputs = layer.values.shape
    rows = layer.source.elements // inputs
    if rows == 1:
        return fully_connected_call(operator, graph, layer, table)
    fields = _rows_as_pixels(rows, inputs, outputs)
    filters = layer.values.reshape(outputs, 1, inputs)
    return convolution_call(operator, graph, layer, filters, table, fields)


def _multipliers(
    operator: Operator, graph: Subgraph, layer: WeightedLayer, scales: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the layer's multipliers, rounded where TFLite-Micro rounds them."""
    has_bias = len(operator.inputs) > 2 and operator.inputs[2] >= 0
    quantisation = layer.weights.quantisation
    if has_bias or (quantisation is not None and quantisation.per_axis):
        return convolution_multipliers(operator, graph, layer, scales)
    source = quantisation_of(operator, graph, layer.source).scale
    output = quantisation_of(operator, graph, layer.output).scale
    # Without a bias the two scales are multiplied in single precision.
    product: NDArray[np.float32] = np.float32(source) * scales
    return product.astype(np.float64) / output


def _rows_as_pixels(rows: int, inputs: int, outputs: int) -> dict[str, Field]:
    """Return the window of a 1x1 filter over an image of one line."""
    ones = ("batches", "input_h", "filter_h", "filter_w", "output_h", "stride_h", "stride_w")
    return {
        **dict.fromkeys((*ones, "dilation_h", "dilation_w"), 1),
        **dict.fromkeys(("pad_top", "pad_left", "input_zero_point"), 0),
        "input_w": rows,
        "input_c": inputs,
        "output_w": rows,
        "output_c": outputs,
    }
