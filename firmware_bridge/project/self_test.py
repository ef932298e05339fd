"""The input that the device makes for its self-test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SEED = 0x2545F491
_MASK = 0xFFFFFFFF


def self_test_input(count: int) -> NDArray[np.int8]:
    """Return `count` pseudo-random values: the high bytes of Marsaglia's xorshift32.

    The same as dev_self_test.c makes on the device.
    """
    values = np.empty(count, np.uint8)
    state = _SEED
    for i in range(count):
        state ^= state << 13 & _MASK
        state ^= state >> 17
        state ^= state << 5 & _MASK
        values[i] = state >> 24
    return values.view(np.int8)
