"""What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.operands import (
    check_dtype,
    computed_input,
    input_tensor,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.packing import GROUP, pack_rows_of_four, pad_channels, round_up
from firmware_bridge.compiler.records import Constant, Field, KernelCall
from firmware_bridge.compiler.requantisation import ChannelTable
from firmware_bridge.compiler.window import WindowAxis
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Operator, Subgraph, Tensor
from quantize.tflite.options import Conv2DOptions, DepthwiseConv2DOptions
from quantize.tflite.schema import DType


@dataclass(frozen=True, slots=True, eq=False)
class WeightedLayer:
    """The tensors of a layer with constant weights, checked.

    Parameters
    ----------
    source, weights, output
        Its tensors.
    values
        The weights, int8 in the shape that the file has.
    """

    source: Tensor
    weights: Tensor
    output: Tensor
    values: NDArray[np.int8]


def weighted_layer(operator: Operator, graph: Subgraph) -> WeightedLayer:
    """Return a layer's tensors.

    Raises
    ------
    BadInput
        When input or output is not int8 and computed, or the weights are not constant int8.
    """
    weights = input_tensor(operator, graph, 1)
    check_dtype(operator, graph, weights, "its weights", DType.INT8)
    if weights.data is None:
        refuse(operator, graph, "its weights are not constant")
    return WeightedLayer(
        source=computed_input(operator, graph),
        weights=weights,
        output=output_tensor(operator, graph),
        values=np.asarray(weights.data, np.int8),
    )


def convolution_multipliers(
    operator: Operator, graph: Subgraph, layer: WeightedLayer, scales: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return input scale times weight scale over output scale, in double precision throughout."""
    source = quantisation_of(operator, graph, layer.source).scale
    output = quantisation_of(operator, graph, layer.output).scale
    return source * scales.astype(np.float64) / output


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
    operator: Operator,
    graph: Subgraph,
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
    if layer.output.shape[:3] != expected:
        refuse(
            operator,
            graph,
            f"its output is {list(layer.output.shape)}, where batch, height and width follow "
            f"to be {list(expected)}",
        )
    return vertical, horizontal


def window_fields(
    layer: WeightedLayer, vertical: WindowAxis, horizontal: WindowAxis, zero_point: int
) -> dict[str, Field]:
    """Return the fields of a layer whose filter moves over height and width."""
    batches, input_h, input_w, input_c = layer.source.shape
    _, output_h, output_w, output_c = layer.output.shape
    return {
        "batches": batches,
        "input_h": input_h,
        "input_w": input_w,
        "input_c": input_c,
        "filter_h": vertical.taps,
        "filter_w": horizontal.taps,
        "output_h": output_h,
        "output_w": output_w,
        "output_c": output_c,
        "stride_h": vertical.stride,
        "stride_w": horizontal.stride,
        "dilation_h": vertical.dilation,
        "dilation_w": horizontal.dilation,
        "pad_top": vertical.before,
        "pad_left": horizontal.before,
        "input_zero_point": zero_point,
    }


def fully_connected_call(
    operator: Operator,
    graph: Subgraph,
    layer: WeightedLayer,
    table: ChannelTable,
) -> KernelCall:
    """Return the call that multiplies one vector by a matrix of ``[outputs, inputs]``."""
    matrix = layer.values.reshape(len(table.words), -1)
    outputs, inputs = matrix.shape
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_fully_connected",
        header="i8_fully_connected.h",
        struct="i8_fully_connected",
        fields={
            **output_fields(table),
            "inputs": inputs,
            "outputs": outputs,
        },
        constants=constants(pack_rows_of_four(matrix), pad_channels(table.words)),
        inputs=(layer.source.index,),
        outputs=(layer.output.index,),
        scratch_bytes=2 * round_up(inputs, GROUP),
        macs=count_macs(graph, operator) or 0,
    )
