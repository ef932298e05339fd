"""TRANSPOSE_CONV onto i8_transpose_conv."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.weighted import (
    convolution_multipliers,
    output_fields,
    weighted_layer,
)
from firmware_bridge.compiler.operands import (
    check_dtype,
    constant_integers,
    input_tensor,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.requantisation import channel_table, weight_scales
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import TransposeConvOptions
from quantize.tflite.schema import DType
from quantize.tflite.window import WindowAxis

_INPUTS = (2, 1, 3)
"""Where the input, the filters and the bias are, which other layers have in this order."""


def lower_transpose_conv(layer: Layer) -> KernelCall:
    """Lower TRANSPOSE_CONV with constant int8 filters, per tensor or per channel.

    Raises
    ------
    BadInput
        When the output's size is only known at run time, or does not fit, or the layer is not one
        that TFLite-Micro defines.
    """
    options = options_of(layer, TransposeConvOptions)
    check_dtype(layer, input_tensor(layer, 1), "its weights", DType.INT8)
    given = [layer.operator.inputs[at] for at in _INPUTS if at < len(layer.operator.inputs)]
    ordered = replace(layer.operator, inputs=tuple(given))
    weighted = weighted_layer(Layer(layer.graph, ordered))
    _check_size(layer, weighted.source)
    scales = weight_scales(layer, weighted.weights, 0)
    matrix = weighted.values.reshape(len(weighted.values), -1)
    multipliers = convolution_multipliers(weighted, scales)
    table = channel_table(weighted, matrix, multipliers, options.activation)
    zero_point = quantisation_of(layer, weighted.source).zero_point
    channels, filter_h, filter_w, depth = weighted.values.shape
    batches, input_h, input_w, _ = weighted.source.shape
    _, output_h, output_w, _ = weighted.target.shape
    # As of the convolution that takes the output back to the input.
    vertical = WindowAxis(output_h, filter_h, options.stride_h, 1, options.padding)
    horizontal = WindowAxis(output_w, filter_w, options.stride_w, 1, options.padding)
    by_tap = np.ascontiguousarray(weighted.values.transpose(1, 2, 0, 3))
    corrections = by_tap.astype(np.int64).sum(axis=3) * -zero_point
    fields: dict[str, Field] = {
        **output_fields(table),
        "corrections": "corrections",
        "batches": batches,
        "input_h": input_h,
        "input_w": input_w,
        "input_c": depth,
        "filter_h": filter_h,
        "filter_w": filter_w,
        "output_h": output_h,
        "output_w": output_w,
        "output_c": channels,
        "stride_h": options.stride_h,
        "stride_w": options.stride_w,
        "pad_top": vertical.before,
        "pad_left": horizontal.before,
    }
    words = _without_zero_point(table.words, corrections)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_transpose_conv",
        header="i8_transpose_conv.h",
        struct="i8_transpose_conv",
        fields=fields,
        constants=(
            Constant("weights", by_tap.reshape(-1)),
            Constant("corrections", corrections.astype(np.int32).reshape(-1)),
            Constant("channels", words.reshape(-1)),
        ),
        inputs=(weighted.source.index,),
        outputs=(weighted.target.index,),
        scratch_bytes=4 * channels,
        macs=count_macs(layer) or 0,
    )


def _check_size(layer: Layer, source: Tensor) -> None:
    wanted = tuple(constant_integers(layer, 0).tolist())
    output = output_tensor(layer).shape
    if wanted != output or output[0] != source.shape[0]:
        refuse(layer, f"its output is {list(output)}, where {list(wanted)} is asked for")


def _without_zero_point(
    words: NDArray[np.int32], corrections: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return a channel table whose biases are as in the model: not every tap meets an input."""
    biases = words[:, 0].astype(np.int64) - corrections.sum(axis=(0, 1))
    return np.column_stack([biases.astype(np.int32), words[:, 1:]])
