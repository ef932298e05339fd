"""Weights in the order in which the kernels read them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GROUP = 4
"""Inputs of one 32-bit word."""
ROWS = 4
"""Rows that i8_fully_connected takes at a time, and channels of a depthwise block."""
ROW_MULTIPLE = 8
"""Weights that the loop of i8_conv_2d takes at a time."""


def round_up(value: int, multiple: int) -> int:
    """Return the smallest multiple of `multiple` that is not below `value`."""
    return -(-value // multiple) * multiple


def pack_rows(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return ``[channels, depth]`` with zeros up to a multiple of 8 weights a channel, flat."""
    channels, depth = weights.shape
    packed = np.zeros((channels, round_up(depth, ROW_MULTIPLE)), np.int8)
    packed[:, :depth] = weights
    return packed.reshape(-1)


def can_join(weights: NDArray[np.int8]) -> bool:
    """Whether packed weights, flat, may be joined in pairs, see i8_dot.h."""
    pairs = weights.reshape(-1, 2)
    return not np.any((pairs[:, 0] < 0) & (pairs[:, 1] == -128))


def join_pairs(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return packed weights, flat, as the bytes of int16 numbers 256 * odd + even."""
    joined = weights.copy()
    joined[1::2] -= weights[::2] < 0
    return joined


def joined_constant(weights: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return what joined sums have too much, of each channel's weights, ``[channels, even]``."""
    wide = weights.astype(np.int64)
    too_much: NDArray[np.int64] = 32768 * wide[:, 1::2].sum(axis=1) + 255 * wide[:, ::2].sum(axis=1)
    return too_much


def pack_lines(weights: NDArray[np.int8], multiple: int) -> NDArray[np.int8]:
    """Return ``[channels, lines, taps]`` with zeros after each line's taps, ``[channels, all]``."""
    channels, lines, taps = weights.shape
    packed = np.zeros((channels, lines, round_up(taps, multiple)), np.int8)
    packed[:, :, :taps] = weights
    return packed.reshape(channels, -1)


def pack_rows_of_four(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return ``[outputs, inputs]`` as ``[blocks, groups, 4 outputs, 4 inputs]``, flat.

    Zeros stand past the last output and the last input.
    """
    outputs, inputs = weights.shape
    packed = np.zeros((round_up(outputs, ROWS), round_up(inputs, GROUP)), np.int8)
    packed[:outputs, :inputs] = weights
    blocks = packed.reshape(-1, ROWS, packed.shape[1] // GROUP, GROUP)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(-1)


def pack_channel_blocks(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return ``[taps, channels]`` as ``[blocks, taps, 4 channels]``, flat.

    Zeros stand past the last channel.
    """
    taps, channels = weights.shape
    packed = np.zeros((taps, round_up(channels, ROWS)), np.int8)
    packed[:, :channels] = weights
    blocks = packed.reshape(taps, -1, ROWS)
    return np.ascontiguousarray(blocks.transpose(1, 0, 2)).reshape(-1)


def pack_taps(weights: NDArray[np.int8], line_bytes: int, block: int) -> NDArray[np.int8]:
    """Return ``[lines, taps along, channels]`` as ``[channels, lines, line_bytes]``, flat.

    Zeros stand past the last tap, and past the last channel up to a multiple of `block`.
    """
    lines, taps, channels = weights.shape
    packed = np.zeros((round_up(channels, block), lines, line_bytes), np.int8)
    packed[:channels, :, :taps] = weights.transpose(2, 0, 1)
    return packed.reshape(-1)


def pad_channels(words: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return a channel table with rows of zeros up to a multiple of four channels, flat."""
    padded = np.zeros((round_up(len(words), ROWS), words.shape[1]), np.int32)
    padded[: len(words)] = words
    return padded.reshape(-1)
