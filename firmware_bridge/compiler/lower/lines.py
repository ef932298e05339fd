"""Layers each of whose output channels reads one input channel: onto i8_depthwise_lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.packing import ROWS, pack_taps, round_up
from firmware_bridge.compiler.lower.weighted import WeightedLayer, constants, output_fields
from firmware_bridge.compiler.operands import quantisation_of
from firmware_bridge.compiler.requantisation import ChannelTable
from quantize.tflite.macs import count_macs
from quantize.tflite.window import WindowAxis

Axes = tuple[WindowAxis, WindowAxis]
"""How a filter moves over height and width."""
_WORDS_BY_2 = (2, 3, 4, 5)
"""Words of taps that the kernel has loops for by stride 2."""
_FOUR_BY_3X3 = {1: 68, 2: 76}
"""Instructions of four outputs by the loops for 3 x 3 taps, by stride."""
_SHARED_BLOCK = 8
"""Channels that are computed at a time where they share their inputs."""
_MOST_KEPT = 1792
"""Bytes that the lines of four channels may take for more of them to be kept than must be."""


def lines_call(
    layer: WeightedLayer,
    filters: NDArray[np.int8],
    table: ChannelTable,
    axes: Axes,
) -> KernelCall:
    """Return the call of i8_depthwise_lines.

    Parameters
    ----------
    layer, table
        The layer; as many output channels for each input channel.
    filters
        ``[filter_h, filter_w, output channels]``.
    axes
        How the filter moves over height and width.
    """
    along, across = along_and_across(*axes)
    batches, _, input_w, input_c = layer.source.shape
    _, _, output_w, depth = layer.target.shape
    is_vertical = along is axes[0]
    if is_vertical:
        filters = filters.transpose(1, 0, 2)
    block = _SHARED_BLOCK if input_c == 1 else ROWS
    multiplier = 1 if input_c == 1 else depth // input_c
    words = table.words
    if multiplier > 1:
        order = _by_blocks(input_c, multiplier)
        filters, words = filters[:, :, order], words[order]
    room = _Room.of(along, across, planes=1 if input_c == 1 else ROWS, block=block)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_depthwise_lines",
        header="i8_depthwise_lines.h",
        struct="i8_depthwise_lines",
        fields={
            **output_fields(table),
            "batches": batches,
            "depth": depth,
            "multiplier": multiplier,
            "is_shared": int(input_c == 1),
            "input_along": along.length,
            "input_across": across.length,
            "output_along": along.outputs,
            "output_across": across.outputs,
            "input_step": input_c * (input_w if is_vertical else 1),
            "input_line": input_c * (1 if is_vertical else input_w),
            "output_step": depth * (output_w if is_vertical else 1),
            "output_line": depth * (1 if is_vertical else output_w),
            "lines": across.taps,
            "stride_along": along.stride,
            "stride_across": across.stride,
            "pad_along": along.before,
            "pad_across": across.before,
            "tap_bytes": room.tap_bytes,
            "tap_words": room.tap_words,
            "tap_pairs": room.tap_pairs,
            "row_words": room.row_words,
            "kept": room.kept,
            "input_zero_point": quantisation_of(layer, layer.source).zero_point,
        },
        constants=constants(pack_taps(filters, room.tap_bytes, block), words),
        inputs=(layer.source.index,),
        outputs=(layer.target.index,),
        scratch_bytes=room.scratch_bytes,
        macs=count_macs(layer) or 0,
        input_after=None if is_vertical else _input_after(layer, along, across, room),
    )


def _by_blocks(inputs: int, multiplier: int) -> NDArray[np.intp]:
    """Return which output channel stands where, as i8_depthwise_lines.h says.

    What stands past the last channel is computed by nobody.
    """
    channels = np.minimum(np.arange(round_up(inputs, ROWS)), inputs - 1).reshape(-1, 1, ROWS)
    each = np.arange(multiplier).reshape(1, -1, 1)
    return (channels * multiplier + each).reshape(-1)


def _input_after(
    layer: WeightedLayer, along: WindowAxis, across: WindowAxis, room: _Room
) -> int | None:
    """Return how far behind the output's first byte the input's may lie, within the output.

    Of a layer that reads each line once, and before it writes any line of outputs for which that
    is the last line that the filter covers: one image whose only channel all outputs share.
    """
    batches, input_c = layer.source.shape[0], layer.source.shape[3]
    depth = layer.target.shape[3]
    if batches != 1 or input_c != 1 or not (depth <= _SHARED_BLOCK or room.keeps_all):
        return None
    written, read = along.outputs * depth, along.length
    behind = 0
    for line in range(across.outputs):
        unread = line * across.stride + across.taps - across.before
        if unread < across.length:
            behind = max(behind, (line + 1) * written - unread * read)
    return behind


@dataclass(frozen=True, slots=True)
class _Room:
    """What i8_depthwise_lines.h keeps of lines, of inputs and of taps."""

    tap_bytes: int
    tap_words: int
    tap_pairs: int
    row_words: int
    kept: int
    keeps_all: bool
    scratch_bytes: int

    @classmethod
    def of(cls, along: WindowAxis, across: WindowAxis, *, planes: int, block: int) -> _Room:
        """Keep all lines where they take little memory, else as many as the filter covers."""
        odd = along.stride % 2
        tap_words = (along.taps + 1 + odd) // 2
        tap_pairs = int(along.stride != 2 or tap_words not in _WORDS_BY_2)
        groups = round_up(along.outputs, 4) // 4
        row_words = 2 * along.stride * (groups - 1) + 3 * along.stride // 2 + tap_words
        row_words = max(row_words, (along.before + 1) // 2)
        kept = _kept(across, 4 * planes * row_words, is_shared=planes == 1)
        keeps_all = kept == _lines_of(across, across.outputs)
        turns = kept == across.taps and across.outputs > 1
        taps = (2 * across.taps - 1 if turns else across.taps) * tap_words * (1 + tap_pairs)
        words = planes * kept * row_words + block * taps
        tap_bytes = 4 * ((tap_words + 1) // 2)
        return cls(tap_bytes, tap_words, tap_pairs, row_words, kept, keeps_all, 4 * words)


def _lines_of(across: WindowAxis, outputs: int) -> int:
    """Return how many lines of the image so many lines of outputs meet, borders included."""
    return (outputs - 1) * across.stride + across.taps


def _kept(across: WindowAxis, line_bytes: int, *, is_shared: bool) -> int:
    """Return how many lines of the image to keep: more than must be, where they take little memory.

    Where some lines of outputs are computed at a time, the lines that they and the next ones meet
    are read twice: these are a third of them at most. Lines that channels share are read once.
    """
    outputs = max(1, 1 + (_MOST_KEPT // line_bytes - across.taps) // across.stride)
    if outputs >= across.outputs:
        return _lines_of(across, across.outputs)
    again = max(0, across.taps - across.stride)
    pays = outputs > 1 and 3 * again <= outputs * across.stride and not is_shared
    return _lines_of(across, outputs) if pays else across.taps


def instructions_by_lines(axes: Axes) -> float:
    """Return about what an output takes: four at a time, plus some for each word of taps."""
    along, across = along_and_across(*axes)
    four = instructions_of_four(along, across)
    return four * round_up(along.outputs, 4) / 4 / along.outputs


def instructions_of_four(along: WindowAxis, across: WindowAxis) -> float:
    """Return about what four outputs take that follow each other.

    With more words than four, taps would take more memory than columns: no loop by stride 2 counts.
    """
    words = (along.taps + 1 + along.stride % 2) // 2
    each = {1: 4 + 8 * words, 2: 8 + 6 * (words - 1) if 2 <= words <= 4 else 14 * words}
    four = 40 + across.taps * each.get(along.stride, 14 * words)
    if along.taps == across.taps == 3:
        four = _FOUR_BY_3X3.get(along.stride, four)
    return four


def along_and_across(vertical: WindowAxis, horizontal: WindowAxis) -> tuple[WindowAxis, WindowAxis]:
    """Return the axis that lines run along: the one with more outputs, for they go four by four.

    Where both have as many, the one with more taps, which are multiplied in pairs.
    """
    if (vertical.outputs, vertical.taps) > (horizontal.outputs, horizontal.taps):
        return vertical, horizontal
    return horizontal, vertical
