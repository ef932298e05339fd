"""A process that has done its work ends at once."""

from __future__ import annotations

import atexit
import gc


def end_without_collecting() -> None:
    """Have this process end without looking for garbage.

    The interpreter would go through every object of every library once more before it ends: with
    PyTorch or TensorFlow loaded that is most of a second, and clears nothing away that does not go
    with the process.
    """
    atexit.register(gc.freeze)
