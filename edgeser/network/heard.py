"""What a branch of the network makes of features."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Heard(NamedTuple):
    """What a branch makes of features.

    Parameters
    ----------
    pooled
        Pooled maps, [b, width, 1, 1] each.
    maps
        What they were pooled from, [b, width, t, f].
    """

    pooled: list[Tensor]
    maps: Tensor
