"""Ranges of activations as they are, in place of those that TensorFlow's calibrator notes.

The calibrator looks at what an operator takes once the operator has run. A sum or product that
stands where its input stood (TensorFlow Lite computes many in place) has then overwritten it, and
what it gave counts into its input's range: of ``mean * 24`` the mean gets a range of 24 times its
own, which costs 28 dB. Here the calibrated graph runs once more, with all tensors kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.engines import LiteRtEngine
from quantize.tflite import read_model
from quantize.tflite.schema import DType

Samples = Callable[[], Iterator[Sequence[NDArray[np.float32]]]]
"""Gives all inputs of each sample, in the graph's order."""


def first_alone(samples: Samples) -> Samples:
    """Return the first sample, which is all that the calibrator is given."""
    return lambda: islice(samples(), 1)


@contextmanager
def measured_on(samples: Samples) -> Iterator[None]:
    """Let TensorFlow's converter quantise by the ranges that samples have, in this process.

    It has no setting for it; see `quantize.convert.kept_ranges.instead_of_measured`.
    """
    from tensorflow.lite.python import lite

    quantise = lite._mlir_quantize

    def with_ranges(calibrated: bytes, *arguments: Any, **options: Any) -> Any:
        return quantise(_measured(bytes(calibrated), samples), *arguments, **options)

    lite._mlir_quantize = with_ranges
    try:
        yield
    finally:
        lite._mlir_quantize = quantise


def _measured(calibrated: bytes, samples: Samples) -> bytes:
    """Return the graph with the least and the greatest value of each tensor."""
    from tensorflow.lite.tools import flatbuffer_utils

    ranges = tensor_ranges(calibrated, samples)
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(calibrated))
    for index, tensor in enumerate(model.subgraphs[0].tensors):
        found = tensor.quantization
        if index in ranges and found is not None and found.min is not None:
            low, high = ranges[index]
            found.min, found.max = [low], [high]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def tensor_ranges(float_tflite: bytes, samples: Samples) -> dict[int, tuple[float, float]]:
    """Return the least and the greatest value of each float tensor that is no constant.

    Parameters
    ----------
    float_tflite
        The graph.
    samples
        What it runs on.
    """
    graph = read_model(float_tflite, name="the calibrated graph").main
    made = [index for operator in graph.operators for index in operator.outputs]
    indices = [
        index
        for index in (*graph.inputs, *made)
        if graph.tensors[index].dtype is DType.FLOAT32 and 0 not in graph.tensors[index].shape
    ]
    engine = LiteRtEngine(float_tflite, Runtime.LITERT_BUILTIN, num_threads=1, preserve=True)
    lows = np.full(len(indices), np.inf, np.float32)
    highs = np.full(len(indices), -np.inf, np.float32)
    for sample in samples():
        for position, values in enumerate(sample):
            engine.set_input(position, values)
        engine.invoke()
        for place, index in enumerate(indices):
            values = engine.tensor(index)
            lows[place] = min(lows[place], values.min())
            highs[place] = max(highs[place], values.max())
    return {
        index: (float(low), float(high))
        for index, low, high in zip(indices, lows, highs, strict=True)
    }
