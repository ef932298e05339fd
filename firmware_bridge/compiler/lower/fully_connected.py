"""FULLY_CONNECTED: onto i8_fully_connected, or onto i8_conv_2d where there are several rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Field, KernelCall
from firmware_bridge.compiler.lower.columns import convolution_call
from firmware_bridge.compiler.lower.weighted import (
    WeightedLayer,
    convolution_multipliers,
    fully_connected_call,
    weighted_layer,
)
from firmware_bridge.compiler.operands import options_of, quantisation_of, refuse
from firmware_bridge.compiler.requantisation import channel_table, weight_scales
from quantize.tflite.model import Layer
from quantize.tflite.options import FullyConnectedOptions
from quantize.tflite.schema import DType


def lower_fully_connected(layer: Layer) -> KernelCall:
    """Lower FULLY_CONNECTED with constant weights: int8 per tensor or channel, int4 per tensor.

    Raises
    ------
    BadInput
        When the weights are shuffled, or the layer is not one that TFLite-Micro defines.
    """
    weighted = weighted_layer(layer)
    options = options_of(layer, FullyConnectedOptions)
    if options.weights_format != 0:
        refuse(layer, "its weights are shuffled")
    scales = weight_scales(layer, weighted.weights, 0)
    if _by_channel(weighted) and weighted.weights.dtype is DType.INT4:
        refuse(layer, "its int4 weights have a scale for each channel, and TFLite-Micro takes one")
    multipliers = _multipliers(weighted, scales)
    table = channel_table(layer, weighted.values, multipliers, options.activation)
    outputs, inputs = weighted.values.shape
    rows = weighted.source.elements // inputs
    if rows == 1:
        return fully_connected_call(weighted, table)
    fields = _rows_as_pixels(rows, inputs, outputs)
    filters = weighted.values.reshape(outputs, 1, inputs)
    return convolution_call(weighted, filters, table, fields)


def _by_channel(layer: WeightedLayer) -> bool:
    quantisation = layer.weights.quantisation
    return quantisation is not None and quantisation.per_axis


def _multipliers(layer: WeightedLayer, scales: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the layer's multipliers, rounded where TFLite-Micro rounds them."""
    if layer.input(2) is not None or _by_channel(layer):
        return convolution_multipliers(layer, scales)
    source = quantisation_of(layer, layer.source).scale
    output = quantisation_of(layer, layer.target).scale
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
