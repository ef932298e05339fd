"""Layers whose inputs are gathered into columns: onto i8_conv_2d."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Field, KernelCall
from firmware_bridge.compiler.lower.packing import (
    GROUP,
    ROW_MULTIPLE,
    pack_lines,
    pack_rows,
    round_up,
)
from firmware_bridge.compiler.lower.weighted import (
    WeightedLayer,
    constants,
    output_fields,
    packed_weights,
)
from firmware_bridge.compiler.requantisation import ChannelTable
from quantize.tflite.macs import count_macs

_COLUMN_BYTES = 8  # four pixels of int16, for each weight of a row


def convolution_call(
    layer: WeightedLayer,
    filters: NDArray[np.int8],
    table: ChannelTable,
    fields: dict[str, Field],
) -> KernelCall:
    """Return the call of i8_conv_2d.

    Parameters
    ----------
    layer, table
        The layer.
    filters
        ``[output channels, filter_h, filter_w * input_c]``.
    fields
        Its window, see `window_fields`.
    """
    fields = _as_one_line(layer, fields, filters.shape)
    channels, _, taps = filters.shape
    lines = pack_lines(filters, GROUP)
    matrix, packed = lines, packed_weights(lines, table, pack_rows)
    run_bytes = round_up(taps, GROUP)
    dilated = fields["dilation_w"] != 1
    if dilated or not packed.is_joined or _copying_pays(filters.shape, lines.shape[1]):
        matrix = filters.reshape(channels, -1)
        packed, run_bytes = packed_weights(matrix, table, pack_rows), 0
    row_bytes = round_up(matrix.shape[1], ROW_MULTIPLE)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_conv_2d",
        header="i8_conv_2d.h",
        struct="i8_conv_2d",
        fields={
            **output_fields(table),
            **fields,
            "row_bytes": row_bytes,
            "run_bytes": run_bytes,
            "is_joined": int(packed.is_joined),
        },
        constants=constants(packed.weights, packed.channels),
        inputs=(layer.source.index,),
        outputs=(layer.target.index,),
        scratch_bytes=row_bytes * _COLUMN_BYTES + (run_bytes or row_bytes),
        macs=count_macs(layer) or 0,
    )


def _as_one_line(
    layer: WeightedLayer, fields: dict[str, Field], shape: tuple[int, ...]
) -> dict[str, Field]:
    """See the images of a filter of one pixel, by stride 1, as one line of pixels."""
    one_pixel = shape[1] == fields["filter_w"] == 1
    if not (one_pixel and fields["stride_h"] == fields["stride_w"] == 1):
        return fields
    pixels = layer.source.elements // layer.source.shape[-1]
    ones = dict.fromkeys(("batches", "input_h", "output_h", "dilation_h", "dilation_w"), 1)
    return {**fields, **ones, "input_w": pixels, "output_w": pixels}


def instructions_of_output(shape: tuple[int, ...]) -> float:
    """Return about what an output takes, by filters ``[channels, lines, taps]``.

    3 for each word of weights and 9 besides. To widen its inputs, which all channels share, takes 6
    for each word and 15 for each line.
    """
    channels, lines, taps = shape
    words = lines * round_up(taps, GROUP) // GROUP
    rounded = round_up(words * GROUP, ROW_MULTIPLE) // GROUP
    return 3 * rounded + 9 + (6 * words + 15 * lines) / channels


def _copying_pays(shape: tuple[int, ...], line_bytes: int) -> bool:
    """Whether to copy patches, rather than multiply by the zeros that fill up their lines.

    Instructions of a pixel, about: for each word of inputs 8 to widen them and 3 for each output;
    to copy, 20 for each line and 4 for each word.
    """
    channels, lines, taps = shape
    words = round_up(lines * taps, ROW_MULTIPLE) // GROUP
    wasted = round_up(line_bytes, ROW_MULTIPLE) // GROUP - words
    return wasted * (8 + 3 * channels) > lines * (20 + taps)
