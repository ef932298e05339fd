"""Depthwise layers of several channels: onto i8_depthwise_lines, or i8_depthwise_lanes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.lines import (
    Axes,
    along_and_across,
    instructions_of_four,
    lines_call,
)
from firmware_bridge.compiler.lower.packing import ROWS, round_up
from firmware_bridge.compiler.lower.weighted import WeightedLayer
from firmware_bridge.compiler.requantisation import ChannelTable, Rounding
from quantize.tflite.window import WindowAxis

_CHANNEL_WORDS = 4
"""Of a channel's row in the table of channels."""
_FOLLOWING_TAPS = 9
"""Taps of a pixel that the loop takes without a branch."""
_WORTH = 0.9
"""Instructions by lanes for those by lines from which on lanes are taken."""


def many_channels_call(
    layer: WeightedLayer,
    filters: NDArray[np.int8],
    table: ChannelTable,
    axes: Axes,
) -> KernelCall:
    """Return the call of a layer whose output channels do not share their inputs.

    Parameters
    ----------
    layer, table
        The layer; as many output channels for each input channel.
    filters
        ``[filter_h, filter_w, output channels]``.
    axes
        How the filter moves over height and width.
    """
    by_lines = lines_call(layer, filters, table, axes)
    inputs, outputs = layer.source.shape[3], layer.target.shape[3]
    along, across = along_and_across(*axes)
    few = inputs < ROWS
    is_copied = few or along.padded or across.padded
    keeps_all = by_lines.fields["kept"] == (across.outputs - 1) * across.stride + across.taps
    unzipped_for = outputs // inputs if keeps_all else 1
    lanes = _by_lanes(along, across, is_copied=is_copied) * round_up(inputs, ROWS) / inputs
    lines = _by_lines(along, across, few=few, unzipped_for=unzipped_for)
    if not _has_loop(table) or lanes > _WORTH * lines:
        return by_lines
    name = "i8_depthwise_lanes" if is_copied else "i8_depthwise_lanes_inside"
    return replace(
        by_lines,
        function=name,
        header="i8_depthwise_lanes.h",
        scratch_bytes=max(by_lines.scratch_bytes, _scratch(by_lines, is_copied=is_copied)),
    )


def _has_loop(table: ChannelTable) -> bool:
    """Whether the kernel makes outputs as the layer wants them."""
    clamps = table.minimum > -128 or table.maximum < 127
    return table.rounding is Rounding.HALVES_UP or (
        table.rounding is Rounding.HALVES_AWAY and not clamps
    )


def _scratch(call: KernelCall, *, is_copied: bool) -> int:
    """Return the bytes of a table, and of as many lines as the filter covers."""
    lines, taps, outputs, stride = (
        int(str(call.fields[name]))
        for name in ("lines", "tap_bytes", "output_along", "stride_along")
    )
    table = _CHANNEL_WORDS + 3 * lines * taps + 3 * ROWS
    copied = lines * ((outputs - 1) * stride + taps) if is_copied else 0
    return 4 * (table + copied)


def _met(axis: WindowAxis) -> int:
    """Return how many inputs outputs meet, borders included, about."""
    return (axis.outputs - 1) * min(axis.stride, axis.taps) + axis.taps


def _by_lanes(along: WindowAxis, across: WindowAxis, *, is_copied: bool) -> float:
    """Return about how many instructions a channel takes by lanes."""
    taps = along.taps * across.taps
    pixel = 29 + 8 * taps + 2 * -(-taps // _FOLLOWING_TAPS)
    four: float = 250 + 17 * across.taps * round_up(along.taps, 4)
    four += across.outputs * (12 + along.outputs * pixel)
    if is_copied:
        calls = across.outputs if across.stride > across.taps else 2
        four += 60 * calls + min(across.length, _met(across)) * (14 + 2.1 * along.length)
    return four / ROWS


def _by_lines(along: WindowAxis, across: WindowAxis, *, few: bool, unzipped_for: int) -> float:
    """Return about how many it takes by lines.

    `few` channels are unzipped slowly; once for so many outputs.
    """
    groups = round_up(along.outputs, 4) // 4
    computed = across.outputs * (20 + groups * instructions_of_four(along, across))
    unzipped = min(across.length, _met(across)) * (15 + (5.2 if few else 2.2) * along.length)
    has_loop = along.taps == across.taps == 3 and along.stride <= 2
    return (60 if has_loop else 150) + computed + unzipped / unzipped_for
