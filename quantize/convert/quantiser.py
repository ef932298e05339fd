"""TensorFlow's step from a calibrated graph to an int8 one, where it has no setting for a change.

Between calibration and quantisation its converter hands on a file that holds the least and the
greatest value of each tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Range = tuple[float, float]
"""Real values: the least, and the greatest."""
Quantise = Callable[..., Any]
"""Takes a calibrated graph, bytes, and more options than the converter's; gives the int8 one."""


@contextmanager
def changed_quantiser(step: Callable[[Quantise, bytes], Any]) -> Iterator[None]:
    """Let the converter take another step, in this process.

    Parameters
    ----------
    step
        Takes the step as it was and the calibrated graph; gives the int8 one.
    """
    from tensorflow.lite.python import lite

    before = lite._mlir_quantize

    def instead(calibrated: bytes, *arguments: Any, **options: Any) -> Any:
        def quantise(graph: bytes, **more: Any) -> Any:
            return before(graph, *arguments, **options, **more)

        return step(quantise, bytes(calibrated))

    lite._mlir_quantize = instead
    try:
        yield
    finally:
        lite._mlir_quantize = before


def with_ranges(calibrated: bytes, range_of: Callable[[int, Any], Range | None]) -> bytes:
    """Return a calibrated graph with other ranges.

    Parameters
    ----------
    calibrated
        The graph.
    range_of
        Takes a tensor's index and the tensor, which has a range or room for one; gives another
        range, or `None` where it stays.
    """
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(calibrated))
    for index, tensor in enumerate(model.subgraphs[0].tensors):
        found = None if tensor.quantization is None else range_of(index, tensor)
        if found is not None:
            tensor.quantization.min, tensor.quantization.max = [found[0]], [found[1]]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
